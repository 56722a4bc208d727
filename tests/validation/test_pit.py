import numpy as np

from validation.pit import SMALLEST, clip_pit, unusable_pit


def test_an_outcome_never_seen_before_is_not_impossible():
    pit = np.array([0.0, 1e-9, 0.01, 0.5, 1.0])
    assert clip_pit(pit).tolist() == [SMALLEST, SMALLEST, 0.01, 0.5, 1 - SMALLEST]


def test_a_column_with_holes_is_counted():
    assert unusable_pit(np.array([0.1, np.nan, 0.3])) == "pit missing in 1 of 3 forecasts"
    assert unusable_pit(np.empty(0)) == "no forecasts"
    assert unusable_pit(np.array([0.0, 1.0])) is None
