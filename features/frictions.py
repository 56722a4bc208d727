"""What a trade in each series costs and which way its orders lean: columns of the panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.liquidity import amihud_surprise, volume_surprise
from features.market import MarketData
from features.orderflow import SessionFlow, session_flow
from features.returns import History, instrument_history
from features.spreads import abdi_ranaldo_spread, corwin_schultz_spread, edge_spread
from features.trend import above_trend, log_level

TREND = 60
"""Sessions before, against which turnover and depth are held."""
LEAST_HELD_KNOWN = 0.5
"""Share of a book's gross weight whose holdings must show a feature for the book to have it."""


@dataclass(frozen=True, slots=True)
class Traded:
    """What one instrument showed at each of its sessions: bars, turnover and order flow."""

    returns: NDArray[np.float64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    dollar_volume: NDArray[np.float64]
    flow: SessionFlow


Columns = Mapping[str, Callable[[Traded], NDArray[np.float64]]]

FRICTIONS: Mapping[str, Columns] = MappingProxyType(
    {
        "liquidity": {
            "spread": lambda of: _quoted_or(of, edge_spread(of.open, of.high, of.low, of.close)),
            "spread_corwin_schultz": lambda of: corwin_schultz_spread(of.high, of.low),
            "spread_abdi_ranaldo": lambda of: abdi_ranaldo_spread(of.high, of.low, of.close),
            "amihud_surprise": lambda of: amihud_surprise(of.returns, of.dollar_volume),
            "turnover_surprise_60": lambda of: volume_surprise(of.dollar_volume, window=TREND),
        },
        "orderflow": {
            "quoted_spread": lambda of: of.flow.quoted_spread,
            "effective_spread": lambda of: of.flow.effective_spread,
            "depth_surprise_60": lambda of: above_trend(log_level(of.flow.depth), window=TREND),
            "flow_imbalance": lambda of: of.flow.flow_imbalance,
            "trade_imbalance": lambda of: of.flow.trade_imbalance,
            "volatility_intraday": lambda of: of.flow.volatility,
        },
    }
)
"""Features by modality. Spreads are fractions of the price, surprises logs, imbalances from -1 to
1, and the volatility is per session. ``spread`` is the quoted one where there are quotes of the
session, else EDGE of the last month: what was quoted wins over what is estimated."""

NAMES = tuple(name for columns in FRICTIONS.values() for name in columns)
SIGNED = ("flow_imbalance", "trade_imbalance")
"""What leans for a holding that is long leans against one that is short."""
NOT_OF_BOOKS = ("volatility_intraday",)
"""A book's volatility is no mean of its holdings'."""


def frictions(market: MarketData, histories: Sequence[History]) -> dict[str, NDArray[np.float64]]:
    """Liquidity and order flow of each series at its own origins.

    A book has the mean of its holdings, by absolute weight of today's book (signed for an
    imbalance), over those that are known where they make up half of its gross weight; it is not
    known where the weights are not. Its ``volatility_intraday`` is never known.

    Parameters
    ----------
    market : MarketData
    histories : sequence of History
        Of instruments and of books.

    Returns
    -------
    dict of history name to array of shape (time, feature)
        In the order of `NAMES`; NaN where not known.
    """
    ready = {history.name: history for history in histories}
    shown: dict[str, pd.DataFrame] = {}

    def of_instrument(name: str) -> pd.DataFrame:
        if name not in shown:
            history = ready.get(name) or instrument_history(market, name)
            traded = _traded(market, history)
            columns = [feature(traded) for one in FRICTIONS.values() for feature in one.values()]
            shown[name] = pd.DataFrame(np.column_stack(columns), history.dates)
        return shown[name]

    found: dict[str, NDArray[np.float64]] = {}
    for history in histories:
        if history.name in market.instruments:
            found[history.name] = of_instrument(history.name).to_numpy()
        else:
            weights = market.portfolios.get(history.name, {})
            held = {name: of_instrument(name) for name, weight in weights.items() if weight != 0.0}
            found[history.name] = _of_book(history, weights, held)
    return found


def _traded(market: MarketData, history: History) -> Traded:
    rows = market.close.index.get_indexer(history.dates)
    nothing = np.full(len(history.dates), np.nan)

    def column(field: str) -> NDArray[np.float64]:
        frame = market.close if field == "close" else market.bars.get(field)
        if frame is None or history.name not in frame:
            return nothing
        return np.asarray(frame[history.name], dtype=np.float64)[rows]

    return Traded(
        returns=history.returns,
        open=column("open"),
        high=column("high"),
        low=column("low"),
        close=column("close"),
        dollar_volume=column("dollar_volume"),
        flow=session_flow(market, history.name, history.dates),
    )


def _of_book(
    history: History, weights: Mapping[str, float], held: Mapping[str, pd.DataFrame]
) -> NDArray[np.float64]:
    """Mean over the holdings, each as it was on the date."""
    shape = (len(history.dates), len(NAMES))
    total, known = np.zeros(shape), np.zeros(shape)
    signed = np.isin(NAMES, SIGNED)
    for name, columns in held.items():
        values = columns.reindex(history.dates).to_numpy()
        there = np.isfinite(values)
        leaning = np.where(signed, weights[name], abs(weights[name]))
        total += np.where(there, leaning * np.where(there, values, 0.0), 0.0)
        known += np.where(there, abs(weights[name]), 0.0)
    gross = sum(abs(weights[name]) for name in held)
    enough = (known > 0.0) & (known >= LEAST_HELD_KNOWN * gross) & ~np.isin(NAMES, NOT_OF_BOOKS)
    return np.divide(total, known, out=np.full(shape, np.nan), where=enough)


def _quoted_or(of: Traded, estimate: NDArray[np.float64]) -> NDArray[np.float64]:
    quoted = of.flow.quoted_spread
    return np.where(np.isfinite(quoted), quoted, estimate)
