"""An input beyond anything in training is counted, whatever the model makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from validation.input_domain import outside, training_box

NAMES = ("volatility", "spread")
SEEN = np.array([[0.1, 3.0], [0.3, 5.0], [np.nan, 4.0]])


def test_one_of_three_known_inputs_is_outside_by_hand() -> None:
    found = outside(training_box(NAMES, SEEN), np.array([[0.31, 5.0], [np.nan, 3.0]]))
    assert (found.share, found.known, found.features) == (pytest.approx(1 / 3), 3, ("volatility",))


def test_an_infinite_input_is_outside_and_an_unknown_one_is_nowhere() -> None:
    box = training_box(NAMES, SEEN)
    assert outside(box, np.array([[np.inf, 4.0]])).share == 0.5
    assert outside(box, np.full((1, 2), np.nan)).share is None


def test_a_feature_that_was_never_known_has_no_outside() -> None:
    box = training_box(NAMES, np.array([[np.nan, 1.0], [np.nan, 2.0]]))
    assert outside(box, np.array([[9.0, 1.5]])).known == 1


def test_the_central_part_cuts_as_much_off_at_either_end() -> None:
    ladder = np.arange(101.0)[:, None]
    box = training_box(["rate"], ladder, cover=0.9)
    assert (box.lower[0], box.upper[0]) == (pytest.approx(5.0), pytest.approx(95.0))
    assert outside(box, ladder).share == pytest.approx(10 / 101)


@given(arrays(float, (20, 3), elements=st.floats(-1e6, 1e6)))
def test_nothing_seen_in_training_is_outside(values: np.ndarray) -> None:
    assert outside(training_box("abc", values), values).share == 0.0


@pytest.mark.parametrize(
    ("names", "cover", "named"), [(("one",), 1.0, "2 for 1"), (NAMES, 0.0, "cover")]
)
def test_a_box_that_fits_no_panel_is_refused(
    names: tuple[str, ...], cover: float, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        training_box(names, SEEN, cover=cover)
