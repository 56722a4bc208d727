"""A generator that draws spread and depth beside its moves, from how violent they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float, Float32

from models.base import Asset, Moves, ScenarioModel
from models.scenarios.chunks import CHUNK
from models.scenarios.filtered import Recursions
from models.scenarios.liquidity import Liquidity

Paths = Float32[np.ndarray, "path step asset"]


class Recursive(ScenarioModel, Protocol):
    """A generator of moves around means that its recursions name."""

    @property
    def recursions(self) -> Recursions:
        """The recursions, from the as-of on."""
        ...


@dataclass(frozen=True, slots=True)
class Liquid:
    """A generator with the liquidity of its sessions.

    What a session costs depends on its own move and on those before it alone, so that moves that
    a stress has changed are given the liquidity that goes with them.

    Attributes
    ----------
    model : Recursive
    liquidity : Liquidity
    """

    model: Recursive
    liquidity: Liquidity

    @property
    def name(self) -> str:
        """Name of the generator of the moves."""
        return self.model.name

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The assets, in axis order."""
        return self.model.assets

    @property
    def description(self) -> Mapping[str, object]:
        """What a manifest must state, with the assets whose liquidity is known."""
        known = {
            "spread_of": np.isfinite(self.liquidity.law[0, 0, 0]),
            "depth_of": np.isfinite(self.liquidity.law[1, 0, 0]),
        }
        told: dict[str, object] = {
            name: [asset.instrument for asset, shown in zip(self.assets, of, strict=True) if shown]
            for name, of in known.items()
        }
        told |= {
            "common": self.liquidity.common.round(4).tolist(),
            "persistence": self.liquidity.persistence.round(4).tolist(),
        }
        return {**self.model.description, "liquidity": told}

    def chunk(self, index: int, *, paths: int, horizon: int, seed: int) -> Moves:
        """Scenarios of one chunk; see `ScenarioModel`."""
        moves = self.model.chunk(index, paths=paths, horizon=horizon, seed=seed).paths
        return self.along(moves, index=index, seed=seed)

    def along(self, moves: Paths, *, index: int, seed: int) -> Moves:
        """Moves of the first paths of a chunk with the liquidity that goes with them."""
        squares = np.square(moves - self.model.recursions.mean)
        return Moves(moves, *self.liquidity.drawn(squares, index=index, seed=seed))

    def pnl(
        self,
        index: int,
        weights: Float[np.ndarray, "asset book"],
        *,
        paths: int,
        horizon: int,
        seed: int,
    ) -> Float[np.ndarray, "path book"]:
        """P&L of one chunk, before any cost of trading; see `ScenarioModel`."""
        return self.model.pnl(index, weights, paths=paths, horizon=horizon, seed=seed)


def whole_set(model: Liquid, moves: Paths, *, seed: int) -> Moves:
    """Moves of a whole set, changed since they were drawn, with the liquidity that they lead to."""
    parts = [
        model.along(moves[start : start + CHUNK], index=index, seed=seed)
        for index, start in enumerate(range(0, len(moves), CHUNK))
    ]
    spread, depth = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("spread", "depth")
    )
    return Moves(moves, spread, depth)
