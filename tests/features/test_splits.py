import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.splits import Window, pooled_windows, refit_windows, serving_window

SESSIONS = pd.bdate_range("2010-01-04", "2016-06-30")
ROW = {session: row for row, session in enumerate(SESSIONS)}


def test_the_first_fit_sees_a_thousand_returns_and_serves_from_the_last_of_them():
    windows = refit_windows(1100)
    assert windows == (
        Window(fit_end=1000, start=999, stop=1062),
        Window(fit_end=1063, start=1062, stop=1100),
    )


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 120))
def test_every_origin_with_enough_past_is_served_once_by_a_fit_on_its_past(first, every, more):
    n = first + more
    windows = refit_windows(n, first=first, every=every)
    served = [row for window in windows for row in range(window.start, window.stop)]
    assert served == list(range(first - 1, n))
    for window in windows:
        assert window.fit_end <= window.start + 1  # an origin knows its own return, not the next
        assert window.stop - window.start <= every


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 60), st.integers(0, 60))
def test_more_days_change_no_earlier_fit(first, every, more, later):
    short = refit_windows(first + more, first=first, every=every)
    long = refit_windows(first + more + later, first=first, every=every)
    for before, after in zip(short, long, strict=False):
        assert (before.fit_end, before.start) == (after.fit_end, after.start)


@pytest.mark.parametrize(
    ("n", "first", "every", "message"),
    [
        (999, 1000, 63, "the first fit needs 1000"),
        (10, 0, 63, "at least 1"),
        (10, 5, 0, "at least 1"),
    ],
)
def test_windows_that_cannot_be_made_are_refused(n, first, every, message):
    with pytest.raises(ValueError, match=message):
        refit_windows(n, first=first, every=every)


@pytest.mark.parametrize("horizon", [1, 10])
def test_a_pooled_net_learns_from_targets_a_gap_before_what_it_is_judged_on(horizon):
    gap = horizon + 5
    windows = pooled_windows(SESSIONS, first_year=2012, horizon=horizon)
    assert [window.year for window in windows] == [2012, 2013, 2014, 2015, 2016]
    for window in windows:
        first_origin = min(day for day in SESSIONS if day.year == window.year)
        assert ROW[first_origin] - ROW[window.train_until] == gap


def test_a_later_day_moves_no_earlier_pooled_window():
    long = pooled_windows(SESSIONS, first_year=2012)
    short = pooled_windows(pd.DatetimeIndex(SESSIONS[:1350]), first_year=2012)
    assert short[:-1] == long[: len(short) - 1]
    assert short[-1].train_until == long[len(short) - 1].train_until


def test_a_year_without_past_or_without_sessions_is_refused():
    with pytest.raises(ValueError, match=r"first_year 2010 has 0 sessions"):
        pooled_windows(SESSIONS, first_year=2010)
    with pytest.raises(ValueError, match=r"Forecast from an earlier year"):
        pooled_windows(SESSIONS, first_year=2020)


def test_what_serves_from_today_on_learns_from_targets_six_sessions_old():
    window = serving_window(SESSIONS)
    assert window.year is None
    assert ROW[SESSIONS[-1]] - ROW[window.train_until] == 6
    later = serving_window(SESSIONS[:-10])
    assert later.train_until == SESSIONS[-17]


def test_a_past_too_short_serves_nobody():
    with pytest.raises(ValueError, match="dates has 59 sessions and needs 60"):
        serving_window(SESSIONS[:59])
