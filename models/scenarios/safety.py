"""A neural generator with a share of filtered historical simulation, for what it never learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from models.base import Asset, Moves
from models.scenarios.above_zero import above_zero
from models.scenarios.chunks import CHUNK, Purpose, check_chunk, stream
from models.scenarios.filtered import FilteredHistory, Recursions
from models.scenarios.rolled import Rolled

SHARE = 0.25
"""Paths that are filtered history."""


@dataclass(frozen=True, slots=True)
class Safeguarded:
    """A mixture of a rolled generator and of joint filtered history, path by path.

    Which path is which follows from the seed of its chunk. The share repeats history by design:
    it is declared, and a test of memorisation looks at ``rolled`` alone.

    Attributes
    ----------
    rolled : Rolled
    safety : FilteredHistory
    share : float
        Probability that a path is filtered history.
    """

    rolled: Rolled
    safety: FilteredHistory
    share: float = SHARE

    @property
    def name(self) -> str:
        """Name of the neural generator."""
        return self.rolled.name

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The assets, in axis order."""
        return self.rolled.assets

    @property
    def recursions(self) -> Recursions:
        """The variances' recursions, which both parts share."""
        return self.rolled.recursions

    @property
    def description(self) -> Mapping[str, object]:
        """What a manifest must state, the share of history first."""
        return {"fhs_share": self.share, **self.safety.description, **self.rolled.description}

    def historical(self, index: int, *, seed: int) -> Bool[np.ndarray, " path"]:
        """Which paths of a whole chunk are filtered history."""
        return stream(seed, index, Purpose.SHARE).random(CHUNK) < self.share

    def chunk(self, index: int, *, paths: int, horizon: int, seed: int) -> Moves:
        """Scenarios of one chunk; see `ScenarioModel`."""
        check_chunk(paths=paths, horizon=horizon)
        safe = self.historical(index, seed=seed)
        rows = self.safety.rows(index, horizon=horizon, seed=seed)[safe]
        parts = (
            self.safety.trajectories(rows),
            self.rolled.trajectories(index, int((~safe).sum()), horizon=horizon, seed=seed),
        )
        moves = np.empty((CHUNK, horizon, len(self.assets)), np.float32)
        for where, moved in zip((safe, ~safe), parts, strict=True):
            moves[where] = moved
        return Moves(above_zero(moves[:paths], self.assets))

    def pnl(
        self,
        index: int,
        weights: Float[np.ndarray, "asset book"],
        *,
        paths: int,
        horizon: int,
        seed: int,
    ) -> Float[np.ndarray, "path book"]:
        """P&L of one chunk; see `ScenarioModel`."""
        check_chunk(paths=paths, horizon=horizon)
        safe = self.historical(index, seed=seed)
        rows = self.safety.rows(index, horizon=horizon, seed=seed)[safe]
        pnl = np.empty((CHUNK, weights.shape[1]))
        pnl[safe] = self.safety.profits(rows, weights)
        count = int((~safe).sum())
        pnl[~safe] = self.rolled.profits(index, count, weights, horizon=horizon, seed=seed)
        return pnl[:paths]
