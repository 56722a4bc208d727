"""Sessions and instants against hand counts and the published closures of exchanges."""

from dataclasses import replace
from datetime import date
from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.calendars import close_instants, expected_sessions, next_session
from features.instruments import Instrument

FUND = Instrument("FUND", "equity", "USD", "price", "log", "NYSE")
COIN = Instrument("COIN", "crypto", "USD", "price", "log", "24/7", "24:00", "UTC")
FIXING = Instrument("EURUSD", "fx", "USD", "fx", "log", "TARGET", "14:15", "Europe/Berlin")


def day(date: str) -> pd.Timestamp:
    return cast(pd.Timestamp, pd.Timestamp(date))


def listed(instrument: Instrument, first: str, last: str | None = None) -> Instrument:
    return replace(
        instrument, listed_from=day(first), listed_to=None if last is None else day(last)
    )


def sessions_of(instrument: Instrument, as_of: str, close: pd.DataFrame | None = None):
    close = pd.DataFrame(index=pd.DatetimeIndex([])) if close is None else close
    return expected_sessions({instrument.name: instrument}, close, day(as_of))[instrument.name]


def closes(table: dict[str, str], first: str = "2024-01-01") -> pd.DataFrame:
    """Closes drawn as text, one character a day: ``x`` is a close, ``.`` is none."""
    dates = pd.date_range(first, periods=len(next(iter(table.values()))))
    drawn = {name: [1.0 if mark == "x" else np.nan for mark in row] for name, row in table.items()}
    return pd.DataFrame(drawn, index=dates)


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [
        ("2001-09-01", "2001-09-30", 15),  # 20 weekdays, Labor Day, four days of closure
        ("2020-01-01", "2020-12-31", 253),
        ("2024-01-01", "2024-12-31", 252),
        ("2012-10-29", "2012-10-30", 0),  # hurricane Sandy
    ],
)
def test_new_york_is_expected_on_the_days_it_opened(first: str, last: str, count: int):
    assert len(sessions_of(listed(FUND, first), last)) == count
    assert len(sessions_of(replace(listed(FUND, first), calendar="XNYS"), last)) == count


def test_bitcoin_is_expected_every_day_and_makes_no_stock_late():
    close = closes({"FUND": "xxxx..x", "COIN": "xxxxxxx"}, "2024-01-02")  # Tuesday to Monday
    found = expected_sessions({"FUND": FUND, "COIN": COIN}, close, day("2024-01-08"))
    assert len(found["COIN"]) == 7
    assert list(found["FUND"]) == [*pd.bdate_range("2024-01-02", "2024-01-05"), day("2024-01-08")]


def test_an_unknown_calendar_expects_what_half_of_its_listed_series_have():
    close = closes({"A": "xxx.x", "B": "xx..x", "C": "x...x", "D": "x.x.."})
    group = {name: replace(FIXING, name=name) for name in close}
    found = expected_sessions(group, close, day("2024-01-05"))
    # Four of four, two of four (half is enough), two, none, three.
    assert [date.day for date in found["A"]] == [1, 2, 3, 5]
    assert all(dates.equals(found["A"]) for dates in found.values())


def test_only_series_listed_by_then_have_a_say():
    close = closes({"A": "x..x", "B": "xx..", "C": "...x", "D": "...x"})
    group = {name: replace(FIXING, name=name) for name in close}
    group["B"] = listed(group["B"], "2024-01-01", "2024-01-02")
    found = expected_sessions(group, close, day("2024-01-04"))
    # C and D list on the fourth; B leaves after the second, on which it is one of two.
    assert [date.day for date in found["A"]] == [1, 2, 4]
    assert [date.day for date in found["B"]] == [1, 2]
    assert [date.day for date in found["C"]] == [4]


@pytest.mark.parametrize("calendar", ["", "TARGET"])
def test_a_group_of_two_is_held_to_weekdays(calendar: str):
    close = closes({"A": "x.....x", "B": "x......"})
    group = {name: replace(FIXING, name=name, calendar=calendar) for name in close}
    found = expected_sessions(group, close, day("2024-01-09"))
    assert list(found["B"]) == list(pd.bdate_range("2024-01-01", "2024-01-09"))


def test_listed_life_bounds_what_is_expected():
    close = closes({"FUND": "..x.x"}, "2024-01-02")
    assert sessions_of(FUND, "2024-01-08", close)[0] == day("2024-01-04")  # first close
    assert sessions_of(listed(FUND, "2024-01-03"), "2024-01-08", close)[0] == day("2024-01-03")
    ended = listed(FUND, "2024-01-02", "2024-01-04")
    assert sessions_of(ended, "2024-01-08", close)[-1] == day("2024-01-04")
    assert sessions_of(ended, "2024-01-03", close)[-1] == day("2024-01-03")


def test_neither_listing_nor_close_means_nothing_is_expected():
    assert len(sessions_of(FUND, "2024-01-08")) == 0
    assert len(sessions_of(FUND, "2024-01-08", closes({"FUND": "..."}))) == 0


def test_years_the_library_does_not_cover_go_by_majority():
    close = closes({"A": "xx.", "B": "x..", "C": "x.."}, "1990-06-04")  # Tokyo starts in 1997
    group = {name: replace(FUND, name=name, calendar="XTKS") for name in close}
    found = expected_sessions(group, close, day("1997-01-08"))["A"]
    assert [str(date.date()) for date in found] == [
        *("1990-06-04", "1997-01-06", "1997-01-07", "1997-01-08")
    ]


@pytest.mark.parametrize(
    ("instrument", "date", "known"),
    [
        (FUND, "2020-03-06", "2020-03-06 21:00"),
        (FUND, "2020-03-09", "2020-03-09 20:00"),  # the clocks went forward on the 8th
        (FIXING, "2020-03-16", "2020-03-16 13:15"),  # hours before New York closes
        (FIXING, "2020-07-01", "2020-07-01 12:15"),
        (COIN, "2024-02-28", "2024-02-29 00:00"),
        (replace(COIN, timezone="America/New_York"), "2020-03-07", "2020-03-08 05:00"),
        (replace(FUND, close_time="02:30"), "2020-03-08", "2020-03-08 07:00"),  # skipped
        (replace(FUND, close_time="01:30"), "2020-11-01", "2020-11-01 06:30"),  # occurs twice
    ],
)
def test_a_close_is_known_at_its_own_clock(instrument: Instrument, date: str, known: str):
    assert close_instants(instrument, pd.DatetimeIndex([date]))[0] == pd.Timestamp(known, tz="UTC")


@pytest.mark.parametrize("last", ["2020-04-09", "2020-04-30"])
def test_a_lag_counts_sessions_also_beyond_the_last_one(last: str):
    yields = replace(FUND, lag_sessions=1)
    thursday = pd.DatetimeIndex(["2020-04-09"])  # Good Friday follows
    sessions = sessions_of(listed(yields, "2020-04-01"), last)
    known = close_instants(yields, thursday, sessions)
    assert known[0] == pd.Timestamp("2020-04-13 20:00", tz="UTC")


def test_a_price_between_sessions_is_not_known_before_the_next():
    saturday = pd.DatetimeIndex(["2024-01-06"])
    sessions = sessions_of(listed(FUND, "2024-01-02"), "2024-01-31")
    known = close_instants(replace(FUND, lag_sessions=1), saturday, sessions)
    assert known[0] == pd.Timestamp("2024-01-08 21:00", tz="UTC")


@given(lag=st.integers(0, 6), start=st.dates(date(1995, 1, 1), date(2024, 1, 1)))
def test_a_lag_is_a_shift_along_the_sessions(lag: int, start: date):
    dates = pd.bdate_range(start.isoformat(), periods=20)
    shifted = close_instants(replace(FIXING, lag_sessions=lag), dates, dates)
    plain = close_instants(FIXING, dates)
    assert shifted[: 20 - lag].equals(plain[lag:])
    assert shifted.is_monotonic_increasing
    assert (shifted[20 - lag :] > plain[-1]).all()


def test_the_next_session_is_open_for_every_holding():
    friday = day("2024-03-28")  # Good Friday is the 29th, Easter Monday the 1st
    assert next_session([COIN], friday) == day("2024-03-29")
    assert next_session([FIXING], friday) == day("2024-03-29")  # unknown calendar: weekdays
    assert next_session([FUND, COIN], friday) == day("2024-04-01")
    london = replace(FUND, name="L", calendar="XLON")
    assert next_session([FUND, london], friday) == day("2024-04-02")


def test_a_delisted_holding_has_no_next_session():
    ended = listed(FUND, "2020-01-02", "2024-03-28")
    assert next_session([COIN, ended], day("2024-03-28")) is None
    assert next_session([], day("2024-03-28")) is None
