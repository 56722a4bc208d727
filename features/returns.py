"""Realised simple returns of instruments and books, with the instants at which they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.calendars import close_instants
from features.instruments import Instrument
from features.market import ORIGIN_DELAY, MarketData


@dataclass(frozen=True, slots=True)
class History:
    """Realised one-session simple returns of one instrument or one book.

    Attributes
    ----------
    name : str
    asset_class : str
        The instrument's, or ``book``.
    dates : DatetimeIndex of shape (time,)
        Session at whose close each return is realised; tz-naive midnight dates.
    returns : array of shape (time,)
        Simple returns since the session before, a pure number; always finite.
    clean : bool array of shape (time,)
        False where the return is touched by a gap, an imputed or quarantined close or an
        unadjusted roll: a model may see it, a realised P&L may not.
    origins : DatetimeIndex of shape (time,), UTC
        Instant at which a forecast from that session is made: its close plus one hour (for a
        book, the latest holding's). An input enters it only if known by then.
    """

    name: str
    asset_class: str
    dates: pd.DatetimeIndex
    returns: NDArray[np.float64]
    clean: NDArray[np.bool_]
    origins: pd.DatetimeIndex


def instrument_history(market: MarketData, name: str) -> History:
    """Returns of one instrument between its consecutive closes.

    Parameters
    ----------
    market : MarketData
    name : str

    Returns
    -------
    History
        For a series that moves by ``diff`` the move is a difference in the unit of the quote
        (percentage points for a rate), not a pure number: never pool it with returns. Unclean
        where an expected session between the two closes has none, where either close is imputed,
        or where the move is a break.

    Raises
    ------
    ValueError
        If the market has no such instrument.
    """
    if name not in market.instruments:
        raise ValueError(f"name must be an instrument of the market, got {name!r}.")
    instrument = market.instruments[name]
    sessions = market.sessions[name]
    close = _values(market.close, [name], sessions)[:, 0]
    has_close = np.isfinite(close)
    steps = _Steps.between(has_close)
    before, after = close[steps.start], close[steps.end]
    moves = after / before - 1.0 if instrument.move == "log" else after - before
    imputed = _flags(market.imputed, [name], sessions)[:, 0]
    clean = ~(steps.gap | imputed[steps.start] | imputed[steps.end])
    clean &= ~_touched(_flags(market.breaks, [name], sessions)[:, 0], steps)
    dates = sessions[steps.end]
    return History(
        name=name,
        asset_class=instrument.asset_class,
        dates=dates,
        returns=moves,
        clean=clean,
        origins=close_instants(instrument, dates, sessions) + ORIGIN_DELAY,
    )


def book_history(market: MarketData, weights: Mapping[str, float], *, name: str) -> History:
    """Returns of a book of weights, currency-hedged and rebalanced each session.

    The return is the sum of weight times simple return of each holding in its own currency; what
    the weights leave over is cash and earns nothing. Sessions are the dates on which every
    holding has a close that was neither missing nor quarantined, so that the weekend of one
    market is bridged rather than filled with a zero, and the book ends with its first holding
    to be delisted.

    Parameters
    ----------
    market : MarketData
    weights : mapping of instrument to float
        Fractions of value; may be negative and need not sum to one. Empty: a book without risk,
        and without sessions.
    name : str
        Name of the book.

    Returns
    -------
    History
        Unclean where a date between the two closes is an expected session of every holding and
        yet none of the book, or where any holding's move is a break.

    Raises
    ------
    ValueError
        If the book is named like an instrument, or a holding is unknown, is a rate, a spread or
        a price that moves by differences, or has a weight that is not finite.
    """
    _check_book(market, weights, name)
    holdings = [market.instruments[holding] for holding in weights]
    if not holdings:
        nowhere = pd.DatetimeIndex([], dtype="datetime64[ns]")
        none = np.empty(0)
        return History(name, "book", nowhere, none, none.astype(bool), nowhere.tz_localize("UTC"))
    expected = market.sessions[holdings[0].name]
    for holding in holdings[1:]:
        expected = expected.intersection(market.sessions[holding.name])
    names = list(weights)
    close = _values(market.close, names, expected)
    usable = np.isfinite(close) & ~_flags(market.imputed, names, expected)
    steps = _Steps.between(usable.all(axis=1))
    moves = close[steps.end] / close[steps.start] - 1.0
    dates = expected[steps.end]
    # A break on a date that only some holdings trade lies inside a bridged move.
    broken = _flags(market.breaks, names, market.close.index).any(axis=1)
    ends = market.close.index.searchsorted(dates)
    starts = market.close.index.searchsorted(expected[steps.start])
    return History(
        name=name,
        asset_class="book",
        dates=dates,
        returns=moves @ np.fromiter(weights.values(), dtype=np.float64),
        clean=~steps.gap & ~_touched(broken, _Steps(starts, ends, steps.gap)),
        origins=_latest_origin(holdings, dates, market),
    )


@dataclass(frozen=True, slots=True)
class _Steps:
    """Moves between consecutive usable rows of an axis of expected sessions.

    Attributes
    ----------
    start, end : int array of shape (step,)
        Rows of the two closes.
    gap : bool array of shape (step,)
        True where an expected session lies between them.
    """

    start: NDArray[np.intp]
    end: NDArray[np.intp]
    gap: NDArray[np.bool_]

    @staticmethod
    def between(usable: NDArray[np.bool_]) -> _Steps:
        rows = np.flatnonzero(usable)
        return _Steps(rows[:-1], rows[1:], np.diff(rows) > 1)


def _touched(flag: NDArray[np.bool_], steps: _Steps) -> NDArray[np.bool_]:
    """Whether a flag is set on any row after the start of a step, up to its end."""
    seen = np.concatenate([[0], np.cumsum(flag)])
    return seen[steps.end + 1] > seen[steps.start + 1]


def _values(frame: pd.DataFrame, names: list[str], dates: pd.DatetimeIndex) -> NDArray[np.float64]:
    return frame.reindex(index=dates, columns=names).to_numpy(dtype=np.float64)


def _flags(frame: pd.DataFrame, names: list[str], dates: pd.Index) -> NDArray[np.bool_]:
    """Flags of the named columns; what the frame does not mention is not flagged."""
    return frame.reindex(index=dates, columns=names, fill_value=False).to_numpy(dtype=np.bool_)


def _latest_origin(
    holdings: list[Instrument], dates: pd.DatetimeIndex, market: MarketData
) -> pd.DatetimeIndex:
    closes = [close_instants(item, dates, market.sessions[item.name]).asi8 for item in holdings]
    latest = np.maximum.reduce(closes)
    return pd.DatetimeIndex(latest.astype("datetime64[ns]")).tz_localize("UTC") + ORIGIN_DELAY


def _check_book(market: MarketData, weights: Mapping[str, float], name: str) -> None:
    if name in market.instruments:
        raise ValueError(
            f"name {name!r} is an instrument's: a forecast table could not tell them "
            "apart. Rename the book."
        )
    for holding, weight in weights.items():
        if holding not in market.instruments:
            raise ValueError(
                f"weights of {name} hold {holding!r}, which is not in the market or was rejected. "
                "Remove it, or mend its feed."
            )
        instrument = market.instruments[holding]
        if not instrument.holdable:
            raise ValueError(
                f"weights of {name} hold {holding!r}, a {instrument.kind} that moves by "
                f"{instrument.move}: a risk factor, not a holding. Hold an instrument on it."
            )
        if not np.isfinite(weight):
            raise ValueError(
                f"weights of {name} must be finite, got {weight} for {holding!r}. "
                "A missing weight is not zero."
            )
