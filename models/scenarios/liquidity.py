"""Spread and depth beside the moves: drawn from what the same state of volatility has shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Float32
from scipy.special import ndtri

from models.scenarios.chunks import CHUNK, Purpose, stream

BUCKETS = 5
"""States of an asset's own volatility, from its calmest fifth to its wildest."""
LEVELS = 33
"""Quantiles that a bucket's law is kept at, from its least to its greatest."""
FEWEST = 50
"""Sessions that a bucket must have shown a cost on: of fewer nobody knows how good it gets."""
LASTING = 0.99
"""Most of a session's rank that the next one keeps."""

Variances = Float32[np.ndarray, "path step asset"]


@dataclass(frozen=True, slots=True)
class Liquidity:
    """Law of spread and depth in each state of an asset's volatility.

    Attributes
    ----------
    edges : array of shape (bucket - 1, asset)
        Variances between the buckets.
    spread, depth : float32 array of shape (bucket, level, asset)
        Quantiles within a bucket from the most liquid to the least: spread rises, depth falls.
        The first is the best that the bucket has ever shown, and no path betters it. NaN for an
        asset that has not shown enough: nobody knows it, and no number stands in for it.
    common : float
        Correlation of two assets' liquidity within their buckets: dry days are dry for all.
    persistence : float
        Correlation of an asset's rank in its bucket with the session before.
    start : float32 array of shape (asset,)
        Normal score of the rank at the as-of.
    """

    edges: Float[np.ndarray, "edge asset"]
    spread: Float32[np.ndarray, "bucket level asset"]
    depth: Float32[np.ndarray, "bucket level asset"]
    common: float
    persistence: float
    start: Float32[np.ndarray, " asset"]

    def drawn(self, variance: Variances, *, index: int, seed: int) -> tuple[Variances, Variances]:
        """Spread and depth of sessions whose variances are given.

        One rank decides both: the wide sessions of a bucket are taken to be its thin ones.

        Parameters
        ----------
        variance : float32 array of shape (path, step, asset)
            Before each session, of the first paths of a chunk.
        index, seed : int
            Of the chunk.
        """
        generator = stream(seed, index, Purpose.LIQUIDITY)
        spread, depth = np.empty_like(variance), np.empty_like(variance)
        assets = variance.shape[2]
        load, rest, kept, new = (
            np.float32(share**0.5)
            for share in (
                self.common,
                1.0 - self.common,
                self.persistence**2,
                1.0 - self.persistence**2,
            )
        )
        score = np.tile(self.start, (CHUNK, 1))
        for step in range(variance.shape[1]):
            shared = generator.standard_normal((CHUNK, 1), dtype=np.float32)
            own = generator.standard_normal((CHUNK, assets), dtype=np.float32)
            score = kept * score + new * (load * shared + rest * own)
            for out, law in ((spread, self.spread), (depth, self.depth)):
                _read(out[:, step], variance[:, step], score, self.edges, law)
        return spread, depth


def fit_liquidity(
    variance: Float[np.ndarray, "time asset"],
    spread: Float[np.ndarray, "time asset"],
    depth: Float[np.ndarray, "time asset"],
) -> Liquidity:
    """Laws by bucket of volatility, from history.

    Parameters
    ----------
    variance : array of shape (time, asset)
        Conditional variance before each session, as `Filtered.variance` without its last row.
    spread, depth : array of shape (time, asset)
        Spread as a fraction of price, and what traded in multiples of the usual; NaN where not
        known. What an asset has shown on fewer than `FEWEST` sessions of a bucket is NaN in every
        scenario.
    """
    shares = np.arange(1, BUCKETS) / BUCKETS
    shown = np.where(np.isfinite(spread), variance, np.nan)
    assets = variance.shape[1]
    edges = np.full((BUCKETS - 1, assets), np.inf)
    laws = np.full((2, BUCKETS, LEVELS, assets), np.nan, np.float32)
    ranks = np.full(variance.shape, np.nan)
    levels = np.linspace(0.0, 1.0, LEVELS)
    for asset in range(assets):
        known = np.isfinite(spread[:, asset])
        if not known.any():
            continue
        edges[:, asset] = np.nanquantile(shown[:, asset], shares)
        bucket = (variance[:, asset, None] > edges[:, asset]).sum(axis=1)
        rows = [np.flatnonzero(known & (bucket == number)) for number in range(BUCKETS)]
        if min(map(len, rows)) < FEWEST:
            continue
        traded = [depth[at, asset][np.isfinite(depth[at, asset])] for at in rows]
        for number, at in enumerate(rows):
            seen = spread[at, asset]
            laws[0, number, :, asset] = np.quantile(seen, levels)
            ranks[at, asset] = ndtri((seen.argsort().argsort() + 0.5) / seen.size)
            if min(map(len, traded)) >= FEWEST:
                laws[1, number, :, asset] = np.quantile(traded[number], 1.0 - levels)
    last = np.nan_to_num(ranks[-1]) if len(ranks) else np.zeros(assets)
    return Liquidity(
        edges, laws[0], laws[1], _common(ranks), _persistence(ranks), last.astype(np.float32)
    )


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
def _read(out, variance, score, edges, law):
    """Read one session's costs off the quantiles of each cell's bucket at its rank."""
    levels = law.shape[1]
    for path in range(variance.shape[0]):
        for a in range(variance.shape[1]):
            bucket = 0
            for edge in range(edges.shape[0]):
                bucket += variance[path, a] > edges[edge, a]
            rank = 0.5 * math.erfc(-score[path, a] * math.sqrt(0.5)) * (levels - 1)
            low = min(int(rank), levels - 2)
            share = np.float32(rank - low)
            better = law[bucket, low, a]
            out[path, a] = better + share * (law[bucket, low + 1, a] - better)
