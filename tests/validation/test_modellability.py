"""Real prices counted by hand: how many, and how they lie."""

from __future__ import annotations

import pandas as pd
import pytest

from validation.internal_models import BASEL_2019_MODELS as RULE
from validation.modellability import real_prices

AS_OF = pd.Timestamp("2024-06-28")


def days(first: str, count: int, every: int) -> pd.DatetimeIndex:
    return pd.date_range(first, periods=count, freq=f"{every}D")


@pytest.mark.parametrize(
    ("dates", "observations", "fewest", "enough"),
    [
        (days("2023-06-29", 366, 1), 366, 90, True),
        (days("2023-06-29", 24, 15), 24, 5, True),  # every fifteenth day: 5 in the last ninety
        (days("2023-06-29", 23, 15), 23, 4, False),  # one short
        (days("2023-07-01", 30, 1), 30, 0, False),  # all in one month
        (days("2023-07-01", 100, 1), 100, 0, True),  # a hundred are enough however they lie
        (days("2023-07-01", 99, 1), 99, 0, False),
        (days("2022-06-29", 365, 1), 0, 0, False),  # of the year before
        (pd.DatetimeIndex([]), 0, 0, False),
    ],
)
def test_hand_counted(dates, observations, fewest, enough):
    found = real_prices(dates, AS_OF, rule=RULE)
    assert (found.observations, found.fewest, found.enough) == (observations, fewest, enough)


def test_a_gap_of_ninety_days_with_three_prices_fails_and_with_four_passes():
    dense = days("2023-06-29", 200, 1)
    tail = pd.DatetimeIndex(["2024-02-01", "2024-03-01", "2024-04-01", "2024-06-20"])
    few = real_prices(dense[::3].append(tail[[0, 1, 3]]), AS_OF, rule=RULE)
    assert few.observations < RULE.observations_alone
    assert not few.enough
    even = pd.date_range("2024-01-15", "2024-06-28", freq="20D")
    assert real_prices(dense[::3].append(even), AS_OF, rule=RULE).enough


def test_two_prices_of_one_day_are_one():
    twice = pd.DatetimeIndex(["2024-06-03 09:00", "2024-06-03 15:00"])
    assert real_prices(twice, AS_OF, rule=RULE).observations == 1
