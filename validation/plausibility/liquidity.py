"""Soft rules of generated liquidity: it worsens with volatility, and is never better than seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from validation.realism.resampling import (
    Figure,
    Weights,
    distance,
    estimated,
    not_computable,
)
from validation.realism.sample import PathSample

BUCKETS = 5
MEMORY = 3
"""Sessions over which absolute moves are averaged to call it volatility."""


@dataclass(frozen=True, slots=True)
class SeenLiquidity:
    """The least cost that history has shown in each bucket of volatility.

    Attributes
    ----------
    edges : array of shape (bucket - 1, asset)
        Quantiles of volatility that part the buckets.
    least : array of shape (bucket, asset)
        Cost that no scenario may undercut.
    """

    edges: Float[np.ndarray, "edge asset"]
    least: Float[np.ndarray, "bucket asset"]


def volatility(moves: Float[np.ndarray, "path step asset"]) -> Float[np.ndarray, "path tail asset"]:
    """Mean absolute move over the last three sessions, from the third session on.

    Computed from paths alone, so that scenarios and windows of history are measured alike; a
    path of fewer sessions gives one value.
    """
    size = np.abs(moves.astype(np.float64))
    length = min(MEMORY, size.shape[1])
    summed = np.cumsum(size, axis=1)
    recent = summed[:, length - 1 :].copy()
    recent[:, 1:] -= summed[:, :-length]
    return recent / length


def seen_liquidity(
    moves: Float[np.ndarray, "path step asset"],
    cost: Float[np.ndarray, "path step asset"],
    *,
    quantile: float = 0.0,
) -> SeenLiquidity:
    """What history's windows have shown, bucket by bucket.

    Parameters
    ----------
    moves, cost : arrays of shape (path, step, asset)
        Windows of history. Cost is a spread, or minus a depth: larger is worse. Cells in which it
        is NaN tell nothing, and their moves need not be known.
    quantile : float
        Of cost in its bucket: 0 is the best that was seen, 1 the worst.
    """
    scale, recent = volatility(moves), _aligned(cost)
    told = np.isfinite(recent)
    shares = np.arange(1, BUCKETS) / BUCKETS
    edges = np.nanquantile(np.where(told, scale, np.nan), shares, axis=(0, 1))
    bucket = _bucket(scale, edges)
    least = np.full((BUCKETS, cost.shape[2]), -np.inf)
    for at in range(BUCKETS):
        for asset in range(cost.shape[2]):
            inside = recent[..., asset][told[..., asset] & (bucket[..., asset] == at)]
            if inside.size:
                least[at, asset] = np.quantile(inside, quantile)
    return SeenLiquidity(edges, least)


def phantom_cells(
    moves: Float[np.ndarray, "path step asset"],
    cost: Float[np.ndarray, "path step asset"],
    seen: SeenLiquidity,
) -> NDArray[np.bool_]:
    """Cells, from the third session on, whose cost is below what their bucket has ever shown.

    So is a cost that is not given: nothing is more liquid than what need not be paid.
    """
    bucket = _bucket(volatility(moves), seen.edges)
    least = np.take_along_axis(seen.least[None], bucket.reshape(1, -1, bucket.shape[2]), axis=1)
    slack = 1e-6 * np.abs(least)  # single precision on disk
    return ~(_aligned(cost) >= (least - slack).reshape(bucket.shape))


def liquidity_figures(
    candidate: PathSample,
    cost: Float[np.ndarray, "path step asset"],
    reference: PathSample,
    reference_cost: Float[np.ndarray, "other step asset"],
    *,
    seed: int,
    draws: int,
    quantile: float = 0.0,
) -> dict[str, Figure]:
    """Share of cells with phantom liquidity, and how cost and volatility move together.

    Parameters
    ----------
    candidate, reference : PathSample
        Scenarios, and windows of history with known liquidity.
    cost, reference_cost : arrays of shape (path, step, asset)
        Spread, or minus depth; the reference's may have gaps, see `seen_liquidity`.
    seed, draws : int
        Of the bootstrap.
    quantile : float
        See `seen_liquidity`.

    Returns
    -------
    dict of name to Figure
        ``phantom_liquidity``: share of cells; ``liquidity_comovement``: mean difference over
        assets of the rank correlation of cost and volatility.
    """
    seen = seen_liquidity(reference.moves, reference_cost, quantile=quantile)
    phantom = phantom_cells(candidate.moves, cost, seen)
    rows = (len(candidate.moves), len(reference.moves))
    by_path = phantom.mean(axis=(1, 2))
    found = estimated(
        lambda _, weights: (weights @ by_path / weights.sum(axis=1))[:, None],
        candidate,
        seed=seed,
        draws=draws,
    )
    low, high = np.quantile(found.resampled, (0.025, 0.975))
    if any(np.ptp(one[np.isfinite(one)]) == 0 for one in (cost, reference_cost)):
        together = not_computable("the cost never moves")
    else:
        together = distance(
            *(
                estimated(_ranked(law, paid), law, seed=seed, draws=draws)
                for law, paid in ((candidate, cost), (reference, reference_cost))
            ),
            rows=rows,
        )
    share = Figure(
        value=float(phantom.mean()),
        low=float(low),
        high=float(high),
        floor=0.0,
        n=phantom.size,
        rows=rows,
    )
    return {"phantom_liquidity": share, "liquidity_comovement": together}


def _aligned(cost: Float[np.ndarray, "path step asset"]) -> Float[np.ndarray, "path tail asset"]:
    return cost[:, min(MEMORY, cost.shape[1]) - 1 :].astype(np.float64)


def _bucket(
    scale: NDArray[np.float64], edges: NDArray[np.float64]
) -> Int[np.ndarray, "path tail asset"]:
    bucket = np.zeros(scale.shape, dtype=np.int64)
    for edge in edges:
        bucket += scale > edge
    return bucket


def _ranked(law: PathSample, cost: NDArray[np.float64]):
    """Rank correlation of cost and volatility of each asset; ranks are those of all known cells."""
    from scipy.stats import rankdata

    recent = _aligned(cost)
    scale = np.where(np.isfinite(recent), volatility(law.moves), np.nan)
    known = np.isfinite(recent).sum(axis=(0, 1))
    left, right = (
        np.nan_to_num(
            rankdata(values.reshape(-1, len(known)), axis=0, nan_policy="omit") / known - 0.5
        ).reshape(values.shape)
        for values in (scale, recent)
    )
    product, one, two = (values.mean(axis=1) for values in (left * right, left**2, right**2))

    def statistic(_: PathSample, weights: Weights) -> NDArray[np.float64]:
        return weights @ product / np.sqrt(np.maximum((weights @ one) * (weights @ two), 1e-30))

    return statistic
