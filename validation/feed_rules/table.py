"""One table taken apart into feeds, with all that its rules found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.calendars import close_instants, expected_sessions
from features.instruments import Instrument
from features.market import ORIGIN_DELAY
from validation.feed_rules.feed import Feed
from validation.feed_rules.jumps import JUMP_RULES, Crowd, jumps
from validation.feed_rules.keys import KEY_RULES, UNLISTED, key, unlisted
from validation.feed_rules.releases import RELEASE_RULES, expected_dates, releases
from validation.feed_rules.rolls import ROLL_RULES, rolls
from validation.feed_rules.rules import Breach, Rule
from validation.feed_rules.sessions import (
    MISSING,
    SESSION_RULES,
    coverage,
    quarantined_too_much,
)
from validation.feed_rules.values import (
    CONSTANT,
    FLAT,
    NEGATIVE_VOLATILITY,
    NOT_FINITE,
    VALUE_RULES,
    flat,
    not_finite,
    signs,
)

RULES: Mapping[str, tuple[Rule, ...]] = {
    "prices": (*KEY_RULES, UNLISTED, *SESSION_RULES, *VALUE_RULES, *JUMP_RULES, *ROLL_RULES),
    **dict.fromkeys(
        ("macro", "news"),
        (*KEY_RULES, MISSING, NOT_FINITE, NEGATIVE_VOLATILITY, CONSTANT, FLAT, *RELEASE_RULES),
    ),
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What the rules of one table found.

    Attributes
    ----------
    feeds : DataFrame
        One row a series: series, expected, missing, first, last, and missing_dates as a list.
    breaches : tuple of Breach
    rows : DataFrame
        One row a date and series, sorted, not later than the as-of.
    sessions : mapping of series to DatetimeIndex
        Expected sessions; empty for macro and news.
    """

    feeds: pd.DataFrame
    breaches: tuple[Breach, ...]
    rows: pd.DataFrame
    sessions: Mapping[str, pd.DatetimeIndex]


def examine_prices(
    prices: pd.DataFrame, instruments: Mapping[str, Instrument], *, as_of: pd.Timestamp
) -> Examined:
    """Every rule of every price series, on its expected sessions.

    Parameters
    ----------
    prices : DataFrame
        Columns date, instrument (categorical), close, row, and optional bars.
    instruments : mapping of name to Instrument
        Those that should have prices.
    as_of : pandas.Timestamp
        Nothing later is looked at.
    """
    keyed = key(prices[prices["date"] <= as_of], series="instrument", value="close")
    by_name = dict(list(keyed.rows.groupby("instrument", observed=True)))
    close = _wide(keyed.rows)
    sessions = expected_sessions(instruments, close, as_of)
    nothing = keyed.rows.iloc[:0]
    feeds = {
        name: _feed(instrument, sessions[name], by_name.get(name, nothing))
        for name, instrument in instruments.items()
    }
    breaches = [*keyed.breaches, *unlisted(by_name, instruments)]
    breaches += _infinite(close)
    breaches += _all_rules(feeds)
    listed = [*feeds, *sorted(set(by_name) - set(feeds))]
    table = pd.DataFrame([_line(name, feeds.get(name)) for name in listed])
    return Examined(table, tuple(breaches), keyed.rows, sessions)


def examine_releases(
    rows: pd.DataFrame, *, as_of: pd.Timestamp, known_by: pd.Timestamp
) -> Examined:
    """Every rule of every series of ``macro`` or ``news``.

    Parameters
    ----------
    rows : DataFrame
        Columns date, series (categorical), value, available_at, row and optionally vintage.
    as_of : pandas.Timestamp
        Nothing dated later is looked at.
    known_by : pandas.Timestamp
        UTC; nothing published later is looked at.
    """
    seen = rows[(rows["date"] <= as_of) & ~(rows["available_at"] > known_by)]
    others = tuple(name for name in ("available_at", "vintage") if name in seen)
    keyed = key(seen, series="series", value="value", of=others)
    first = keyed.rows.drop_duplicates(["series", "date"])  # as first published
    expected = expected_dates(first, as_of=as_of)
    breaches = list(keyed.breaches)
    lines: list[dict[str, object]] = []
    for series, mine in first.groupby("series", observed=True):
        name = str(series)
        dates, held = expected.get(name, (pd.DatetimeIndex([]), pd.DatetimeIndex([])))
        breaches += releases(name, mine, expected=dates, observed=held)
        given = mine["date"][np.isfinite(mine["value"])]
        lines.append(described(name, dates, dates.difference(held), pd.DatetimeIndex(given)))
    feeds = pd.DataFrame(lines, columns=list(LINE))
    return Examined(feeds, tuple(breaches), keyed.rows, {})


def last_origin(instruments: Mapping[str, Instrument], as_of: pd.Timestamp) -> pd.Timestamp:
    """Instant of the as-of's last forecast: its latest close plus one hour, in UTC."""
    day = pd.DatetimeIndex([as_of])
    known = [close_instants(replace(each, lag_sessions=0), day)[0] for each in instruments.values()]
    return max(known) + ORIGIN_DELAY


def _all_rules(feeds: Mapping[str, Feed]) -> Iterator[Breach]:
    crowd = Crowd(feeds)
    futures = frozenset(
        name for name, feed in feeds.items() if "future" in feed.instrument.asset_class.lower()
    )
    moves = pd.DataFrame({n: pd.Series(f.moves, f.dates) for n, f in feeds.items() if futures})
    for name, feed in feeds.items():
        found = [*coverage(feed), *signs(feed), *flat(name, feed.dates, feed.closes)]
        found += jumps(feed, crowd)
        if name in futures and len(feed.dates):
            found += rolls(feed, moves, futures)
        held_back = {cell for breach in found for cell in breach.cells}
        if held_back and not any(breach.rule.excludes for breach in found):
            found += quarantined_too_much(feed, len(held_back))
        yield from found


def _feed(instrument: Instrument, sessions: pd.DatetimeIndex, rows: pd.DataFrame) -> Feed:
    dates = pd.DatetimeIndex(rows["date"])
    at = dates.get_indexer(sessions)
    close = rows["close"].to_numpy(dtype=np.float64)
    turnover = close * rows["volume"].to_numpy() if "volume" in rows else np.full(len(rows), np.nan)
    if "dollar_volume" in rows:
        given = rows["dollar_volume"].to_numpy()
        turnover = np.where(np.isfinite(given), given, turnover)

    def taken(values: np.ndarray) -> np.ndarray:
        return np.where(at >= 0, np.append(values, np.nan)[at], np.nan)

    elsewhere = dates[np.isfinite(close)].difference(sessions)
    return Feed(instrument, sessions, taken(close), taken(turnover), elsewhere)


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Closes by date and instrument, from rows with one close a key."""
    codes = rows["instrument"].cat.codes.to_numpy()
    dates, at = np.unique(rows["date"].to_numpy(), return_inverse=True)
    names = rows["instrument"].cat.categories
    close = np.full((len(dates), len(names)), np.nan)
    close[at, codes] = rows["close"].to_numpy()
    return pd.DataFrame(close, index=pd.DatetimeIndex(dates), columns=names.astype(str))


def _infinite(close: pd.DataFrame) -> Iterator[Breach]:
    for name in close.columns[~np.isfinite(close.fillna(0.0)).all()]:
        yield from not_finite(name, pd.DatetimeIndex(close.index), close[name].to_numpy())


def _line(name: str, feed: Feed | None) -> dict[str, object]:
    if feed is None:
        nothing = pd.DatetimeIndex([])
        return described(name, nothing, nothing, nothing)
    return described(name, feed.sessions, feed.sessions[~feed.given], feed.dates)


LINE = ("series", "expected", "missing", "first", "last", "missing_dates")


def described(
    name: str, expected: pd.DatetimeIndex, missing: pd.DatetimeIndex, given: pd.DatetimeIndex
) -> dict[str, object]:
    """The line of one feed among the verdicts."""
    ends = (given.min(), given.max()) if len(given) else (pd.NaT, pd.NaT)
    cells = (name, len(expected), len(missing), *ends, list(missing))
    return dict(zip(LINE, cells, strict=True))
