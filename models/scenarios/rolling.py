"""One session of many paths, compiled: from standard draws to moves and the state after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Float32
from scipy.special import ndtri, softmax

from models.scenarios.chunks import CHUNK
from models.scenarios.dynamic_correlation import PIVOT, Dynamics
from models.scenarios.factors import Factors
from models.scenarios.filtered import Recursions
from models.scenarios.marginals import STEPS_A_UNIT

_MIDDLES = ndtri((np.arange(2**16) + 0.5) / 2**16)
OWN_QUANTILES = (_MIDDLES / _MIDDLES.std()).astype(np.float32)
"""The normal law in 65,536 equal parts: sixteen random bits are one draw of an own move."""

FURTHEST = np.float32(8.0)
"""A factor beyond eight deviations moves correlations as if it were eight."""

TOGETHER = 128
"""Paths that a compiled loop runs along at a time: what they need stays in the nearest cache."""

LEAST_PIVOT = np.float32(PIVOT)


@dataclass(slots=True)
class PathState:
    """Where each path of a chunk stands; changed in place, session by session.

    Attributes
    ----------
    variance : float32 array of shape (path, asset)
        Of the next session.
    covariance : float32 array of shape (component, entry, path)
        Components of the factors' covariance, as `triangles` gives them.
    """

    variance: Float32[np.ndarray, "path asset"]
    covariance: Float32[np.ndarray, "component entry path"]


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
        shock, keep, logit = self._dynamics
        weight = softmax(logit[:, :1] + logit[:, 1:] * market, axis=0)
        mixed = _mixed(state.covariance, weight)
        factor = _correlated(mixed, np.ascontiguousarray(draws.factor.T))
        _advance(state.covariance, factor, shock, keep)
        major, minor = self._loading
        scores, rest, square = factor.T @ major, draws.minor @ minor, mixed.T @ self._products
        _scores(scores, rest, square, draws.own, OWN_QUANTILES, self._own, self._rest, draws.scale)
        _moves(moves, state.variance, scores, self._table, *self._recursions, *self._limits)
        return scores


def triangles(
    covariance: Float[np.ndarray, "path component factor factor"],
) -> Float32[np.ndarray, "component entry path"]:
    """Entries of each path's matrices on and below the diagonal, row by row; paths last."""
    entries = np.tril_indices(covariance.shape[-1])
    return _single(covariance[:, :, *entries].transpose(1, 2, 0))


def _single(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float32)


def own_ranks(generator: np.random.Generator, assets: int) -> np.ndarray:
    """Ranks of own moves for a whole chunk, uint16 of shape (path, asset)."""
    words = generator.bit_generator.random_raw(-(-CHUNK * assets // 4))
    return np.asarray(words).view(np.uint16)[: CHUNK * assets].reshape(CHUNK, assets)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _mixed(covariance, weight):
    """Weighted mean of the components of each path's covariance: entries by paths."""
    components, entries, paths = covariance.shape
    mixed = np.zeros((entries, paths), np.float32)
    for at in range(entries):
        for component in range(components):
            share, own, row = weight[component], covariance[component, at], mixed[at]
            for path in range(paths):
                row[path] += share[path] * own[path]
    return mixed


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _correlated(mixed, drawn):
    """Factors of each path: the Cholesky factor of its covariance times what was drawn.

    Paths run innermost, some at a time: the factor of one alone is too short to be vectorised.
    """
    factors, paths = drawn.shape
    factor = np.zeros((factors, paths), np.float32)
    lower = np.empty((factors, factors, TOGETHER), np.float32)
    value = np.empty(TOGETHER, np.float32)
    for first in range(0, paths, TOGETHER):
        last = min(first + TOGETHER, paths)
        place = 0
        for i in range(factors):
            whole = factor[i, first:last]
            for j in range(i + 1):
                root, noise = lower[i, j], drawn[j, first:last]
                value[: last - first] = mixed[place + j, first:last]
                for k in range(j):
                    left, right = lower[i, k], lower[j, k]
                    for p in range(last - first):
                        value[p] -= left[p] * right[p]
                pivot = lower[j, j]
                for p in range(last - first):
                    root[p] = value[p] / pivot[p] if j < i else np.sqrt(max(value[p], LEAST_PIVOT))
                for p in range(last - first):
                    whole[p] += root[p] * noise[p]
            place += i + 1
    return factor


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _advance(covariance, factor, shock, keep):
    """The components of each path's covariance after a session of given factors, in place."""
    components, _, paths = covariance.shape
    product = np.empty(paths, np.float32)
    place = 0
    for i in range(factor.shape[0]):
        for j in range(i + 1):
            one, other = factor[i], factor[j]
            for path in range(paths):
                left = min(max(one[path], -FURTHEST), FURTHEST)
                product[path] = left * min(max(other[path], -FURTHEST), FURTHEST)
            for component in range(components):
                a, b, own = shock[component], keep[component], covariance[component, place]
                pull = np.float32(1.0) - a - b if i == j else np.float32(0.0)
                for path in range(paths):
                    own[path] = a * product[path] + b * own[path] + pull
            place += 1


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _scores(scores, rest, square, ranks, quantiles, own, alone, scale):
    """Scores of unit variance, in place of what the factors make of them."""
    assets = scores.shape[1]
    drawn = np.empty(assets, np.float32)
    for path in range(scores.shape[0]):
        whole, outside = scale[path, 0], scale[path, 1]
        for a in range(assets):
            drawn[a] = quantiles[ranks[path, a]]
        for a in range(assets):
            drawn[a] = (rest[path, a] + own[a] * drawn[a]) * outside
        for a in range(assets):
            unit = np.sqrt(square[path, a] + alone[a])
            scores[path, a] = (scores[path, a] + drawn[a]) * (whole / unit)


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
