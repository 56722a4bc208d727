"""The cross-section: what was known of every instrument at one instant a date.

Markets close at different times, so that the closes of one date are not one moment: an FX fixing
at 14:15 in Berlin precedes New York's close by hours. Each date is therefore seen at a single
instant, at which half of the instruments trading that date have had their origin; an instrument
that closes later, such as bitcoin, is seen with its close of the date before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from numpy.typing import NDArray

from features.asof import DAILY, last_known, ticks
from features.instruments import Instrument
from features.market import ORIGIN_DELAY, MarketData
from features.returns import History, instrument_history
from features.volatility import ewma_volatility

BLOCKS = ("equity", "government", "credit", "currency", "commodity")
_BLOCK_OF_WORD = {
    "volatility": "",
    "real estate": "equity",
    "credit": "credit",
    "corporate": "credit",
    "high yield": "credit",
    "loan": "credit",
    "bond": "government",
    "government": "government",
    "treasury": "government",
    "stock": "equity",
    "equity": "equity",
    "commodity": "commodity",
    "metal": "commodity",
    "energy": "commodity",
    "index": "equity",
}
"""The first of these words found in an asset class decides; without any it is in no block."""

FAST, SLOW, TRAILING = 3.0, 120.0, 30.0
"""Half-lives in sessions: of a surge's two volatilities, and of the scale of a move."""

SETTLING = 20
"""Returns an instrument needs before its moves are measured against its own volatility."""

LARGEST_MOVE, LARGEST_SURGE = 8.0, 3.0
"""Bounds of one instrument's voice: a peg that breaks has moved by hundreds of its sigmas."""


@dataclass(frozen=True, slots=True)
class CrossSection:
    """Every holdable instrument at one instant a date.

    Attributes
    ----------
    instants : DatetimeIndex of shape (time,), UTC
        Strictly ascending; all of a row is known by then.
    blocks : tuple of str, one an instrument
        One of `BLOCKS`, or empty.
    returns : array of shape (time, instrument)
        Simple return of the session that closed since the instant before; NaN where none did.
    moves : array of shape (time, instrument)
        The same over the volatility forecast before it; a foreign currency's rise is positive.
    surges : array of shape (time, instrument)
        Log of fast over slow volatility; NaN where nothing has closed for ten days.
    """

    instants: pd.DatetimeIndex
    blocks: tuple[str, ...]
    returns: NDArray[np.float64]
    moves: NDArray[np.float64]
    surges: NDArray[np.float64]

    def members(self, block: str) -> NDArray[np.bool_]:
        """Which instruments belong to a block."""
        return np.array([own == block for own in self.blocks], dtype=np.bool_)

    def block_moves(self) -> Float[np.ndarray, "time block"]:
        """Mean standardised move of each of `BLOCKS`; NaN where none of its members moved."""
        return np.column_stack([asset_mean(self.moves[:, self.members(block)]) for block in BLOCKS])


def block_of(instrument: Instrument) -> str:
    """Block of an instrument by the words of its asset class; FX rates form their own."""
    if instrument.kind == "fx":
        return "currency"
    text = instrument.asset_class.lower()
    return next((block for word, block in _BLOCK_OF_WORD.items() if word in text), "")


def asset_mean(values: Float[np.ndarray, "time asset"]) -> Float[np.ndarray, " time"]:
    """Mean over the assets known at each time; NaN where none is."""
    total, count = asset_sum(values)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)


def asset_sum(
    values: Float[np.ndarray, "time asset"],
) -> tuple[Float[np.ndarray, " time"], Int[np.ndarray, " time"]]:
    """Sum over the assets known at each time, and how many they are.

    Added up asset by asset: numpy sums a row in an order that depends on its length, and an
    instrument that lists tomorrow must not move the last bit of yesterday's mean.
    """
    total = np.zeros(len(values))
    count = np.zeros(len(values), dtype=np.int64)
    for column in values.T:
        known = np.isfinite(column)
        total += np.where(known, column, 0.0)
        count += known
    return total, count


def market_section(market: MarketData, histories: Sequence[History]) -> CrossSection:
    """The cross-section of all that can be held in a market.

    Parameters
    ----------
    market : MarketData
    histories : sequence of History
        Those that are there already, of books or of instruments; the others are made.

    Raises
    ------
    ValueError
        If nothing that can be held has a return.
    """
    ready = {history.name: history for history in histories}
    holdable = [
        ready[name] if name in ready else instrument_history(market, name)
        for name, instrument in market.instruments.items()
        if instrument.holdable
    ]
    return cross_section(
        market.instruments, [history for history in holdable if len(history.dates)]
    )


def cross_section(
    instruments: Mapping[str, Instrument], histories: Sequence[History]
) -> CrossSection:
    """See all instruments at one instant of each date on which at least half of them trade.

    Parameters
    ----------
    instruments : mapping of name to Instrument
    histories : sequence of History
        Of instruments, not of books, each with at least one return; moves that are not clean
        are left out.

    Raises
    ------
    ValueError
        If there is no history.
    """
    if not histories:
        raise ValueError("histories must not be empty, got none. Add an instrument of kind price.")
    instants = _instants(instruments, histories)
    shape = (len(instants), len(histories))
    returns, moves, surges = (np.full(shape, np.nan) for _ in range(3))
    for column, history in enumerate(histories):
        closes = history.origins - ORIGIN_DELAY
        row = last_known(closes, instants)
        traded = np.diff(row, prepend=-1) > 0
        own = np.where(history.clean, history.returns, np.nan)
        returns[traded, column] = own[row[traded]]
        upward = _upward(instruments[history.name])
        moves[traded, column] = upward * _standardised(own)[row[traded]]
        age = (ticks(instants) - ticks(closes)[row]).astype("timedelta64[ns]")
        alive = (row >= 0) & (age <= np.timedelta64(DAILY))
        surges[alive, column] = _surge(own)[row[alive]]
    return CrossSection(
        instants=instants,
        blocks=tuple(block_of(instruments[history.name]) for history in histories),
        returns=returns,
        moves=moves,
        surges=surges,
    )


def _upward(instrument: Instrument) -> float:
    """Sign that makes a rise of the foreign currency against the dollar positive."""
    return -1.0 if instrument.kind == "fx" and instrument.currency != "USD" else 1.0


def _standardised(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    before = np.full(len(returns), np.nan)
    before[1:] = ewma_volatility(returns, half_life=TRAILING)[:-1]
    before[:SETTLING] = np.nan
    move = np.divide(returns, before, out=np.full(len(returns), np.nan), where=before > 0.0)
    return np.clip(move, -LARGEST_MOVE, LARGEST_MOVE)


def _surge(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    fast = ewma_volatility(returns, half_life=FAST)
    slow = ewma_volatility(returns, half_life=SLOW)
    moved = (fast > 0.0) & (slow > 0.0)
    moved[:SETTLING] = False
    surge = np.log(np.divide(fast, slow, out=np.full(len(returns), np.nan), where=moved))
    return np.clip(surge, -LARGEST_SURGE, LARGEST_SURGE)


def _instants(
    instruments: Mapping[str, Instrument], histories: Sequence[History]
) -> pd.DatetimeIndex:
    """When half of the instruments trading on a date have had their origin, date by date.

    Dates on which less than half of those then listed trade are none of the cross-section's:
    a market that never closes does not make a session of a Sunday.
    """
    dates = pd.DatetimeIndex(np.unique(np.concatenate([h.dates.to_numpy() for h in histories])))
    never = np.iinfo(np.int64).max
    origins = np.full((len(dates), len(histories)), never)
    listed = np.zeros(len(dates), dtype=np.int64)
    for column, history in enumerate(histories):
        origins[dates.get_indexer(history.dates), column] = ticks(history.origins)
        last = instruments[history.name].listed_to or dates[-1]
        listed += (dates >= history.dates[0]) & (dates <= last)
    trading = np.sum(origins < never, axis=1)
    origins.sort(axis=1)
    half = origins[np.arange(len(dates)), trading // 2]
    return pd.DatetimeIndex(np.unique(half[2 * trading >= listed]), tz="UTC")
