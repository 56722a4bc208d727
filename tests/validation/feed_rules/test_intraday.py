"""Bars within the day: bad ones, missing sessions, and hours of silence while a market traded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from features.findings import Answer
from features.instruments import Instrument
from validation.feed_rules.event_table import examine_events
from validation.feed_rules.table import Examined

ACME = Instrument("ACME", "stock", "USD", "price", "log", "XNYS")
SESSIONS = pd.bdate_range("2020-03-02", "2020-03-27")
"""New York went to summer time on the 8th: it closes at 21:00, then at 20:00 UTC."""
KNOWN_BY = pd.Timestamp("2020-03-27T21:00Z")


def bars(freq: str = "5min") -> pd.DataFrame:
    """Every bar of every session, from half past nine to four, by the clock of New York."""
    ends = [
        pd.date_range(f"{day:%Y-%m-%d} 09:30", f"{day:%Y-%m-%d} 16:00", freq=freq, tz=ACME.timezone)
        for day in SESSIONS
    ]
    time = pd.DatetimeIndex([end for day in ends for end in day[1:]]).tz_convert("UTC")
    about = {"time": time.as_unit("ns"), "instrument": pd.Categorical(["ACME"] * len(time))}
    prices = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0, "volume": 5.0}
    return pd.DataFrame({**about, **prices, "row": range(1, len(time) + 1)})


def judged(rows: pd.DataFrame) -> Examined:
    return examine_events(
        "intraday", rows, {"ACME": ACME}, sessions={"ACME": SESSIONS}, known_by=KNOWN_BY
    )


def rules(rows: pd.DataFrame) -> dict[str, tuple[Answer, int]]:
    return {b.rule.name: (b.rule.answer, b.count) for b in judged(rows).breaches}


def without(rows: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    return rows[~rows["time"].between(first, last)]


def test_a_whole_month_of_bars_is_sound():
    for freq in ("5min", "30min", "1h"):
        assert rules(bars(freq)) == {}
    line = judged(bars()).feeds.iloc[0]
    assert (line["series"], line["expected"], line["missing"]) == ("ACME", 20, 0)


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        # 10:30 to 11:30: bars end at 10:30 and 11:30, an hour apart and not over it.
        ("2020-03-03T15:35Z", "2020-03-03T16:25Z", {}),
        ("2020-03-03T15:35Z", "2020-03-03T16:30Z", {"silent_in_market_hours": (Answer.WARN, 1)}),
        # The first hour, as in a real feed: nothing from 09:30 until a bar ends at 10:35.
        ("2020-03-03T14:31Z", "2020-03-03T15:30Z", {"silent_in_market_hours": (Answer.WARN, 1)}),
        ("2020-03-27T19:00Z", "2020-03-27T20:00Z", {"stale": (Answer.WARN, 1)}),
        ("2020-03-27T00:00Z", "2020-03-27T23:00Z", {"stopped": (Answer.QUARANTINE, 1)}),
        ("2020-03-26T00:00Z", "2020-03-27T23:00Z", {"stopped": (Answer.QUARANTINE, 2)}),
        ("2020-03-10T00:00Z", "2020-03-10T23:00Z", {}),  # one of twenty sessions
        (
            "2020-03-10T00:00Z",
            "2020-03-11T23:00Z",
            {"missing_sessions": (Answer.REJECT, 2)},
        ),
    ],
)
def test_silence_is_measured_in_market_hours(first: str, last: str, found: dict[str, object]):
    assert rules(without(bars(), first, last)) == found


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda rows: rows.assign(high=rows["high"].where(rows.index != 7, 8.0)), "bad_bars"),
        (lambda rows: rows.assign(close=rows["close"].where(rows.index != 7)), "bad_bars"),
        (lambda rows: rows.assign(low=rows["low"].where(rows.index != 7, 0.0)), "bad_bars"),
        (lambda rows: rows.assign(volume=rows["volume"].where(rows.index != 7, -1.0)), "bad_bars"),
    ],
)
def test_a_bar_that_is_none_is_held_back(change: Callable[[pd.DataFrame], pd.DataFrame], rule: str):
    rows = change(bars())
    assert rules(rows) == {rule: (Answer.QUARANTINE, 1)}
    assert len(judged(rows).rows) == len(rows) - 1


def test_a_bar_given_twice_is_read_once_and_two_different_ones_never():
    rows = bars()
    same = pd.concat([rows.iloc[:8], rows.iloc[[7]], rows.iloc[8:]])
    assert rules(same) == {"repeated_bars": (Answer.WARN, 1)}
    assert len(judged(same).rows) == len(rows)
    other = pd.concat([rows.iloc[:8], rows.iloc[[7]].assign(close=10.5), rows.iloc[8:]])
    assert rules(other) == {"conflicting_bars": (Answer.QUARANTINE, 2)}
    assert len(judged(other).rows) == len(rows) - 1


def test_bars_of_the_next_day_are_not_looked_at():
    rows = bars()
    later = rows.iloc[[-1]].assign(time=KNOWN_BY + pd.Timedelta(seconds=1), close=-1.0)
    assert rules(pd.concat([rows, later])) == {}


def test_the_55_days_without_a_first_hour_are_found_in_a_real_feed(rich_market: Path):
    """SPY 2018 to 2020; how many they are stands in the notes that came with the data."""
    file = rich_market.parent / "microstructure" / "intraday_5min.parquet"
    if not file.is_file():
        pytest.skip("No microstructure samples beside the richer market.")
    rows = pd.read_parquet(file)
    rows = rows.assign(
        instrument=rows["instrument"].astype("category"),
        time=rows["time"].dt.as_unit("ns"),
        row=range(1, len(rows) + 1),
    )
    dates = pd.DatetimeIndex(rows["time"].dt.tz_localize(None).dt.normalize().unique())
    found = examine_events(
        "intraday",
        rows,
        {"SPY": replace(ACME, name="SPY")},
        sessions={"SPY": dates},
        known_by=pd.Timestamp("2020-12-31T22:00Z"),
    )
    assert {b.rule.name: b.count for b in found.breaches} == {"silent_in_market_hours": 55}
