"""How moves follow each other: volatility that clusters, and that rises after losses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from validation.realism.resampling import Estimate, Weights, estimated
from validation.realism.sample import PathSample

LONGEST_LAG = 20


def volatility_clustering(sample: PathSample, *, seed: int, draws: int) -> Estimate:
    """Autocorrelation of absolute moves by lag, averaged over assets.

    Lags run to 20, or to the longest that a path holds. Each asset is centred and scaled over
    all paths and steps of the sample, so differences of volatility between paths count too.
    """
    return _by_lag(sample, lambda scaled: (scaled, scaled), seed=seed, draws=draws)


def leverage_effect(sample: PathSample, *, seed: int, draws: int) -> Estimate:
    """Correlation of a move with the absolute move some sessions later, averaged over assets.

    Below zero losses are followed by larger moves than gains are.

    References
    ----------
    Bouchaud, Matacz and Potters (2001), *Leverage effect in financial markets*.
    """
    signed = _scaled(sample.moves.astype(np.float64))
    return _by_lag(sample, lambda scaled: (signed, scaled), seed=seed, draws=draws)


def _by_lag(
    sample: PathSample,
    pair: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]],
    *,
    seed: int,
    draws: int,
) -> Estimate:
    if sample.steps < 2:
        raise ValueError(
            f"moves must hold two sessions at least to follow each other, got {sample.steps}."
        )
    before, after = pair(_scaled(np.abs(sample.moves.astype(np.float64))))
    lags = range(1, min(LONGEST_LAG, sample.steps - 1) + 1)
    by_path = np.stack(
        [(before[:, :-lag] * after[:, lag:]).mean(axis=(1, 2)) for lag in lags], axis=1
    )

    def statistic(_: PathSample, weights: Weights) -> NDArray[np.float64]:
        return weights @ by_path / weights.sum(axis=1, keepdims=True)

    return estimated(statistic, sample, seed=seed, draws=draws)


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = values.std(axis=(0, 1))
    return (values - values.mean(axis=(0, 1))) / np.where(spread > 0, spread, 1.0)
