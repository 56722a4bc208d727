"""Macro and news series: what was said of a date, and when it was said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from features.calendars import expected_sessions
from features.findings import Answer
from features.instruments import Instrument
from validation.feed_rules.rules import Breach, Rule, dated, first_five, several
from validation.feed_rules.sessions import MISSING, over_limit
from validation.feed_rules.values import NEGATIVE_VOLATILITY, flat, not_finite

EARLIEST = pd.Timedelta(hours=-14)
"""A date begins in the time zone furthest ahead this long before it begins in UTC."""
LATEST = pd.Timedelta(days=400)
"""After its date, a value that is still not known is dated wrongly: annual figures take a year."""
MOST_BEHIND = 5
"""Expected dates without a value at the end of a series before it is called stale."""
_VOLATILITY = re.compile(r"VIX|VXN|VXO|VXD|RVX|VSTOXX|VDAX|OVX|GVZ|MOVE|VOL", re.IGNORECASE)
_PERIODS = (("Y", 200), ("Q", 60), ("M", 20), ("W", 5))
"""Frequencies, and the shortest usual distance in days between two dates of such a series."""

EMPTY = Rule(
    "no_values",
    Answer.REJECT,
    "a series has at least one value",
    "Fill the series in, or remove it: no data is not no news.",
    excludes=True,
)
UNKNOWABLE = Rule(
    "implausible_instant",
    Answer.REJECT,
    "no value is available before its date begins, or long after it",
    "Give available_at as the UTC instant of publication.",
    excludes=True,
)
REVISED = Rule(
    "revised",
    Answer.WARN,
    "values are of the first vintage",
    "Used only where asked for, flagged, and kept out of headline results.",
)
STALE = Rule(
    "stale",
    Answer.WARN,
    "the latest expected dates have values",
    "Deliver the latest values; those past their age are not used.",
)
LACKING = Rule(
    "lacking_values",
    Answer.WARN,
    "every expected date has a value",
    "The last known value stands in until it is stale.",
)
RELEASE_RULES = (EMPTY, UNKNOWABLE, REVISED, STALE, LACKING)


def releases(
    name: str, rows: pd.DataFrame, *, expected: pd.DatetimeIndex, observed: pd.DatetimeIndex
) -> Iterator[Breach]:
    """Every rule of one macro or news series.

    Parameters
    ----------
    name : str
    rows : DataFrame
        Columns date, value, available_at and optionally vintage; one row a date, ascending.
    expected, observed : DatetimeIndex
        Dates on which the series should have a value, and those of them that have one; of a
        periodic series, the starts of its periods.
    """
    given = rows[np.isfinite(rows["value"])]
    dates, values = pd.DatetimeIndex(given["date"]), given["value"].to_numpy()
    if not len(given):
        yield Breach(EMPTY, name, len(rows), first_five(rows["date"]), "has no value on any date.")
        return
    yield from not_finite(name, pd.DatetimeIndex(rows["date"]), rows["value"].to_numpy())
    yield from _instants(name, rows)
    below = values <= 0
    if below.any() and _VOLATILITY.search(name):
        shown = dated(dates[below], values[below])
        count = several(len(dates[below]), "value")
        found = f"is a volatility and has {count} at or below zero, first {shown[0]}."
        yield Breach(NEGATIVE_VOLATILITY, name, len(dates[below]), shown, found, cells=dates[below])
    yield from flat(name, dates, values)
    if "vintage" in rows and (revised := (rows["vintage"] == "revised").to_numpy()).any():
        found = f"is of a later vintage on {revised.sum()} of {len(rows)} dates."
        yield Breach(REVISED, name, int(revised.sum()), first_five(rows["date"][revised]), found)
    yield from _coverage(name, observed, expected)


def expected_dates(
    rows: pd.DataFrame, *, as_of: pd.Timestamp
) -> Mapping[str, tuple[pd.DatetimeIndex, pd.DatetimeIndex]]:
    """Dates on which each series of a table should have a value, and the dates it has.

    A daily series has no calendar of its own and is held to the dates on which at least half of
    the table's daily series have a value (to weekdays, where there are fewer than three). A
    weekly, monthly, quarterly or yearly one is held to its own periods: one value in each. What
    the usual delay of publication keeps from being known by the as-of is not expected yet.

    Parameters
    ----------
    rows : DataFrame
        Columns date, series, value, available_at; one row a date and series, sorted.
    as_of : pandas.Timestamp

    Returns
    -------
    mapping of series to (expected, observed) DatetimeIndex
        Observed dates of a periodic series stand for their period.
    """
    given = rows[np.isfinite(rows["value"])]
    found: dict[str, tuple[pd.DatetimeIndex, pd.DatetimeIndex]] = {}
    daily: dict[str, Instrument] = {}
    delays: dict[str, pd.Timedelta] = {}
    for series, mine in given.groupby("series", observed=True):
        name, dates = str(series), pd.DatetimeIndex(mine["date"])
        delays[name] = (mine["available_at"].dt.tz_localize(None) - mine["date"]).median()
        if (rhythm := _rhythm(dates)) == "D":
            daily[name] = Instrument(name, "", "", "rate", "diff")
        else:
            held = dates.to_period(rhythm).unique()
            every = pd.period_range(held[0], as_of - delays[name], freq=rhythm)[:-1].union(held)
            found[name] = every.to_timestamp(), held.to_timestamp()
    wide = given[given["series"].isin(list(daily))]
    wide = wide.pivot(index="date", columns="series", values="value")
    for name, sessions in expected_sessions(daily, wide, as_of).items():
        observed = pd.DatetimeIndex(wide.index[wide[name].notna()])
        found[name] = sessions[sessions <= as_of - delays[name]], observed
    return found


def _rhythm(dates: pd.DatetimeIndex) -> str:
    """Frequency of a series by the usual distance between its dates."""
    if len(dates) < 2:
        return "D"
    usual = float(np.median(np.diff(dates.to_numpy()) / np.timedelta64(1, "D")))
    return next((rhythm for rhythm, days in _PERIODS if usual >= days), "D")


def _instants(name: str, rows: pd.DataFrame) -> Iterator[Breach]:
    delay = rows["available_at"].dt.tz_localize(None) - rows["date"]
    wrong = ((delay < EARLIEST) | (delay > LATEST) | delay.isna()).to_numpy()
    if wrong.any():
        shown = first_five(
            f"{date:%Y-%m-%d}: available at {instant}"
            for date, instant in zip(rows["date"][wrong], rows["available_at"][wrong], strict=True)
        )
        found = (
            f"has {several(int(wrong.sum()), 'value')} available before the date begins or over "
            f"{LATEST.days} days after it, first {shown[0]}."
        )
        yield Breach(UNKNOWABLE, name, int(wrong.sum()), shown, found)


def _coverage(name: str, dates: pd.DatetimeIndex, expected: pd.DatetimeIndex) -> Iterator[Breach]:
    absent = expected.difference(dates)
    if not len(absent):
        return
    late = absent[absent > dates[-1]]
    if len(late) > MOST_BEHIND:
        count = several(len(late), "expected date")
        found = f"has no value after {dates[-1]:%Y-%m-%d}; {count} lack one."
        yield Breach(STALE, name, len(late), first_five(late), found)
    share = f"misses {len(absent) / len(expected):.1%} of the dates"
    life = f"{expected[0]:%Y-%m-%d}..{expected[-1]:%Y-%m-%d}"
    if over_limit(len(absent), len(expected)):
        found = f"{share} {life} (limit 5%). Rejected; the {len(absent)} dates are in feeds.json."
        yield Breach(MISSING, name, len(absent), first_five(absent), found)
    else:
        found = f"{share} {life} ({len(absent)} of {len(expected)}, limit 5%)."
        yield Breach(LACKING, name, len(absent), first_five(absent), found)
