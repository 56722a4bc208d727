from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from validation.documents.intervals import binomial_interval, difference_interval, rate_text


def test_no_exceedance_in_250_still_allows_one_in_a_hundred():
    low, high = binomial_interval(0, 250)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 250))  # (1 - p)^250 = 2.5%


@given(n=st.integers(1, 300), data=st.data())
def test_at_its_ends_the_count_is_just_not_too_rare(n: int, data: st.DataObject):
    count = data.draw(st.integers(0, n))
    low, high = binomial_interval(count, n)
    assert low <= count / n <= high
    if count > 0:
        assert binom.sf(count - 1, n, low) == pytest.approx(0.025)
    if count < n:
        assert binom.cdf(count, n, high) == pytest.approx(0.025)


def test_more_exceedances_than_days_are_refused():
    with pytest.raises(ValueError, match=r"got 3 of 2"):
        binomial_interval(3, 2)


def test_a_difference_of_t_two_just_leaves_zero_out():
    low, high = difference_interval(-0.02, -2.0) or (0.0, 0.0)
    assert (low, high) == pytest.approx((-0.0395996, -0.0004004), abs=1e-7)
    assert difference_interval(-0.02, None) is None


def test_a_rate_is_printed_with_its_interval():
    assert rate_text({"exceedances": 0, "n": 250}) == "0.00% (0.00% to 1.46%)"
