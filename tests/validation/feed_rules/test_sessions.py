"""The 5% rule in integers, at every size of feed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.instruments import Instrument
from validation.feed_rules.feed import Feed
from validation.feed_rules.sessions import GAPS, LAST_GAP, MISSING, coverage, over_limit


def feed(given_closes: np.ndarray) -> Feed:
    dates = pd.bdate_range("2010-01-04", periods=len(given_closes))
    about = Instrument("A", "equity", "USD", "price", "log")
    closes = np.where(given_closes, 100.0, np.nan)
    return Feed(about, dates, closes, np.full(len(dates), np.nan), dates[:0])


@given(expected=st.integers(1, 20_000), missing=st.integers(0, 20_000))
def test_rejected_if_and_only_if_more_than_a_twentieth_is_missing(
    expected: int, missing: int
) -> None:
    assert over_limit(missing, expected) == (Fraction(missing, expected) > Fraction(1, 20))


@pytest.mark.parametrize(("missing", "rule"), [(14, GAPS), (15, GAPS), (16, MISSING)])
def test_fifteen_of_three_hundred_pass_and_sixteen_do_not(missing: int, rule) -> None:
    there = np.ones(300, dtype=bool)
    there[10 : 10 + missing] = False
    (breach,) = coverage(feed(there))
    assert breach.rule is rule
    assert breach.count == missing


def test_the_gap_at_the_end_is_no_gap_to_fill() -> None:
    there = np.ones(300, dtype=bool)
    there[[50, 298, 299]] = False
    found = {breach.rule: breach.count for breach in coverage(feed(there))}
    assert found == {GAPS: 1, LAST_GAP: 2}
