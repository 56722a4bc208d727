"""How assets move together: correlation, and how often they are in their lower tails at once."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from validation.realism.resampling import Estimate, Weights, estimated
from validation.realism.sample import PathSample

TAIL = 0.05
"""Share of each asset's moves that is called its lower tail."""

MOST_ASSETS = 60
"""Pairs of more assets are judged on a random choice of so many: 1,770 pairs."""

_AT_A_TIME = 4_000_000  # cross products held as floats at once


def correlations(sample: PathSample, *, seed: int, draws: int, whole: bool = False) -> Estimate:
    """Correlation of each pair of assets, by session or over the whole path.

    Parameters
    ----------
    sample : PathSample
    seed, draws : int
        Of the resamples.
    whole : bool
        Moves over the whole path instead of those of a session.
    """
    rows = _rows(sample, whole=whole)
    spread = rows.std(axis=(0, 1))
    scaled = (rows - rows.mean(axis=(0, 1))) / np.where(spread > 0, spread, 1.0)

    def statistic(_: PathSample, weights: Weights) -> NDArray[np.float64]:
        second = _cross_moments(scaled, weights)
        size = weights.sum(axis=1, keepdims=True) * rows.shape[1]
        mean = weights @ scaled.sum(axis=1) / size
        covariance = second / size[..., None] - mean[:, :, None] * mean[:, None, :]
        return _normalised(covariance)

    return estimated(statistic, sample, seed=seed, draws=draws)


def lower_tail_dependence(
    sample: PathSample, *, seed: int, draws: int, whole: bool = False, tail: float = TAIL
) -> Estimate:
    r"""Chance that one asset is in its lower tail where another is, for each pair.

    Both tails hold the same share of each law's own moves, so that margins do not enter.

    Parameters
    ----------
    sample : PathSample
    seed, draws : int
        Of the resamples.
    whole : bool
        Moves over the whole path instead of those of a session.
    tail : float
        Share of moves in the tail.

    References
    ----------
    McNeil, Frey and Embrechts (2015), *Quantitative Risk Management*, section 7.2: of a t copula
    it tends to ``2 t_{nu+1}(-sqrt((nu+1)(1-rho)/(1+rho)))`` as the tail becomes small.
    """
    rows = _rows(sample, whole=whole)
    below = (rows <= np.quantile(rows, tail, axis=(0, 1))).astype(np.float32)
    return estimated(
        lambda _, weights: _normalised(_cross_moments(below, weights)),
        sample,
        seed=seed,
        draws=draws,
    )


def judged_assets(assets: int, *, seed: int) -> NDArray[np.int64]:
    """Which assets' pairs are judged: all, or a random choice."""
    if assets <= MOST_ASSETS:
        return np.arange(assets)
    return np.sort(np.random.default_rng(seed).choice(assets, MOST_ASSETS, replace=False))


def _rows(sample: PathSample, *, whole: bool) -> NDArray[np.float64]:
    return sample.summed()[:, None, :] if whole else sample.moves.astype(np.float64)


def _cross_moments(
    rows: NDArray[np.floating], weights: Weights
) -> Float[np.ndarray, "draw asset asset"]:
    """Weighted sums over paths and steps of the product of each pair of assets."""
    paths, _, assets = rows.shape
    total = np.zeros((len(weights), assets * assets))
    step = max(1, _AT_A_TIME // assets**2)
    for start in range(0, paths, step):
        part = rows[start : start + step].astype(np.float32)
        products = (part.transpose(0, 2, 1) @ part).reshape(len(part), -1)
        total += weights[:, start : start + step] @ products
    return total.reshape(-1, assets, assets)


def _normalised(moments: NDArray[np.float64]) -> Float[np.ndarray, "draw pair"]:
    """Each pair's moment over the root of the two assets' own."""
    own = np.sqrt(np.maximum(np.diagonal(moments, axis1=1, axis2=2), 1e-30))
    left, right = np.triu_indices(moments.shape[1], k=1)
    return moments[:, left, right] / (own[:, left] * own[:, right])
