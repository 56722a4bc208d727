"""What quotes, orders and bars within the day showed of each session, by its origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from numpy.typing import NDArray

from features.asof import ticks
from features.calendars import EVERY_DAY, close_instants
from features.market import MarketData
from features.quotes import BestQuotes, best_quotes, flow_imbalance, quoted_depth, quoted_spread

TRADING = pd.Timedelta(hours=6.5)
"""Trading hours of a session: those before its close. New York's are as long; around the clock
(calendar ``24/7``) they are a day. Quotes before the opening are wide, and nobody trades on them.
"""
FEWEST_BARS, USUAL, SHARE = 3, 20, 2.0 / 3.0
"""Bars of a session, sessions that say how many are usual, and the share of them that is needed:
a volatility of half a day is not the day's."""


@dataclass(frozen=True, slots=True)
class SessionFlow:
    """Order flow of one instrument in the trading hours of each session; NaN where not known.

    Attributes
    ----------
    quoted_spread : array of shape (time,)
        Mean spread over the middle, a pure number, weighted by the time each quote stood.
    effective_spread : array of shape (time,)
        Twice the signed distance of trades from the middle before them, over that middle, weighted
        by size; a pure number.
    depth : array of shape (time,)
        Value shown on the mean of both sides, in currency.
    flow_imbalance : array of shape (time,)
        Demand less supply at the best quotes, from -1 to 1 (`quotes.flow_imbalance`).
    trade_imbalance : array of shape (time,)
        Size bought less size sold over both, from -1 to 1.
    volatility : array of shape (time,)
        Root of the sum of squared log returns of bars, per session, a pure number. The night is
        not in it.
    """

    quoted_spread: NDArray[np.float64]
    effective_spread: NDArray[np.float64]
    depth: NDArray[np.float64]
    flow_imbalance: NDArray[np.float64]
    trade_imbalance: NDArray[np.float64]
    volatility: NDArray[np.float64]


def session_flow(market: MarketData, name: str, dates: pd.DatetimeIndex) -> SessionFlow:
    """Order flow of one instrument, session by session.

    Each session stands alone: it begins without a quote, and ends at its close, an hour before
    its origin.

    Parameters
    ----------
    market : MarketData
    name : str
        An instrument of the market.
    dates : DatetimeIndex of shape (time,)
        Sessions of the instrument, ascending.
    """
    flow = unknown_flow(len(dates))
    if not any(
        _tells_of(events, name) for events in (market.intraday, market.quotes, market.orders)
    ):
        return flow
    instrument = replace(market.instruments[name], lag_sessions=0)
    closes = ticks(close_instants(instrument, dates))
    hours = pd.Timedelta(days=1) if instrument.calendar == EVERY_DAY else TRADING
    opens = closes - hours.value
    opens[1:] = np.maximum(opens[1:], closes[:-1])
    flow.volatility[:] = _realised(_of(market.intraday, name), opens, closes)
    quotes, orders = _quotes(market, name), _trades(market, name)
    best = {
        row: best_quotes(**{field: values[start:end] for field, values in quotes.items()})
        for row, start, end in _sessions(quotes["time"], opens, closes)
    }
    for row, of_session in best.items():
        flow.quoted_spread[row] = quoted_spread(of_session, until=int(closes[row]))
        flow.depth[row] = quoted_depth(of_session, until=int(closes[row]))
        flow.flow_imbalance[row] = flow_imbalance(of_session)
    for row, start, end in _sessions(orders["time"], opens, closes):
        of_session = {field: values[start:end] for field, values in orders.items()}
        effective, imbalance = _paid(of_session, best.get(row))
        flow.effective_spread[row], flow.trade_imbalance[row] = effective, imbalance
    return flow


def unknown_flow(sessions: int) -> SessionFlow:
    """The flow of a series of which nothing is told."""
    return SessionFlow(*(np.full(sessions, np.nan) for _ in fields(SessionFlow)))


def trade_signs(
    price: Float[np.ndarray, " trade"],
    middle: Float[np.ndarray, " trade"],
    side: Float[np.ndarray, " trade"] | None = None,
) -> Float[np.ndarray, " trade"]:
    """Who started each trade: 1 a buyer, -1 a seller, 0 nobody knows.

    A side that is given counts. Else a trade above the middle before it was a purchase and one
    below a sale; at the middle, or without a quote, the last change of the trade price decides.

    Parameters
    ----------
    price : array of shape (trade,)
        In order of time; NaN where not known.
    middle : array of shape (trade,)
        Middle of the last quote before each trade; NaN where there is none.
    side : array of shape (trade,), optional
        1, -1, or 0 where not given.

    References
    ----------
    Lee and Ready (1991), *Inferring trade direction from intraday data*, without their delay of
    five seconds: today's quotes are stamped in the same clock.
    """
    by_quote = np.sign(np.nan_to_num(price - middle))
    known = np.flatnonzero(np.isfinite(price))
    change = np.sign(np.diff(price[known], prepend=price[known][:1]))
    last = np.maximum.accumulate(np.where(change != 0.0, np.arange(len(change)), 0))
    by_tick = np.zeros(len(price))
    by_tick[known] = change[last] if len(change) else 0.0
    signs = np.where(by_quote != 0.0, by_quote, by_tick)
    return signs if side is None else np.where(side != 0.0, side, signs)


def _paid(trades: Mapping[str, Any], quotes: BestQuotes | None) -> tuple[float, float]:
    """Effective spread and signed share of the trades of one session."""
    price, size = trades["price"], trades["size"]
    middle = np.full(len(price), np.nan)
    if quotes is not None:
        before = np.searchsorted(quotes.time, trades["time"], side="left") - 1
        middle = np.where(before >= 0, quotes.middle[before], np.nan)
    signs = trade_signs(price, middle, trades["side"])
    signed = np.where(signs != 0.0, size, 0.0)
    priced = np.where(np.isfinite(price - middle), signed, 0.0)
    distance = np.nan_to_num(2.0 * signs * (price - middle) / middle)
    return (
        _ratio(float(distance @ priced), priced.sum()),
        _ratio(float(signs @ signed), signed.sum()),
    )


def _realised(
    bars: pd.DataFrame, opens: NDArray[np.int64], closes: NDArray[np.int64]
) -> Float[np.ndarray, " time"]:
    volatility, count = np.full(len(closes), np.nan), np.zeros(len(closes))
    if not len(bars):
        return volatility
    time, close, first = _instants(bars), _numbers(bars, "close"), _numbers(bars, "open")
    for row, start, end in _sessions(time, opens, closes):
        path = np.log(np.append(first[start], close[start:end]))
        volatility[row], count[row] = np.sqrt(np.sum(np.diff(path) ** 2)), end - start
    counted = pd.Series(np.where(count > 0, count, np.nan))
    usual = counted.rolling(USUAL, min_periods=1).median().to_numpy()
    enough = (count >= FEWEST_BARS) & (count >= SHARE * np.nan_to_num(usual))
    return np.where(enough, volatility, np.nan)


def _sessions(
    time: Int[np.ndarray, " event"], opens: NDArray[np.int64], closes: NDArray[np.int64]
) -> Iterator[tuple[int, int, int]]:
    """Sessions in whose trading hours something happened, with the rows of it."""
    start = np.searchsorted(time, opens, side="right")
    end = np.searchsorted(time, closes, side="right")
    for row in np.flatnonzero(end > start):
        yield int(row), int(start[row]), int(end[row])


def _quotes(market: MarketData, name: str) -> dict[str, Any]:
    """Quotes of one instrument as `best_quotes` takes them."""
    rows = _of(market.quotes, name)
    columns: dict[str, Any] = {"time": _instants(rows)}
    for field in ("bid", "ask", "bid_size", "ask_size"):
        columns[field] = _numbers(rows, field)
    if "exchange" in rows:
        columns["exchange"] = rows["exchange"].cat.codes.to_numpy()
    if "bid_depth" in rows and "ask_depth" in rows:
        columns |= {field: _numbers(rows, field) for field in ("bid_depth", "ask_depth")}
    return columns


def _trades(market: MarketData, name: str) -> dict[str, Any]:
    """Trades of one instrument: instants, sizes, prices, and 1 or -1 where the side is given."""
    rows = _of(market.orders, name)
    if "kind" in rows:
        rows = rows[rows["kind"].isin(["trade", ""])]
    side = rows["side"] if "side" in rows else pd.Series(dtype=object)
    return {
        "time": _instants(rows),
        "size": _numbers(rows, "size"),
        "price": _numbers(rows, "price"),
        "side": np.asarray(side == "buy", dtype=np.float64) - np.asarray(side == "sell"),
    }


def _numbers(rows: pd.DataFrame, field: str) -> Float[np.ndarray, " event"]:
    return rows[field].to_numpy(dtype=np.float64) if field in rows else np.full(len(rows), np.nan)


def _tells_of(events: pd.DataFrame, name: str) -> bool:
    return len(events) > 0 and bool((events["instrument"] == name).any())


def _of(events: pd.DataFrame, name: str) -> pd.DataFrame:
    """Events of one instrument, in order of time."""
    return events[events["instrument"] == name] if len(events) else events


def _instants(events: pd.DataFrame) -> Int[np.ndarray, " event"]:
    return ticks(pd.DatetimeIndex(events["time"])) if len(events) else np.empty(0, dtype=np.int64)


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below > 0 else float("nan")
