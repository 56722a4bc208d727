"""Spread and depth beside the moves: drawn from what the same state of volatility has shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, no_type_check

import numba
import numpy as np
from jaxtyping import Float, Float32
from numpy.typing import NDArray
from scipy.special import ndtri

from models.scenarios.chunks import CHUNK, Purpose, stream

BUCKETS = 5
"""States of an asset's own volatility, from its calmest fifth to its wildest."""
LEVELS = 33
"""Quantiles that a bucket's law is kept at, from its least to its greatest."""
KEPT = np.float32(0.5)
"""Share of the mean squared move that the next session keeps: a half-life of one session."""
FEWEST = 50
"""Sessions that a bucket must have shown a cost on: of fewer nobody knows how good it gets."""
LASTING = 0.99
"""Most of a session's rank that the next one keeps."""

Paths = Float32[np.ndarray, "path step asset"]


@dataclass(frozen=True, slots=True)
class Liquidity:
    """Law of spread and of depth in each state of an asset's realised volatility.

    Every array but ``edges`` and ``recent`` is of spread first, then of depth.

    Attributes
    ----------
    edges : array of shape (bucket - 1, asset)
        Mean squared moves between the buckets; see `recent_squares`.
    law : float32 array of shape (2, bucket, level, asset)
        Quantiles within a bucket from the most liquid to the least: spread rises, depth falls.
        The first is the best that the bucket has ever shown, and no path betters it. NaN for an
        asset that has not shown enough: nobody knows it, and no number stands in for it.
    common : array of shape (2,)
        Correlation of two assets' ranks within their buckets: dry days are dry for all.
    persistence : array of shape (2,)
        Correlation of an asset's rank in its bucket with that of the session before.
    start : float32 array of shape (2, asset)
        Normal scores of the ranks at the as-of.
    recent : float32 array of shape (asset,)
        Mean squared move at the as-of.
    """

    edges: Float[np.ndarray, "edge asset"]
    law: Float32[np.ndarray, "two bucket level asset"]
    common: Float[np.ndarray, " two"]
    persistence: Float[np.ndarray, " two"]
    start: Float32[np.ndarray, "two asset"]
    recent: Float32[np.ndarray, " asset"]

    def drawn(self, squares: Paths, *, index: int, seed: int) -> tuple[Paths, Paths]:
        """Spread and depth of sessions whose moves are given.

        Parameters
        ----------
        squares : float32 array of shape (path, step, asset)
            Squared moves less their mean, of the first paths of a chunk.
        index, seed : int
            Of the chunk.
        """
        generator = stream(seed, index, Purpose.LIQUIDITY)
        out = np.empty((2, *squares.shape), np.float32)
        assets = squares.shape[2]
        scores = np.repeat(self.start[:, None], CHUNK, axis=1)
        recent = np.tile(self.recent, (len(squares), 1))
        for step in range(squares.shape[1]):
            recent = after(recent, squares[:, step])
            for kind in (0, 1):
                shared = generator.standard_normal((CHUNK, 1), dtype=np.float32)
                own = generator.standard_normal((CHUNK, assets), dtype=np.float32)
                load, kept = np.float32(self.common[kind]), np.float32(self.persistence[kind])
                fresh = np.sqrt(load) * shared + np.sqrt(1 - load) * own
                scores[kind] = kept * scores[kind] + np.sqrt(1 - kept**2) * fresh
                _read(out[kind, :, step], recent, scores[kind], self.edges, self.law[kind])
        return out[0], out[1]


def fit_liquidity(
    squares: Float[np.ndarray, "time asset"],
    spread: Float[np.ndarray, "time asset"],
    depth: Float[np.ndarray, "time asset"],
) -> Liquidity:
    """Laws by bucket of realised volatility, from history.

    Parameters
    ----------
    squares : array of shape (time, asset)
        Squared moves less their mean; NaN where an asset did not move.
    spread, depth : array of shape (time, asset)
        Spread as a fraction of price, and what traded in multiples of the usual; NaN where not
        known. What an asset has shown on fewer than `FEWEST` sessions of a bucket is NaN in every
        scenario.
    """
    states = recent_squares(squares)
    assets = squares.shape[1]
    shares, levels = np.arange(1, BUCKETS) / BUCKETS, np.linspace(0.0, 1.0, LEVELS)
    edges = np.full((BUCKETS - 1, assets), np.inf)
    law = np.full((2, BUCKETS, LEVELS, assets), np.nan, np.float32)
    ranks = np.full((2, *squares.shape), np.nan)
    costs = np.stack([spread, -depth])
    costs[:, ~np.isfinite(squares)] = np.nan
    for asset in range(assets):
        shown = np.isfinite(costs[0, :, asset])
        if not shown.any():
            continue
        edges[:, asset] = np.quantile(states[shown, asset], shares)
        bucket = (states[:, asset, None] > edges[:, asset]).sum(axis=1)
        for kind in (0, 1):
            known = shown & np.isfinite(costs[kind, :, asset])
            rows = [np.flatnonzero(known & (bucket == number)) for number in range(BUCKETS)]
            if min(map(len, rows)) < FEWEST:
                continue
            for number, at in enumerate(rows):
                seen = costs[kind, at, asset]
                law[kind, number, :, asset] = np.quantile(seen, levels)
                ranks[kind, at, asset] = ndtri((seen.argsort().argsort() + 0.5) / seen.size)
    law[1] *= -1.0
    return Liquidity(
        edges,
        law,
        np.array([_common(one) for one in ranks]),
        np.array([_persistence(one) for one in ranks]),
        np.nan_to_num(ranks[:, -1]).astype(np.float32),
        states[-1].astype(np.float32),
    )


def recent_squares(squares: Float[np.ndarray, "time asset"]) -> Float[np.ndarray, "time asset"]:
    """Mean squared move up to each session and with it, the weights halving with each before.

    Where an asset did not move it stays as it was; before the first move it is that move's.
    """
    first = np.isfinite(squares).argmax(axis=0)
    recent = np.nan_to_num(squares[first, np.arange(squares.shape[1])])
    states = np.empty_like(squares)
    for t, row in enumerate(squares):
        recent = np.where(np.isfinite(row), after(recent, np.nan_to_num(row)), recent)
        states[t] = recent
    return states


def after(recent: NDArray[Any], squares: NDArray[Any]) -> NDArray[Any]:
    """Mean squared move once a session has been."""
    return KEPT * recent + (1 - KEPT) * squares


def _common(ranks: Float[np.ndarray, "time asset"]) -> float:
    """Mean product of two assets' normal scores on the sessions of both."""
    known = np.isfinite(ranks)
    total, square = np.nansum(ranks, axis=1), np.nansum(ranks**2, axis=1)
    count = known.sum(axis=1)
    pairs = float((count * (count - 1)).sum())
    return float(np.clip((total**2 - square).sum() / pairs, 0.0, 0.99)) if pairs else 0.0


def _persistence(ranks: Float[np.ndarray, "time asset"]) -> float:
    """Mean product of an asset's normal scores of two sessions in a row."""
    product = ranks[1:] * ranks[:-1]
    known = np.isfinite(product)
    return float(np.clip(product[known].mean(), 0.0, LASTING)) if known.any() else 0.0


@numba.njit(cache=True, nogil=True)
@no_type_check
def _read(out, state, score, edges, law):
    """Read one session's costs off the quantiles of each cell's bucket at its rank."""
    levels = law.shape[1]
    for path in range(state.shape[0]):
        for a in range(state.shape[1]):
            bucket = 0
            for edge in range(edges.shape[0]):
                bucket += state[path, a] > edges[edge, a]
            rank = 0.5 * math.erfc(-score[path, a] * math.sqrt(0.5)) * (levels - 1)
            low = min(int(rank), levels - 2)
            share = np.float32(rank - low)
            better = law[bucket, low, a]
            out[path, a] = better + share * (law[bucket, low + 1, a] - better)
