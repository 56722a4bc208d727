"""Joint filtered historical simulation: whole sessions of residuals, drawn again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Float32, Int

from models.base import Asset, Moves
from models.garch import Params
from models.scenarios.above_zero import above_zero
from models.scenarios.chunks import CHUNK, Purpose, check_chunk, stream
from models.scenarios.compounding import simple_return
from models.scenarios.filtering import Filtered


@dataclass(frozen=True, slots=True)
class Recursions:
    """GJR recursions of all assets in single precision, with the range that none may leave.

    Attributes
    ----------
    mean, omega, alpha, gamma, beta : float32 array of shape (asset,)
    state, least, greatest : float32 array of shape (asset,)
        Variance of the next session, and its training range.
    """

    mean: Float32[np.ndarray, " asset"]
    omega: Float32[np.ndarray, " asset"]
    alpha: Float32[np.ndarray, " asset"]
    gamma: Float32[np.ndarray, " asset"]
    beta: Float32[np.ndarray, " asset"]
    state: Float32[np.ndarray, " asset"]
    least: Float32[np.ndarray, " asset"]
    greatest: Float32[np.ndarray, " asset"]

    @classmethod
    def of(
        cls,
        params: tuple[Params, ...],
        *,
        state: Float[np.ndarray, " asset"],
        limits: tuple[Float[np.ndarray, " asset"], Float[np.ndarray, " asset"]],
    ) -> Recursions:
        """Recursions of fitted parameters from a state on."""
        rows = [(one.mu, one.omega, one.alpha, one.gamma, one.beta) for one in params]
        fitted = np.array(rows, dtype=np.float32).T
        return cls(*fitted, *(np.asarray(x, dtype=np.float32) for x in (state, *limits)))

    @property
    def arrays(self) -> Sequence[Float32[np.ndarray, " asset"]]:
        """Mean, constant, state and range, as the compiled loops take them."""
        return self.mean, self.omega, self.state, self.least, self.greatest

    def growth(
        self, residual: Float32[np.ndarray, "time asset"]
    ) -> Float32[np.ndarray, "time asset"]:
        """What a residual multiplies the variance by: the recursion without its constant."""
        return (self.alpha + self.gamma * (residual < 0.0)) * residual**2 + self.beta

    def only(self, held: Int[np.ndarray, " holding"]) -> Recursions:
        """The recursions of some assets."""
        return Recursions(*(getattr(self, name)[held] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class FilteredHistory:
    """The generator ``fhs``: each session of each path is one past session of all assets at once.

    Residuals of one date are drawn together, so that dependence is as it was; the variances follow
    each path. What the other generators must beat.

    Attributes
    ----------
    assets : tuple of Asset
    residual : float32 array of shape (time, asset)
    growth : float32 array of shape (time, asset)
        What each residual multiplies its variance by, before ``omega``.
    recursions : Recursions

    References
    ----------
    Barone-Adesi, Giannopoulos and Vosper (1999), *VaR without correlations for portfolios of
    derivative securities*.
    """

    assets: tuple[Asset, ...]
    residual: Float32[np.ndarray, "time asset"]
    growth: Float32[np.ndarray, "time asset"]
    recursions: Recursions

    @classmethod
    def of(cls, filtered: Filtered) -> FilteredHistory:
        """The generator of what `filter_assets` found."""
        recursions = Recursions.of(filtered.params, state=filtered.state, limits=filtered.limits)
        residual = np.ascontiguousarray(filtered.residual, dtype=np.float32)
        return cls(filtered.assets, residual, recursions.growth(residual), recursions)

    @property
    def name(self) -> str:
        """``fhs``."""
        return "fhs"

    @property
    def description(self) -> Mapping[str, object]:
        """What a manifest must state."""
        return {"generator": self.name, "sessions_drawn_from": len(self.residual)}

    def chunk(self, index: int, *, paths: int, horizon: int, seed: int) -> Moves:
        """Scenarios of one chunk; see `ScenarioModel`."""
        check_chunk(paths=paths, horizon=horizon)
        drawn = self.rows(index, horizon=horizon, seed=seed)[:paths]
        return Moves(above_zero(self.trajectories(drawn), self.assets))

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
        drawn = self.rows(index, horizon=horizon, seed=seed)[:paths]
        return self.profits(drawn, weights)

    def rows(self, index: int, *, horizon: int, seed: int) -> Int[np.ndarray, "path step"]:
        """Rows of the residuals that each path of a whole chunk goes through."""
        generator = stream(seed, index, Purpose.ROWS)
        # Session by session: a longer set begins like a shorter one.
        return np.column_stack(
            [
                generator.integers(0, len(self.residual), CHUNK, dtype=np.int32)
                for _ in range(horizon)
            ]
        )

    def trajectories(
        self, rows: Int[np.ndarray, "path step"]
    ) -> Float32[np.ndarray, "path step asset"]:
        """Moves of paths through given rows."""
        moves = np.empty((*rows.shape, len(self.assets)), np.float32)
        _roll(moves, rows, self.residual, self.growth, *self.recursions.arrays)
        return moves

    def profits(
        self, rows: Int[np.ndarray, "path step"], weights: Float[np.ndarray, "asset book"]
    ) -> Float[np.ndarray, "path book"]:
        """P&L of paths through given rows, computing only what a book holds."""
        held = np.flatnonzero(weights.any(axis=1))
        residual, growth, recursions = self.residual, self.growth, self.recursions
        if held.size < len(self.assets):
            residual = np.ascontiguousarray(residual[:, held])
            growth, recursions = np.ascontiguousarray(growth[:, held]), recursions.only(held)
        books = np.ascontiguousarray(weights[held].T, dtype=np.float32)
        wealth = np.ones((len(rows), weights.shape[1]))
        _roll_pnl(wealth, books, rows, residual, growth, *recursions.arrays)
        return wealth - 1.0


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _roll(moves, rows, residual, growth, mean, omega, state, least, greatest):
    """Fill ``moves`` path by path.

    Short loops of few arrays: a compiler asks of each pair whether they overlap.
    """
    assets = residual.shape[1]
    h = np.empty(assets, np.float32)
    move = np.empty(assets, np.float32)
    for path in range(rows.shape[0]):
        h[:] = state
        for step in range(rows.shape[1]):
            row = rows[path, step]
            for a in range(assets):
                move[a] = mean[a] + np.sqrt(h[a]) * residual[row, a]
            for a in range(assets):
                h[a] = omega[a] + h[a] * growth[row, a]
            for a in range(assets):
                h[a] = min(max(h[a], least[a]), greatest[a])
            moves[path, step, :] = move


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _roll_pnl(wealth, books, rows, residual, growth, mean, omega, state, least, greatest):
    """Compound ``wealth`` over the sessions of each path; nothing else is kept."""
    assets = residual.shape[1]
    h, move = np.empty(assets, np.float32), np.empty(assets, np.float32)
    gain = np.empty(assets, np.float32)
    for path in range(rows.shape[0]):
        h[:] = state
        for step in range(rows.shape[1]):
            row = rows[path, step]
            for a in range(assets):
                move[a] = mean[a] + np.sqrt(h[a]) * residual[row, a]
            for a in range(assets):
                h[a] = omega[a] + h[a] * growth[row, a]
            for a in range(assets):
                h[a] = min(max(h[a], least[a]), greatest[a])
            for a in range(assets):
                gain[a] = simple_return(move[a])
            for book in range(books.shape[0]):
                total = np.float32(0.0)
                for a in range(assets):
                    total += books[book, a] * gain[a]
                wealth[path, book] *= 1.0 + total
