"""Soft rules of single assets: tail index, kurtosis and drawdown inside the reference's bands."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from validation.realism.resampling import Estimate, Figure, Weights, distance, estimated
from validation.realism.sample import PathSample

TAIL = 0.05
"""Share of a session's absolute moves from which the tail index is taken."""


def margin_figures(
    candidate: PathSample,
    reference: PathSample,
    *,
    seed: int,
    draws: int,
    baseline: PathSample | None = None,
) -> dict[str, Figure]:
    """Mean difference over assets of tail index, kurtosis and worst drawdown, with bands.

    Kurtosis is Geary's; drawdowns count relative to the reference's.
    """
    figures: dict[str, Figure] = {}
    rows = (len(candidate.moves), len(reference.moves))
    for name, statistic in MARGINS.items():
        mine, real = (statistic(law, seed=seed, draws=draws) for law in (candidate, reference))
        theirs = None if baseline is None else statistic(baseline, seed=seed, draws=draws)
        figures[name] = distance(
            mine,
            real,
            scale=np.maximum(np.abs(real.values), 1e-12) if name == "drawdown" else None,
            baseline=theirs,
            rows=rows,
        )
    return figures


def tail_index(sample: PathSample, *, seed: int, draws: int) -> Estimate:
    """Hill's estimate of the shape xi of each asset's absolute moves beyond their 95% quantile.

    Zero is a normal tail, 0.2 to 0.4 is what daily returns show; 1 / xi moments exist.

    References
    ----------
    Hill (1975), *A simple general approach to inference about the tail of a distribution*.
    """
    sizes = np.abs(sample.moves.astype(np.float64))
    limit = np.maximum(np.quantile(sizes, 1 - TAIL, axis=(0, 1)), 1e-300)
    beyond = sizes > limit
    excess = np.log(np.where(beyond, sizes, limit) / limit).sum(axis=1)
    number = beyond.sum(axis=1).astype(np.float64)

    def statistic(_: PathSample, weights: Weights) -> NDArray[np.float64]:
        return weights @ excess / np.maximum(weights @ number, 1.0)

    return estimated(statistic, sample, seed=seed, draws=draws)


def geary_kurtosis(sample: PathSample, *, seed: int, draws: int) -> Estimate:
    """Variance over the squared mean absolute move of each asset: pi / 2 where it is normal.

    Fourth moments of moves with a tail index of a third have no standard error, so that no band
    of the usual kurtosis would hold; those of this ratio have.

    References
    ----------
    Geary (1935), *The ratio of the mean deviation to the standard deviation as a test of
    normality*.
    """
    moves = sample.moves.astype(np.float64)
    spread = moves.std(axis=(0, 1))
    scaled = (moves - moves.mean(axis=(0, 1))) / np.where(spread > 0, spread, 1.0)
    first, second = np.abs(scaled).mean(axis=1), (scaled**2).mean(axis=1)

    def statistic(_: PathSample, weights: Weights) -> NDArray[np.float64]:
        size = weights.sum(axis=1, keepdims=True)
        return weights @ second / size / np.maximum(weights @ first / size, 1e-12) ** 2

    return estimated(statistic, sample, seed=seed, draws=draws)


def worst_drawdown(sample: PathSample, *, seed: int, draws: int) -> Estimate:
    """Mean over paths of each asset's largest fall from a peak of its path, in its own moves."""
    drop = drawdowns(sample.moves)

    def statistic(_: PathSample, weights: Weights) -> NDArray[np.float64]:
        return weights @ drop / weights.sum(axis=1, keepdims=True)

    return estimated(statistic, sample, seed=seed, draws=draws)


def drawdowns(moves: Float[np.ndarray, "path step asset"]) -> Float[np.ndarray, "path asset"]:
    """Largest fall from a peak, the start included; zero for a path that only rises."""
    level = np.cumsum(moves, axis=1, dtype=np.float64)
    peak = np.maximum(np.maximum.accumulate(level, axis=1), 0.0)
    return (peak - level).max(axis=1)


MARGINS = {"tail_index": tail_index, "kurtosis": geary_kurtosis, "drawdown": worst_drawdown}
