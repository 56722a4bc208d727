"""Spread and depth beside the moves: drawn from what the same state of volatility has shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy.special import ndtr, ndtri

from models.base import Moves
from models.scenarios.chunks import CHUNK, Purpose, stream

BUCKETS = 5
"""States of an asset's own volatility, from its calmest fifth to its wildest."""
LEVELS = 33
"""Quantiles that a bucket's law is kept at, from its least to its greatest."""


@dataclass(frozen=True, slots=True)
class Liquidity:
    """Law of spread and depth in each state of an asset's volatility.

    Attributes
    ----------
    edges : array of shape (bucket - 1, asset)
        Variances between the buckets.
    spread, depth : float32 array of shape (bucket, level, asset)
        Quantiles within a bucket from the most liquid to the least: spread rises, depth falls.
        The first is the best that the bucket has ever shown, and no path betters it.
    common : float
        Correlation of two assets' liquidity within their buckets: dry days are dry for all.
    """

    edges: Float[np.ndarray, "edge asset"]
    spread: Float32[np.ndarray, "bucket level asset"]
    depth: Float32[np.ndarray, "bucket level asset"]
    common: float

    def attach(
        self,
        moves: Float32[np.ndarray, "path step asset"],
        variance: np.ndarray,
        *,
        index: int,
        seed: int,
    ) -> Moves:
        """Moves with the liquidity of their sessions, given the variance before each.

        Parameters
        ----------
        moves, variance : float32 array of shape (path, step, asset)
            Of the first paths of a chunk.
        index, seed : int
            Of the chunk.
        """
        generator = stream(seed, index, Purpose.LIQUIDITY)
        spread, depth = np.empty_like(moves), np.empty_like(moves)
        load, rest = np.float32(self.common**0.5), np.float32((1.0 - self.common) ** 0.5)
        assets = np.arange(moves.shape[2])
        for step in range(moves.shape[1]):
            shared = generator.standard_normal((CHUNK, 1), dtype=np.float32)
            own = generator.standard_normal((CHUNK, moves.shape[2]), dtype=np.float32)
            rank = ndtr(load * shared + rest * own)[: len(moves)] * (LEVELS - 1)
            low = np.minimum(rank.astype(np.intp), LEVELS - 2)
            share = (rank - low).astype(np.float32)
            bucket = (variance[:, step, None] > self.edges).sum(axis=1)
            for out, law in ((spread, self.spread), (depth, self.depth)):
                worse = law[bucket, low + 1, assets]
                better = law[bucket, low, assets]
                out[:, step] = better + share * (worse - better)
        return Moves(moves, spread, depth)


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
        known. A depth that is never known is NaN in every scenario.

    Raises
    ------
    ValueError
        If an asset has no spread in a bucket: what was never seen cannot be drawn.
    """
    shares = np.arange(1, BUCKETS) / BUCKETS
    edges = np.quantile(variance, shares, axis=0)
    bucket = (variance[:, None] > edges).sum(axis=1)
    levels = np.linspace(0.0, 1.0, LEVELS)
    laws = np.full((2, BUCKETS, LEVELS, variance.shape[1]), np.nan, np.float32)
    ranks = np.full(variance.shape, np.nan)
    for asset in range(variance.shape[1]):
        for number in range(BUCKETS):
            rows = np.flatnonzero((bucket[:, asset] == number) & np.isfinite(spread[:, asset]))
            if not rows.size:
                raise ValueError(
                    f"spread of asset {asset} is never known in volatility bucket {number} of "
                    f"{BUCKETS}. Leave liquidity out, or give its spreads."
                )
            seen = spread[rows, asset]
            laws[0, number, :, asset] = np.quantile(seen, levels)
            ranks[rows, asset] = ndtri((seen.argsort().argsort() + 0.5) / seen.size)
            traded = depth[rows, asset]
            traded = traded[np.isfinite(traded)]
            if traded.size:
                laws[1, number, :, asset] = np.quantile(traded, 1.0 - levels)
    return Liquidity(edges, laws[0], laws[1], _common(ranks))


def _common(ranks: Float[np.ndarray, "time asset"]) -> float:
    """Mean product of two assets' normal scores on the sessions of both."""
    known = np.isfinite(ranks)
    total, square = np.nansum(ranks, axis=1), np.nansum(ranks**2, axis=1)
    count = known.sum(axis=1)
    pairs = float((count * (count - 1)).sum())
    return float(np.clip((total**2 - square).sum() / pairs, 0.0, 0.99)) if pairs else 0.0
