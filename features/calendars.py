"""When a market should have a close, and the instant at which that close is known.

Taking every date of a table as expected would reject nearly everything, because bitcoin trades at
weekends: each series is held to the sessions of its own calendar, over its own listed life.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache

import numpy as np
import pandas as pd

from features.instruments import Instrument

EVERY_DAY = "24/7"
SMALLEST_GROUP = 3
"""The majority of one or two series says nothing about a market's holidays."""

_DAY = timedelta(days=1)
_SEARCHED = timedelta(days=60)
"""No market closes for longer, and books whose holdings share no session for so long end."""
_SINCE = (1990, 1950)
_UNTIL = 2035
_Life = tuple[pd.Timestamp, pd.Timestamp]


def expected_sessions(
    instruments: Mapping[str, Instrument], close: pd.DataFrame, as_of: pd.Timestamp
) -> dict[str, pd.DatetimeIndex]:
    """Dates on which each instrument should have a close.

    A calendar the exchange library knows gives its own sessions, ``24/7`` all days. Where it is
    missing or unknown, and before and after the years the library covers, those dates count on
    which at least half of the then-listed instruments of the same calendar have a close; a group
    of fewer than three is held to weekdays.

    Parameters
    ----------
    instruments : mapping of name to Instrument
    close : DataFrame (date, instrument)
        Closes before any judgement, NaN where there is none; each date once. An instrument
        without a column has no close.
    as_of : pandas.Timestamp
        Last date that may be expected.

    Returns
    -------
    dict of name to DatetimeIndex
        Ascending, from ``listed_from`` (default the first close) to ``listed_to`` (default the
        as-of), both included; empty for an instrument with neither listing nor close.
    """
    close = close.loc[close.index <= as_of].sort_index()
    lives = {name: _life(item, close, as_of) for name, item in instruments.items()}
    expected = dict.fromkeys(instruments, pd.DatetimeIndex([], dtype="datetime64[ns]"))
    for calendar in {item.calendar for item in instruments.values()}:
        members = {
            name: life
            for name, life in lives.items()
            if life is not None and instruments[name].calendar == calendar
        }
        if members:
            dates = _group_sessions(calendar, close.reindex(columns=list(members)), members)
            for name, (first, last) in members.items():
                expected[name] = _between(dates, first, last)
    return expected


def close_instants(
    instrument: Instrument, dates: pd.DatetimeIndex, sessions: pd.DatetimeIndex | None = None
) -> pd.DatetimeIndex:
    """Instant at which the close of each date is known.

    That is ``close_time`` in ``timezone`` on the date itself (``24:00`` is the midnight that
    ends it), or on the session ``lag_sessions`` later. A clock time that occurs twice on the
    night the clocks go back is the later one; one that is skipped in spring is the end of the gap.

    Parameters
    ----------
    instrument : Instrument
    dates : DatetimeIndex of shape (time,)
        Tz-naive midnights, ascending.
    sessions : DatetimeIndex, optional
        Sessions that a lag counts, by default ``dates``. Beyond the last of them the calendar
        goes on, or weekdays where the library does not know it.

    Returns
    -------
    DatetimeIndex of shape (time,), UTC
    """
    if instrument.lag_sessions and len(dates):
        dates = _later(instrument, dates, dates if sessions is None else sessions)
    hours, minutes = instrument.close_time.split(":")
    wall = dates + pd.Timedelta(hours=int(hours), minutes=int(minutes))
    summer_time = np.zeros(len(wall), dtype=np.bool_)
    local = wall.tz_localize(
        instrument.timezone, ambiguous=summer_time, nonexistent="shift_forward"
    )
    return local.tz_convert("UTC").as_unit("ns")


def next_session(instruments: Iterable[Instrument], after: pd.Timestamp) -> pd.Timestamp | None:
    """First date after a given one that is a session of every instrument.

    It dates the target of the last origin, when no later close has been seen yet.

    Parameters
    ----------
    instruments : iterable of Instrument
        One, or the holdings of a book.
    after : pandas.Timestamp
        Tz-naive midnight.

    Returns
    -------
    pandas.Timestamp or None
        None where an instrument is no longer listed by then, or no date is common to all.
    """
    held = list(instruments)
    dates = pd.date_range(after, after + _SEARCHED, inclusive="right")
    for calendar in {instrument.calendar for instrument in held}:
        dates = dates.intersection(_calendar_dates(calendar, after, after + _SEARCHED))
    if not held or dates.empty:
        return None
    first: pd.Timestamp = dates.to_list()[0]
    listed = all(item.listed_to is None or item.listed_to >= first for item in held)
    return first if listed else None


def _life(instrument: Instrument, close: pd.DataFrame, as_of: pd.Timestamp) -> _Life | None:
    first = instrument.listed_from
    if first is None:
        if instrument.name not in close.columns:
            return None
        dates = close.index[close[instrument.name].notna()].to_list()
        if not dates:
            return None
        first = dates[0]
    last = as_of if instrument.listed_to is None else min(instrument.listed_to, as_of)
    return first, last


def _group_sessions(
    calendar: str, close: pd.DataFrame, lives: Mapping[str, _Life]
) -> pd.DatetimeIndex:
    """Sessions of the instruments that share a calendar, over all their lives."""
    first = min(life[0] for life in lives.values())
    last = max(life[1] for life in lives.values())
    if calendar == EVERY_DAY:
        return _calendar_dates(calendar, first, last)
    known = _library_sessions(calendar, first)
    if known is None and len(lives) < SMALLEST_GROUP:
        return _calendar_dates(calendar, first, last)
    majority = _majority_dates(close, lives)
    return majority if known is None else _completed(known, first, last, by=majority)


def _majority_dates(close: pd.DataFrame, lives: Mapping[str, _Life]) -> pd.DatetimeIndex:
    """Dates on which at least half of the then-listed instruments have a close."""
    dates = pd.DatetimeIndex(close.index)
    day = dates.to_numpy()[:, None]
    first = np.array([life[0].to_datetime64() for life in lives.values()])
    last = np.array([life[1].to_datetime64() for life in lives.values()])
    listed = (day >= first) & (day <= last)
    closed = listed & np.isfinite(close.to_numpy(dtype=np.float64))
    return pd.DatetimeIndex(
        dates[listed.any(axis=1) & (2 * closed.sum(axis=1) >= listed.sum(axis=1))]
    )


def _later(
    instrument: Instrument, dates: pd.DatetimeIndex, sessions: pd.DatetimeIndex
) -> pd.DatetimeIndex:
    """The session ``lag_sessions`` after each date; a date between sessions counts from there."""
    last: pd.Timestamp = max([*sessions[-1:], *dates[-1:]])
    reach = timedelta(days=30 + 2 * instrument.lag_sessions)
    future = _calendar_dates(instrument.calendar, last + _DAY, last + reach)
    axis = pd.DatetimeIndex(sessions.append(future))
    return axis.take(axis.searchsorted(dates, side="right") + instrument.lag_sessions - 1)


def _calendar_dates(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """Sessions by the calendar alone, both ends included; weekdays where it is not known."""
    if calendar == EVERY_DAY:
        return pd.date_range(first, last)
    weekdays = pd.bdate_range(first, last)
    known = _library_sessions(calendar, first)
    if known is None:
        return weekdays
    return _completed(known, first, last, by=weekdays)


def _completed(
    known: pd.DatetimeIndex, first: pd.Timestamp, last: pd.Timestamp, *, by: pd.DatetimeIndex
) -> pd.DatetimeIndex:
    """Library sessions from first to last; where the library does not reach, other dates."""
    other = by[(by < known[0]) | (by > known[-1])]
    return pd.DatetimeIndex(_between(known, first, last).union(other))


def _between(dates: pd.DatetimeIndex, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(dates[(dates >= first) & (dates <= last)])


def _library_sessions(calendar: str, first: pd.Timestamp) -> pd.DatetimeIndex | None:
    """Sessions that the exchange library knows, None for a calendar it does not.

    It computes a century in seconds and forty years in half of one, so that the distant past is
    asked for only where a market reaches it.
    """
    recent, distant = _SINCE
    return _built(calendar, recent if first.year >= recent else distant)


@lru_cache(maxsize=64)
def _built(calendar: str, since: int) -> pd.DatetimeIndex | None:
    # Heavy, and needed only where a calendar is named.
    from exchange_calendars import get_calendar
    from exchange_calendars.errors import InvalidCalendarName

    start, end = f"{since}-01-01", f"{_UNTIL}-12-31"
    try:
        built = get_calendar(calendar, start=start, end=end)
    except InvalidCalendarName:
        return None
    except ValueError:  # the library covers fewer years of this exchange
        bounds = type(get_calendar(calendar))
        first, last = bounds.bound_min(), bounds.bound_max()
        start = max(start, f"{first:%Y-%m-%d}") if first else start
        end = min(end, f"{last:%Y-%m-%d}") if last else end
        built = get_calendar(calendar, start=start, end=end)
    return pd.DatetimeIndex(built.sessions.to_numpy("datetime64[ns]"))
