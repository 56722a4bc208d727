import numpy as np
import pytest

from models.scenarios.filling import filled_residuals
from models.scenarios.marginals import fit_marginals


@pytest.fixture
def late(generator):
    """Six assets moving together, the last of them listed only in the second half."""
    common = generator.standard_normal((4000, 1))
    whole = 0.8 * common + 0.6 * generator.standard_normal((4000, 6))
    holes = whole.copy()
    holes[:2000, 5] = np.nan
    return whole, holes


def test_what_was_known_is_unchanged_and_nothing_is_missing(late, generator):
    _, holes = late
    filled = filled_residuals(holes, fit_marginals(holes), generator=generator)
    known = np.isfinite(holes)
    np.testing.assert_array_equal(filled[known], holes[known])
    assert np.isfinite(filled).all()


def test_a_late_asset_moved_with_the_others_before_it_was_listed(late, generator):
    _, holes = late
    filled = filled_residuals(holes, fit_marginals(holes), generator=generator)
    early = np.corrcoef(filled[:2000], rowvar=False)[5, :5]
    assert early == pytest.approx(np.full(5, 0.64), abs=0.06)  # 0.8 times 0.8
    assert filled[:2000, 5].std() == pytest.approx(1.0, abs=0.06)


def test_a_complete_table_is_returned_as_it_is(late, generator):
    whole, _ = late
    assert filled_residuals(whole, fit_marginals(whole), generator=generator) is whole
