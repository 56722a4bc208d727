"""Realised simple returns of instruments and books, with the instants at which they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
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
        raise ValueError(
            f"name must be an instrument that survived the gate, got {name!r}. "
            "See its finding, or the spelling."
        )
    instrument = market.instruments[name]
    sessions = market.sessions[name]
    close = _column(market.close, name, sessions)
    imputed = _flags(market.imputed, name, sessions)
    start, end = _steps(np.isfinite(close))
    moves = close[end] - close[start]
    if instrument.move == "log":
        moves = close[end] / close[start] - 1.0
    gap = end - start > 1
    broken = _broken(market, [name], sessions.take(start), sessions.take(end))
    dates = sessions.take(end)
    return History(
        name=name,
        asset_class=instrument.asset_class,
        dates=dates,
        returns=moves,
        clean=~(gap | imputed[start] | imputed[end] | broken),
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
    expected = _common_sessions(market, list(weights))
    close = {holding: _column(market.close, holding, expected) for holding in weights}
    usable = np.full(len(expected), True)
    for holding, path in close.items():
        usable &= np.isfinite(path) & ~_flags(market.imputed, holding, expected)
    start, end = _steps(usable)
    returns = np.zeros(len(end))
    # Not a matrix product: that rounds by its number of rows, and the future would show.
    for holding, weight in weights.items():
        returns += weight * (close[holding][end] / close[holding][start] - 1.0)
    gap = end - start > 1
    broken = _broken(market, list(weights), expected.take(start), expected.take(end))
    dates = expected.take(end)
    return History(
        name=name,
        asset_class="book",
        dates=dates,
        returns=returns,
        clean=~(gap | broken),
        origins=_latest_origins(market, holdings, dates),
    )


def compounded(returns: Float[np.ndarray, " time"], *, horizon: int) -> Float[np.ndarray, " time"]:
    """Simple return over the ``horizon`` sessions that follow each row: their product less one.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns of one session each; one that is NaN makes every span that holds it NaN.
    horizon : int
        Sessions.

    Returns
    -------
    array of shape (time,)
        NaN in the last ``horizon`` rows, whose sessions have not all come.
    """
    total = np.full(len(returns), np.nan)
    spans = max(len(returns) - horizon, 0)
    if horizon == 1:
        total[:spans] = returns[1:]  # as it is: adding one and taking it away would round
        return total
    growth = np.ones(spans)
    for step in range(1, horizon + 1):
        growth *= 1.0 + returns[step : step + spans]
    total[:spans] = growth - 1.0
    return total


def _steps(usable: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows at which the moves between consecutive usable closes start and end."""
    rows = np.flatnonzero(usable)
    return rows[:-1], rows[1:]


def _broken(
    market: MarketData, names: list[str], start: pd.DatetimeIndex, end: pd.DatetimeIndex
) -> NDArray[np.bool_]:
    """Whether any of the series breaks after the start of a move, up to its end."""
    known = [name for name in names if name in market.breaks.columns]
    dates = pd.DatetimeIndex(market.breaks.index[market.breaks[known].any(axis=1)])
    return dates.searchsorted(end, side="right") > dates.searchsorted(start, side="right")


def _common_sessions(market: MarketData, names: list[str]) -> pd.DatetimeIndex:
    """Dates that are expected sessions of every one of the instruments."""
    if not names:
        return pd.DatetimeIndex([], dtype="datetime64[ns]")
    common = market.sessions[names[0]]
    for name in names[1:]:
        common = pd.DatetimeIndex(common.intersection(market.sessions[name]))
    return common


def _latest_origins(
    market: MarketData, holdings: list[Instrument], dates: pd.DatetimeIndex
) -> pd.DatetimeIndex:
    """Origin of the holding whose close is known last, on each date."""
    latest = np.full(len(dates), np.iinfo(np.int64).min)
    for holding in holdings:
        closes = close_instants(holding, dates, market.sessions[holding.name])
        latest = np.maximum(latest, closes.asi8)
    return pd.DatetimeIndex(latest.astype("datetime64[ns]")).tz_localize("UTC") + ORIGIN_DELAY


def _column(frame: pd.DataFrame, name: str, dates: pd.DatetimeIndex) -> NDArray[np.float64]:
    return frame[name].reindex(dates).to_numpy(dtype=np.float64)


def _flags(frame: pd.DataFrame, name: str, dates: pd.DatetimeIndex) -> NDArray[np.bool_]:
    return frame[name].reindex(dates, fill_value=False).to_numpy(dtype=np.bool_)


def _check_book(market: MarketData, weights: Mapping[str, float], name: str) -> None:
    if name in market.instruments:
        raise ValueError(
            f"name {name!r} is an instrument's: a forecast table could not tell the two apart. "
            "Rename the book."
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
