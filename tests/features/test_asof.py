"""The as-of join against hand-dated instants and a naive search."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.asof import Timeline, in_order_of_arrival


def utc(*instants: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(instants, tz="UTC")


# New York went to summer time on 2020-03-08, Berlin on 2020-03-29: for three weeks they were five
# hours apart, not six. VIX closes, known half an hour after New York's 16:00.
VIX = Timeline(
    names=("vix",),
    values=np.array([[41.94], [54.46], [47.30], [57.08], [57.06]]),
    known_at=utc(
        "2020-03-06 21:30",  # Friday, 16:30 EST
        "2020-03-09 20:30",  # Monday, 16:30 EDT
        "2020-03-10 20:30",
        "2020-03-30 20:30",
        "2020-03-31 20:30",
    ),
)


@pytest.mark.parametrize(
    ("origin", "seen"),
    [
        ("2020-03-09 14:15", 41.94),  # FX fixing 14:15 CET plus an hour: still Friday's
        ("2020-03-09 21:00", 54.46),  # New York 16:00 EDT plus an hour: Monday's own
        ("2020-03-10 14:15", 54.46),
        ("2020-03-31 13:15", 57.08),  # Berlin in summer time: 14:15 CEST plus an hour
        ("2020-03-31 21:00", 57.06),
        ("2020-03-09 20:30", 54.46),  # at the very instant
        ("2020-03-09 20:29:59.999999999", 41.94),
        ("2020-03-06 14:15", np.nan),  # nothing known yet
        ("2020-03-20 20:30", 47.30),  # ten days old
        ("2020-03-20 20:31", np.nan),  # and a minute more
    ],
)
def test_an_origin_sees_only_what_was_known_by_then(origin: str, seen: float):
    np.testing.assert_array_equal(VIX.at(utc(origin)), [[seen]])


def test_of_rows_known_together_the_last_counts():
    weekend = Timeline(
        ("x",), np.array([[1.0], [2.0]]), utc("2024-01-08 12:00", "2024-01-08 12:00")
    )
    assert weekend.at(utc("2024-01-08 12:00"))[0, 0] == 2.0


def test_nothing_observed_is_not_known():
    empty = Timeline(("x", "y"), np.empty((0, 2)), utc())
    np.testing.assert_array_equal(empty.at(utc("2024-01-08")), [[np.nan, np.nan]])
    assert VIX.at(utc()).shape == (0, 1)


def test_a_straggler_does_not_rewrite_what_was_already_said():
    arrived = in_order_of_arrival(
        pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"]),
        np.array([1.0, 2.0, 3.0, np.nan, 5.0]),
        utc("2024-01-02 21:00", "2024-01-05 21:00", "2024-01-04 21:00", "2024-01-05 21:00", "NaT"),
    )
    # The 3rd came after the 4th; the 5th has no value, the 8th was never published.
    assert list(arrived.dates) == [pd.Timestamp("2024-01-02"), pd.Timestamp("2024-01-04")]
    np.testing.assert_array_equal(arrived.values, [1.0, 3.0])
    assert list(arrived.known_at) == list(utc("2024-01-02 21:00", "2024-01-04 21:00"))


@given(
    known=st.lists(st.integers(0, 60), max_size=12).map(sorted),
    origins=st.lists(st.integers(0, 80), max_size=12),
)
def test_the_join_is_a_search_through_all_that_is_known(known: list[int], origins: list[int]):
    start = pd.Timestamp("2024-01-01", tz="UTC")
    values = np.arange(float(len(known)))[:, None]
    instants = pd.DatetimeIndex([start + timedelta(hours=hour) for hour in known], tz="UTC")
    timeline = Timeline(("x",), values, instants, stale_after=timedelta(hours=9))
    moments = pd.DatetimeIndex([start + timedelta(hours=hour) for hour in origins], tz="UTC")
    expected: list[float] = []
    for origin in origins:
        past = [row for row, hour in enumerate(known) if hour <= origin]
        fresh = past and origin - known[past[-1]] <= 9
        expected.append(float(past[-1]) if fresh else np.nan)
    np.testing.assert_array_equal(timeline.at(moments)[:, 0], expected)
