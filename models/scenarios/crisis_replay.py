"""A past crisis from today's closes: its own sessions, in the order they came and in others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Float32

from features.market import MarketData
from models.base import Asset


@dataclass(frozen=True, slots=True)
class CrisisSessions:
    """What assets did in each session of a crisis.

    Attributes
    ----------
    dates : DatetimeIndex of shape (session,)
        On which at least half of the assets have a close.
    moves : array of shape (session, asset)
        Since the session before, in each asset's own move, but logarithmic where ``level`` is
        finite; zero on a holiday, whose move comes with the next close.
    level : array of shape (asset,)
        Today's close of each credit spread, which a path moves by the same share and not by as
        many basis points: from a low spread these would lead below zero. NaN for all others.
    """

    dates: pd.DatetimeIndex
    moves: Float[np.ndarray, "session asset"]
    level: Float[np.ndarray, " asset"]

    def stretches(
        self, horizon: int, *, severity: float = 1.0
    ) -> Float[np.ndarray, "stretch step asset"]:
        """Every run of so many sessions as they came, the earliest first."""
        first = np.arange(len(self.dates) - horizon + 1)
        return self._own(severity * self.moves[first[:, None] + np.arange(horizon)])

    def replayed(
        self, *, paths: int, horizon: int, seed: int, severity: float = 1.0
    ) -> Float32[np.ndarray, "path step asset"]:
        """Paths through the crisis: every stretch as it came, then its sessions in other orders.

        Each session of each path is one session of all assets at once, with its moves as they
        were: not scaled to today's volatility, and credit spreads by the share that they moved.
        After the stretches sessions are drawn independently with replacement, so that a set of any
        size speaks of the same crisis.

        Parameters
        ----------
        paths, horizon : int
        seed : int
            Of the orders.
        severity : float
            Multiplies every move.

        Raises
        ------
        ValueError
            If the crisis has fewer sessions than the horizon.
        """
        if not 1 <= horizon <= len(self.dates):
            raise ValueError(
                f"horizon must lie in 1 to {len(self.dates)}, the sessions of the crisis that the "
                f"data cover, got {horizon}. Ask for fewer sessions."
            )
        rows = np.random.default_rng(seed).integers(0, len(self.dates), (paths, horizon))
        moves = self._own(severity * self.moves[rows])
        whole = self.stretches(horizon, severity=severity)[:paths]
        moves[: len(whole)] = whole
        return moves.astype(np.float32)

    def _own(
        self, moves: Float[np.ndarray, "path step asset"]
    ) -> Float[np.ndarray, "path step asset"]:
        """Moves with those of spreads as differences from today's level on."""
        shares = np.isfinite(self.level)
        path = self.level[shares] * np.exp(np.cumsum(moves[:, :, shares], axis=1))
        moves[:, :, shares] = np.diff(
            path,
            axis=1,
            prepend=np.broadcast_to(self.level[shares], (len(path), 1, int(shares.sum()))),
        )
        return moves


def crisis_sessions(
    market: MarketData, assets: Sequence[Asset], *, first: pd.Timestamp, last: pd.Timestamp
) -> CrisisSessions:
    """Sessions of a crisis, none of them after the market's as-of.

    Parameters
    ----------
    market : MarketData
    assets : sequence of Asset
        Each with a close before the crisis and no break in it; see `lacking`.
    first, last : Timestamp
        Of the crisis, both inclusive.
    """
    names = [asset.instrument for asset in assets]
    seen = _seen(market, names, last)
    inside = seen.loc[first:]
    dates = inside.index[2 * inside.notna().sum(axis=1) >= len(names)]
    close = seen.ffill()
    before = close.loc[close.index < first].iloc[-1:]
    levels = pd.concat([before, close.loc[dates]]).to_numpy()
    spread = np.array([asset.kind == "spread" and asset.move == "diff" for asset in assets])
    logarithmic = np.array([asset.move == "log" for asset in assets]) | spread
    levels[:, logarithmic] = np.log(levels[:, logarithmic])
    today = np.where(spread, [asset.last_close for asset in assets], np.nan)
    return CrisisSessions(pd.DatetimeIndex(dates), np.diff(levels, axis=0), today)


def lacking(
    market: MarketData, names: Sequence[str], *, first: pd.Timestamp, last: pd.Timestamp
) -> dict[str, str]:
    """Series that cannot be replayed through a crisis, with why."""
    seen = _seen(market, names, last)
    told: dict[str, str] = {}
    for name in names:
        broken = market.breaks[name].loc[first:last] if name in market.breaks else None
        if not (seen[name].index[seen[name].notna()] < first).any():
            told[name] = f"had no close before {first.date()}"
        elif not seen[name].loc[first:].notna().any():
            told[name] = f"had no close from {first.date()} to {last.date()}"
        elif broken is not None and broken.any():
            told[name] = f"was broken on {broken.index[broken][0].date()}"
    return told


def _seen(market: MarketData, names: Sequence[str], last: pd.Timestamp) -> pd.DataFrame:
    """Closes that were seen, up to a date."""
    columns = list(names)
    close = market.close.loc[: min(last, market.as_of), columns]
    return close.mask(market.imputed.loc[close.index, columns])
