"""Generators rolled session by session: draws, moves, variances and dependence, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32

from models.base import Asset, Moves
from models.scenarios.above_zero import above_zero
from models.scenarios.chunks import CHUNK, Purpose, check_chunk, seed_of, stream
from models.scenarios.compounding import compound
from models.scenarios.day_law import DayLaw
from models.scenarios.dynamic_correlation import Dynamics
from models.scenarios.factors import Factors
from models.scenarios.filtered import Recursions
from models.scenarios.market_state import MarketState
from models.scenarios.rolling import Draws, PathState, Session, own_ranks, triangles

ALL_NORMAL = np.inf
"""Degrees of freedom of a scale that is always one."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where every path starts: the state at the as-of.

    Attributes
    ----------
    covariance : float32 array of shape (component, factor, factor)
        Components of the factors' covariance.
    macro : float32 array of shape (reading,)
        Held along a path.
    stress : float32 array of shape (block,)
    """

    covariance: Float32[np.ndarray, "component factor factor"]
    macro: Float32[np.ndarray, " reading"]
    stress: Float32[np.ndarray, " block"]


@dataclass(frozen=True, slots=True)
class Rolled:
    """A generator of one session after the other.

    A session draws whitened factors from ``law`` (standard normal without one) given the state of
    the path, gives them the covariance of their state, adds what assets do alone, and reads
    residuals off the tables; variances, dependence and condition then follow the path.

    Attributes
    ----------
    name : str
    assets : tuple of Asset
    recursions : Recursions
    factors : Factors
    dynamics : Dynamics
    market : MarketState
    start : Start
    table : float32 array of shape (asset, node)
        Residual at evenly spaced scores; see `Session`.
    common : float
        Degrees of freedom of the scale that all of a session shares, infinite for none: a
        Student-t copula.
    law : DayLaw, optional
    notes : mapping
        What the fit has to say in a manifest.
    """

    name: str
    assets: tuple[Asset, ...]
    recursions: Recursions
    factors: Factors
    dynamics: Dynamics
    market: MarketState
    start: Start
    table: Float32[np.ndarray, "asset node"]
    common: float = ALL_NORMAL
    law: DayLaw | None = None
    notes: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def description(self) -> Mapping[str, object]:
        """What a manifest must state."""
        return {
            "generator": self.name,
            "correlation": self.dynamics.kind,
            "factors": self.factors.major.shape[1],
            **self.notes,
        }

    def chunk(self, index: int, *, paths: int, horizon: int, seed: int) -> Moves:
        """Scenarios of one chunk; see `ScenarioModel`."""
        check_chunk(paths=paths, horizon=horizon)
        drawn = self.trajectories(index, CHUNK, horizon=horizon, seed=seed)[:paths]
        return Moves(above_zero(drawn, self.assets))

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
        return self.profits(index, CHUNK, weights, horizon=horizon, seed=seed)[:paths]

    def trajectories(
        self, index: int, count: int, *, horizon: int, seed: int
    ) -> Float32[np.ndarray, "path step asset"]:
        """Moves of ``count`` paths."""
        moves = np.empty((count, horizon, len(self.assets)), np.float32)
        for step, move in enumerate(self._sessions(index, count, horizon=horizon, seed=seed)):
            moves[:, step] = move
        return moves

    def profits(
        self,
        index: int,
        count: int,
        weights: Float[np.ndarray, "asset book"],
        *,
        horizon: int,
        seed: int,
    ) -> Float[np.ndarray, "path book"]:
        """P&L of ``count`` paths; only one session of them is held."""
        held = np.flatnonzero(weights.any(axis=1))
        books = np.ascontiguousarray(weights[held].T, dtype=np.float32)
        wealth = np.ones((count, weights.shape[1]))
        for move in self._sessions(index, count, horizon=horizon, seed=seed):
            compound(move, held, books, wealth)
        return wealth - 1.0

    def _sessions(
        self, index: int, count: int, *, horizon: int, seed: int
    ) -> Iterator[Float32[np.ndarray, "path asset"]]:
        """Moves of each session, in an array used again for the next."""
        session = Session(self.factors, self.dynamics, self.table, self.recursions)
        state = PathState(
            np.tile(self.recursions.state, (count, 1)),
            np.repeat(triangles(self.start.covariance[None]), count, axis=2),
        )
        stress = np.tile(self.start.stress, (count, 1))
        macro = np.tile(self.start.macro, (count, 1))
        drawn = self._draws(index, count, seed)
        moves = np.empty((count, len(self.assets)), np.float32)
        for _ in range(horizon):
            ratios = self.market.ratios(state.variance)
            condition = None
            if self.law is not None:
                condition = self.market.condition(ratios, macro, stress)
            scores = session(drawn(condition), state, ratios[:, 0].copy(), moves)
            if self.law is not None:
                stress = self.market.stress(stress, scores)
            yield moves

    def _draws(self, index: int, count: int, seed: int) -> Drawing:
        return Drawing(self, index, count, seed)


class Drawing:
    """Standard draws of the sessions of one chunk, each call the next session's."""

    def __init__(self, model: Rolled, index: int, count: int, seed: int) -> None:
        self.model, self.count = model, count
        self.normals = stream(seed, index, Purpose.FACTORS)
        self.own = stream(seed, index, Purpose.OWN)
        self.mixing = stream(seed, index, Purpose.MIXING)
        self.seed = int(seed_of(seed, index, Purpose.LAW).generate_state(1, np.uint64)[0] >> 1)
        self.generator = None

    def __call__(self, condition: Float32[np.ndarray, "path condition"] | None) -> Draws:
        """Draws of one session given the condition before it, which only a law wants."""
        factors = self.model.factors
        major, minor = factors.major.shape[1], factors.minor.shape[1]
        drawn = minor if condition is not None else major + minor
        normal = self.normals.standard_normal((CHUNK, drawn), dtype=np.float32)[: self.count]
        factor = normal[:, minor:] if condition is None else self._learned(condition)
        return Draws(
            np.ascontiguousarray(factor),
            np.ascontiguousarray(normal[:, :minor]),
            own_ranks(self.own, len(self.model.assets))[: self.count],
            self._scale()[: self.count],
        )

    def _learned(
        self, condition: Float32[np.ndarray, "path condition"]
    ) -> Float32[np.ndarray, "path factor"]:
        import torch

        if self.generator is None:
            self.generator = torch.Generator().manual_seed(self.seed)
        if self.model.law is None:
            raise ValueError("condition is given, but the generator has no law to condition.")
        drawn = self.model.law.draw(torch.from_numpy(condition), generator=self.generator)
        return drawn.cpu().numpy()

    def _scale(self) -> Float32[np.ndarray, "path two"]:
        """Of everything: Student's. Of all but the factors: the same with unit variance."""
        scale = np.ones((CHUNK, 2), np.float32)
        common, nu = self.model.common, self.model.factors.nu
        if np.isfinite(common):
            scale[:, 0] = np.sqrt(common / self.mixing.chisquare(common, CHUNK))
        elif np.isfinite(nu):
            scale[:, 1] = np.sqrt((nu - 2.0) / self.mixing.chisquare(nu, CHUNK))
        return scale
