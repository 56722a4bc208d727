"""What moved in the past, put to a book of quantities as it is today.

A series that moves by differences and is followed by a factor that moves by logarithm (a credit
spread, a volatility) hands on its relative move of then: four hundred basis points on top of three
hundred are another thing than on top of a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.calendars import close_instants
from features.market import ORIGIN_DELAY, MarketData
from flows.refusal import RefusedError
from flows.risk.revalued import PositionPnl, Quantities
from models.base import Asset

BLOCK = 8192
"""Moves that are revalued at a time."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Closes of every series that a book of quantities follows, on sessions of all its prices.

    Attributes
    ----------
    book : Quantities
    assets : tuple of Asset
    dates : DatetimeIndex of shape (time,)
        On which every price and exchange rate has a close that was not imputed; of a book that
        follows none, every series.
    origins : DatetimeIndex of shape (time,), UTC
        Instant at which a forecast from that session is made: the latest of these closes, plus an
        hour.
    close : array of shape (time, asset)
        Of a rate, a spread or an index that cannot be held the last one by that date; NaN before
        its first.
    """

    book: Quantities
    assets: tuple[Asset, ...]
    dates: pd.DatetimeIndex
    origins: pd.DatetimeIndex
    close: Float[np.ndarray, "time asset"]

    def late(self, first: pd.Timestamp) -> list[str]:
        """Series that had no close before a date."""
        before = self.close[self.dates < first]
        known = np.flatnonzero(np.isfinite(before).any(axis=0)).tolist()
        return [one.instrument for k, one in enumerate(self.assets) if k not in known]

    def pnl(self, start: Sequence[int], end: Sequence[int]) -> PositionPnl:
        """P&L of every position had today's market moved as from one row to another.

        Parameters
        ----------
        start, end : sequences of int
            Rows, pair by pair.

        Raises
        ------
        RefusedError
            If a series that a logarithm follows was not above zero, or a value is not finite.
        """
        parts = [
            self._block(start[at : at + BLOCK], end[at : at + BLOCK])
            for at in range(0, len(start), BLOCK)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.book.held)))

    def _block(self, start: Sequence[int], end: Sequence[int]) -> PositionPnl:
        before, after = self.close[np.asarray(start)], self.close[np.asarray(end)]
        in_logs = np.array([one.move == "log" for one in self.assets])
        today = np.array([one.last_close for one in self.assets])
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = after / before
            plain = np.where(in_logs, np.log(ratio), after - before)
            scaled = np.where(in_logs, plain, today * (ratio - 1.0))
        # A rate may pass through zero: nobody follows its ratio, and it must not spoil the rest.
        scaled = np.where(np.isfinite(scaled), scaled, plain)
        for_logs = self.book.factor_moves(self.assets, scaled)
        moves = np.where(
            [one.move == "log" for one in for_logs.factors],
            for_logs.moves,
            self.book.factor_moves(self.assets, plain).moves,
        )
        return self.book.revalued(replace(for_logs, moves=moves))


def followed(book: Quantities, market: MarketData, *, as_known: bool = False) -> Followed:
    """Closes of what a book follows, among all series that the market has.

    Parameters
    ----------
    book : Quantities
    market : MarketData
    as_known : bool
        Whether what is published later enters as it was known at the origin, for a forecast made
        then; by default as it was.

    Raises
    ------
    RefusedError
        If a price of the book has no close, or it follows no series at all.
    """
    every = _assets(market)
    assets = tuple(every[k] for k in book.places(every))
    if not assets:
        raise RefusedError("portfolio: no series of the market moves the book: it has no past.")
    prices = priced_by(assets)
    usable = market.close[prices].notna().all(axis=1) & ~market.imputed[prices].any(axis=1)
    dates = pd.DatetimeIndex(market.close.index[usable])
    origins = _origins(market, prices, dates)
    columns = [
        market.close[one.instrument].reindex(dates).to_numpy(dtype=np.float64)
        if one.instrument in prices
        else _last(market, one.instrument, dates, origins if as_known else None)
        for one in assets
    ]
    return Followed(book, assets, dates, origins, np.column_stack(columns))


def priced_by(assets: Sequence[Asset]) -> list[str]:
    """The series whose sessions are the book's: its prices and exchange rates, if it has any."""
    prices = [one.instrument for one in assets if one.kind in ("price", "fx")]
    return prices or [one.instrument for one in assets]


def _assets(market: MarketData) -> tuple[Asset, ...]:
    """Every series of a market as a set has it."""
    found: list[Asset] = []
    for name, one in market.instruments.items():
        last = market.close[name].last_valid_index()
        if last is not None:
            close = float(market.close[name].loc[last])
            found.append(Asset(name, one.kind, one.move, one.currency, close))
    return tuple(found)


def _origins(
    market: MarketData, prices: Sequence[str], dates: pd.DatetimeIndex
) -> pd.DatetimeIndex:
    latest = np.full(len(dates), np.iinfo(np.int64).min)
    for name in prices:
        closes = close_instants(market.instruments[name], dates, market.sessions[name])
        latest = np.maximum(latest, closes.asi8)
    return pd.DatetimeIndex(latest.astype("datetime64[ns]")).tz_localize("UTC") + ORIGIN_DELAY


def _last(
    market: MarketData, name: str, dates: pd.DatetimeIndex, origins: pd.DatetimeIndex | None
) -> Float[np.ndarray, " time"]:
    """Last value of each date; or, given origins, the last that was known at each."""
    own = market.close[name].dropna()
    when = pd.DatetimeIndex(own.index)
    if origins is None:
        row = when.searchsorted(dates, side="right") - 1
    else:
        known = close_instants(market.instruments[name], when, market.sessions[name])
        row = known.searchsorted(origins, side="right") - 1
    values = np.append(own.to_numpy(dtype=np.float64), np.nan)
    return values[row]  # before its first value the row is -1: what is not known
