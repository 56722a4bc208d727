"""One session of many paths, compiled: from standard draws to moves and the state after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float32
from scipy.special import ndtri

from models.scenarios.chunks import CHUNK
from models.scenarios.dynamic_correlation import (
    Dynamics,
    advance,
    cholesky_of_mixture,
    mixing_weights,
)
from models.scenarios.factors import Factors
from models.scenarios.filtered import Recursions
from models.scenarios.marginals import STEPS_A_UNIT

_MIDDLES = ndtri((np.arange(2**16) + 0.5) / 2**16)
OWN_QUANTILES = (_MIDDLES / _MIDDLES.std()).astype(np.float32)
"""The normal law in 65,536 equal parts: sixteen random bits are one draw of an own move."""

FURTHEST = 8.0
"""A factor beyond eight deviations moves correlations as if it were eight."""


@dataclass(slots=True)
class PathState:
    """Where each path of a chunk stands; changed in place, session by session.

    Attributes
    ----------
    variance : float32 array of shape (path, asset)
        Of the next session.
    covariance : float32 array of shape (path, component, factor, factor)
        Components of the factors' covariance.
    """

    variance: Float32[np.ndarray, "path asset"]
    covariance: Float32[np.ndarray, "path component factor factor"]


@dataclass(frozen=True, slots=True)
class Draws:
    """Standard draws of one session.

    Attributes
    ----------
    factor : float32 array of shape (path, factor)
        Whitened factors.
    minor : float32 array of shape (path, minor)
        Standard normal.
    own : uint16 array of shape (path, asset)
        Ranks of own moves.
    scale : float32 array of shape (path, 2)
        On everything, and on all but the factors.
    """

    factor: Float32[np.ndarray, "path factor"]
    minor: Float32[np.ndarray, "path minor"]
    own: np.ndarray
    scale: Float32[np.ndarray, "path two"]


class Session:
    """The map from draws to moves of a fitted dependence, and how its state follows.

    Parameters
    ----------
    factors : Factors
    dynamics : Dynamics
    table : float32 array of shape (asset, node)
        Residual at evenly spaced scores about zero, 64 a unit.
    recursions : Recursions
    """

    def __init__(
        self,
        factors: Factors,
        dynamics: Dynamics,
        table: Float32[np.ndarray, "asset node"],
        recursions: Recursions,
    ) -> None:
        one, size = recursions, factors.major.shape[1]
        pairs = [(i, j) for i in range(size) for j in range(i + 1)]
        products = [factors.major[:, i] * factors.major[:, j] * (2.0 - (i == j)) for i, j in pairs]
        self._loading = _single(factors.major.T), _single(factors.minor.T)
        self._own, self._rest = _single(factors.own), _single(np.diag(factors.rest))
        self._products = _single(np.stack(products))
        self._dynamics = tuple(_single(x) for x in (dynamics.shock, dynamics.keep, dynamics.logit))
        self._recursions = (one.mean, one.omega, one.alpha, one.gamma, one.beta)
        self._table, self._limits = table, (one.least, one.greatest)

    def __call__(
        self,
        draws: Draws,
        state: PathState,
        market: Float32[np.ndarray, " path"],
        moves: Float32[np.ndarray, "path asset"],
    ) -> Float32[np.ndarray, "path asset"]:
        """Fill ``moves``, advance ``state``; the scores that made the moves.

        Parameters
        ----------
        draws : Draws
        state : PathState
            Of at least as many paths as ``moves``.
        market : array of shape (path,)
            Market-wide log volatility ratio before the session.
        moves : array of shape (path, asset)
        """
        covariance = state.covariance.reshape(*state.covariance.shape[:2], -1)
        factor, packed = _dependence(covariance, market, draws.factor, *self._dynamics)
        major, minor = self._loading
        rest = draws.minor @ minor + self._own * OWN_QUANTILES[draws.own]
        unit = np.sqrt(packed @ self._products + self._rest)
        scores = (factor @ major + rest * draws.scale[:, 1:]) * (draws.scale[:, :1] / unit)
        _moves(moves, state.variance, scores, self._table, *self._recursions, *self._limits)
        return scores


def _single(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float32)


def own_ranks(generator: np.random.Generator, assets: int) -> np.ndarray:
    """Ranks of own moves for a whole chunk, uint16 of shape (path, asset)."""
    words = generator.bit_generator.random_raw(-(-CHUNK * assets // 4))
    return np.asarray(words).view(np.uint16)[: CHUNK * assets].reshape(CHUNK, assets)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _dependence(covariance, market, drawn, shock, keep, logit):
    """Factors of each path under its covariance, and that covariance's lower triangle in a row.

    The components of the covariance are advanced in place.
    """
    paths, factors = drawn.shape
    factor = np.empty((paths, factors), np.float32)
    packed = np.empty((paths, factors * (factors + 1) // 2), np.float32)
    lower = np.zeros((factors, factors), np.float32)
    weight = np.empty(shock.size, np.float32)
    moved, work = np.empty(factors, np.float32), np.empty(factors * factors, np.float32)
    for path in range(paths):
        mixing_weights(logit, market[path], weight)
        cholesky_of_mixture(covariance[path], weight, work, lower)
        place = 0
        for i in range(factors):
            value = np.float32(0.0)
            for j in range(i + 1):
                value += lower[i, j] * drawn[path, j]
                packed[path, place] = work[i * factors + j]
                place += 1
            factor[path, i] = value
            moved[i] = min(max(value, np.float32(-FURTHEST)), np.float32(FURTHEST))
        advance(covariance[path], moved, shock, keep, work)
    return factor, packed


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _moves(
    moves, variance, scores, table, mean, omega, alpha, gamma, beta, least, greatest
):  # fmt: skip
    """Moves from scores by table, and the variances after them; loops that vectorise apart."""
    assets, nodes = table.shape
    flat, last = table.ravel(), np.float32(nodes - 1)
    node, share = np.empty(assets, np.uint32), np.empty(assets, np.float32)
    low, high = np.empty(assets, np.float32), np.empty(assets, np.float32)
    for path in range(moves.shape[0]):
        for a in range(assets):
            place = scores[path, a] * np.float32(STEPS_A_UNIT) + np.float32(0.5) * last
            place = min(max(place, np.float32(0.0)), last)
            whole = min(np.int32(place), np.int32(nodes - 2))
            share[a] = place - np.float32(whole)
            node[a] = np.uint32(whole) + np.uint32(a) * np.uint32(nodes)
        for a in range(assets):
            low[a], high[a] = flat[node[a]], flat[node[a] + np.uint32(1)]
        for a in range(assets):
            before = variance[path, a]
            shock = (low[a] + share[a] * (high[a] - low[a])) * np.sqrt(before)
            moves[path, a] = mean[a] + shock
            slope = alpha[a] + gamma[a] * (shock < np.float32(0.0))
            after = omega[a] + slope * shock * shock + beta[a] * before
            variance[path, a] = min(max(after, least[a]), greatest[a])
