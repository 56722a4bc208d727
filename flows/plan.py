"""What a request comes to on a market: which series, from when to when, and why not others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from features.calendars import expected_sessions
from features.market import MarketData
from features.returns import History, book_history, instrument_history
from flows.refusal import RefusedError
from flows.settings import FIRST_START, MINIMUM_HISTORY, Settings

_LOOK_AHEAD = pd.Timedelta(days=14)  # longer than any exchange holiday
_SESSION = pd.Timedelta(days=2)  # most that each further one takes, on average


@dataclass(frozen=True, slots=True)
class Plan:
    """The series to forecast and the origins to forecast them from.

    Attributes
    ----------
    judged : tuple of History
        Series whose forecasts are wanted, by name; each has 1,000 past sessions at some origin.
    instruments : tuple of History
        Every instrument a book may hold, judged or not, with enough history to learn from.
    start, end : Timestamp
        First and last origin.
    upcoming : mapping of name to DatetimeIndex
        Of every judged series that goes on: its expected sessions after its last date, as many as
        the horizon is long.
    skipped : mapping of name to reason
        Series that were considered and left out.
    """

    judged: tuple[History, ...]
    instruments: tuple[History, ...]
    start: pd.Timestamp
    end: pd.Timestamp
    upcoming: Mapping[str, pd.DatetimeIndex]
    skipped: Mapping[str, str]

    @property
    def histories(self) -> tuple[History, ...]:
        """Every series that is judged or may train, each once, by name."""
        every = {history.name: history for history in (*self.judged, *self.instruments)}
        return tuple(every[name] for name in sorted(every))


def make_plan(market: MarketData, settings: Settings) -> Plan:
    """Resolve the defaults of a request against a market.

    Raises
    ------
    RefusedError
        If a portfolio asked for is not there or too short, or nothing is left to forecast.
    """
    end = pd.Timestamp(settings.end) if settings.end else market.as_of
    listed = [
        instrument_history(market, name)
        for name, instrument in sorted(market.instruments.items())
        if instrument.holdable and market.close[name].notna().any()
    ]
    instruments = [history for history in listed if len(history.dates) >= MINIMUM_HISTORY]
    books = [
        book_history(market, weights, name=name)
        for name, weights in sorted(market.portfolios.items())
    ]
    start = pd.Timestamp(settings.start) if settings.start else default_start(instruments or books)
    if settings.portfolios is None:
        judged, skipped = _all_that_apply(books, listed, start=start, end=end)
    else:
        judged, skipped = _asked_for(settings.portfolios, [*books, *listed], end=end), {}
    if not judged:
        raise RefusedError(
            f"start {start.date()}: no book and no instrument has {MINIMUM_HISTORY} past sessions "
            f"by then, so there is nothing to forecast. Give longer histories or a later start."
        )
    return Plan(
        judged=tuple(sorted(judged, key=lambda history: history.name)),
        instruments=tuple(instruments),
        start=start,
        end=end,
        upcoming=_upcoming(market, judged, horizon=settings.horizon),
        skipped=skipped,
    )


def default_start(histories: Iterable[History]) -> pd.Timestamp:
    """Later of 2015-01-01 and the first date on which most series have 1,000 past sessions.

    Series that begin late do not hold the others back: it is the median of their first dates.
    """
    firsts = [
        history.dates[MINIMUM_HISTORY]
        for history in histories
        if len(history.dates) > MINIMUM_HISTORY
    ]
    ready = sorted(firsts)[(len(firsts) - 1) // 2] if firsts else pd.Timestamp(FIRST_START)
    return max(pd.Timestamp(FIRST_START), ready)


def sessions_ahead(market: MarketData, *, count: int = 1) -> dict[str, pd.DatetimeIndex]:
    """Sessions that each instrument and book is expected to have, those after the as-of too.

    A book's are those that all of its holdings share.

    Parameters
    ----------
    market : MarketData
    count : int
        Sessions after the as-of that must be among them, whatever holidays there are.
    """
    last = market.as_of + _LOOK_AHEAD + (count - 1) * _SESSION
    expected = expected_sessions(market.instruments, market.close, last)
    weekdays = pd.bdate_range(market.as_of + pd.Timedelta(days=1), last)
    ahead: dict[str, pd.DatetimeIndex] = {}
    for name, instrument in market.instruments.items():
        ends = instrument.listed_to if instrument.listed_to is not None else last
        # A calendar learned from the closes themselves says nothing of days that have none yet.
        known = expected[name].max() > market.as_of if len(expected[name]) else False
        dates = expected[name] if known else expected[name].union(weekdays)
        ahead[name] = dates[dates <= ends]
    for book, holdings in market.portfolios.items():
        if holdings:
            ahead[book] = reduce(pd.DatetimeIndex.intersection, [ahead[name] for name in holdings])
    return ahead


def _upcoming(
    market: MarketData, histories: Iterable[History], *, horizon: int
) -> dict[str, pd.DatetimeIndex]:
    """First sessions on which all holdings trade after the last date of each history."""
    ahead = sessions_ahead(market, count=horizon)
    answer: dict[str, pd.DatetimeIndex] = {}
    for history in histories:
        after = ahead[history.name][ahead[history.name] > history.dates[-1]]
        if len(after):
            answer[history.name] = after[:horizon]
    return answer


def _all_that_apply(
    books: list[History], instruments: list[History], *, start: pd.Timestamp, end: pd.Timestamp
) -> tuple[list[History], dict[str, str]]:
    judged: list[History] = []
    skipped: dict[str, str] = {}
    # A book is wanted as soon as it can be forecast, an instrument only from the start on.
    for history, by in (*((book, end) for book in books), *((each, start) for each in instruments)):
        past = int(np.count_nonzero(history.dates < by))
        if past < MINIMUM_HISTORY:
            skipped[history.name] = (
                f"{past} sessions before {by.date()}, {MINIMUM_HISTORY} are needed"
            )
        elif history.dates[-1] < start:
            skipped[history.name] = f"ends on {history.dates[-1].date()}, before {start.date()}"
        else:
            judged.append(history)
    return judged, skipped


def _asked_for(
    names: Iterable[str], histories: list[History], *, end: pd.Timestamp
) -> list[History]:
    there = {history.name: history for history in histories}
    judged: list[History] = []
    for name in names:
        if name not in there:
            raise RefusedError(
                f"portfolios: {name} is no book or instrument that passed the feed gate and may "
                f"be held. There are {', '.join(there) or 'none'}. "
                "`foreshock validate` says what was rejected."
            )
        past = int(np.count_nonzero(there[name].dates < end))
        if past < MINIMUM_HISTORY:
            raise RefusedError(
                f"portfolios: {name} has {past} sessions before {end.date()} and a first forecast "
                f"needs {MINIMUM_HISTORY}. Give a longer history or leave it out."
            )
        judged.append(there[name])
    return judged
