"""How much assets move together, as known each day."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from features.asof import Timeline
from features.crosssection import BLOCKS, CrossSection, asset_sum
from features.volatility import ewma


def co_movement(section: CrossSection) -> Timeline:
    """Average correlation (fast and slow), stocks against bonds, and the pull of one factor."""
    blocks = section.block_moves()
    stocks, bonds = (blocks[:, BLOCKS.index(block)] for block in ("equity", "government"))
    features = {
        "correlation_10": average_correlation(section.moves, half_life=10.0),
        "correlation_120": average_correlation(section.moves, half_life=120.0),
        "stocks_with_bonds_60": correlation(stocks, bonds, half_life=60.0),
        "absorption_60": absorption(blocks, half_life=60.0),
    }
    return Timeline(
        names=tuple(features),
        values=np.column_stack(list(features.values())),
        known_at=section.instants,
    )


def average_correlation(
    moves: Float[np.ndarray, "time asset"], *, half_life: float
) -> Float[np.ndarray, " time"]:
    r"""Exponentially weighted mean correlation over all pairs of assets.

    With standardised moves the mean product over pairs needs no matrix:
    :math:`((\sum z)^2 - \sum z^2) / (n(n-1))`; it is taken over the mean square.

    Parameters
    ----------
    moves : array of shape (time, asset)
        Standardised: of like variance, mean near zero. NaN where an asset did not move; a time
        with fewer than two is skipped.
    """
    total, count = asset_sum(moves)
    squares, _ = asset_sum(moves**2)
    pairs = np.where(count >= 2, count * (count - 1.0), np.nan)
    products = ewma((total**2 - squares) / pairs, half_life=half_life)
    square = ewma(np.where(count >= 2, squares / np.maximum(count, 1), np.nan), half_life=half_life)
    return _ratio(products, square)


def correlation(
    first: Float[np.ndarray, " time"], second: Float[np.ndarray, " time"], *, half_life: float
) -> Float[np.ndarray, " time"]:
    """Exponentially weighted correlation about zero, over the times at which both moved."""
    both = np.isfinite(first) & np.isfinite(second)
    x, y = np.where(both, first, np.nan), np.where(both, second, np.nan)
    scale = np.sqrt(ewma(x**2, half_life=half_life) * ewma(y**2, half_life=half_life))
    return _ratio(ewma(x * y, half_life=half_life), scale)


def absorption(
    moves: Float[np.ndarray, "time block"], *, half_life: float
) -> Float[np.ndarray, " time"]:
    r"""Pull of the first common factor: 0 where blocks move alone, 1 where one factor is all.

    The first eigenvalue of the k by k exponentially weighted correlation matrix, rescaled as
    :math:`(\lambda_1 - 1) / (k - 1)` to compare times with more and with fewer blocks. NaN with
    less than two.

    Source: after Kritzman, Li, Page and Rigobon (2011), *Principal components as a measure of
    systemic risk*.
    """
    time, blocks = moves.shape
    outer = (moves[:, :, None] * moves[:, None, :]).reshape(time, -1)
    covariance = ewma(outer, half_life=half_life).reshape(time, blocks, blocks)
    scale = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    pull = np.full(time, np.nan)
    alive, pattern = np.unique(scale > 0.0, axis=0, return_inverse=True)
    for number, members in enumerate(alive):
        k = int(members.sum())
        if k < 2:
            continue
        rows = np.flatnonzero(pattern == number)
        some = covariance[np.ix_(rows, members, members)]
        some /= scale[np.ix_(rows, members)][:, :, None] * scale[np.ix_(rows, members)][:, None, :]
        known = np.isfinite(some).all(axis=(1, 2))
        pull[rows[known]] = (np.linalg.eigvalsh(some[known])[:, -1] - 1.0) / (k - 1.0)
    return pull


def _ratio(
    above: Float[np.ndarray, " time"], below: Float[np.ndarray, " time"]
) -> Float[np.ndarray, " time"]:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0.0)
