"""Correlation stress: the same paths of every asset, meeting other paths of the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import norm

SWEEPS = 500
"""Alternating projections before the nearest correlation matrix is taken as it stands."""


@dataclass(frozen=True, slots=True)
class Projected:
    """A correlation matrix, and how far it lies from what was asked.

    Attributes
    ----------
    matrix : array of shape (asset, asset)
        Positive semidefinite with ones on its diagonal.
    distance : float
        Frobenius norm of its difference from what was asked; 0 where that was one already.
    """

    matrix: Float[np.ndarray, "asset asset"]
    distance: float


def nearest_correlation(asked: Float[np.ndarray, "asset asset"]) -> Projected:
    """Correlation matrix nearest in Frobenius norm.

    Parameters
    ----------
    asked : array of shape (asset, asset)
        Symmetric with ones on its diagonal; its eigenvalues may be negative.

    Raises
    ------
    ValueError
        If it is not finite, not symmetric, or has no unit diagonal.

    References
    ----------
    Higham (2002), *Computing the nearest correlation matrix, a problem from finance*.
    """
    symmetric = asked.shape[0] == asked.shape[1] and np.allclose(asked, asked.T, atol=1e-10)
    if not (np.isfinite(asked).all() and symmetric and np.allclose(np.diag(asked), 1.0)):
        raise ValueError(
            "asked must be finite and symmetric with ones on its diagonal. Rescale it by its own "
            "standard deviations and take the mean with its transpose."
        )
    if np.linalg.eigvalsh(asked)[0] >= -1e-12:
        return Projected(asked, 0.0)
    current, correction = asked.copy(), np.zeros_like(asked)
    for _ in range(SWEEPS):
        before = current
        values, vectors = np.linalg.eigh(current - correction)
        psd = (vectors * np.maximum(values, 0.0)) @ vectors.T
        correction = psd - (current - correction)
        current = psd.copy()
        np.fill_diagonal(current, 1.0)
        if np.linalg.norm(current - before) < 1e-10 * np.linalg.norm(current):
            break
    # The last projection was onto unit diagonals: scaling is what keeps both.
    values, vectors = np.linalg.eigh(current)
    psd = (vectors * np.maximum(values, 0.0)) @ vectors.T
    scale = np.sqrt(np.diag(psd))
    matrix = psd / np.outer(scale, scale)
    np.fill_diagonal(matrix, 1.0)
    return Projected(matrix, float(np.linalg.norm(matrix - asked)))


def towards_one(
    correlation: Float[np.ndarray, "asset asset"], level: float
) -> Float[np.ndarray, "asset asset"]:
    """Raise the mean correlation to ``level`` by mixing in a market in which all are alike.

    A matrix whose mean is above the level already stays as it is.

    Raises
    ------
    ValueError
        If the level does not lie in (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie in (0, 1), got {level}. For 90% pass 0.9.")
    off = ~np.eye(len(correlation), dtype=np.bool_)
    mean = float(correlation[off].mean()) if off.any() else 1.0
    share = max(0.0, (level - mean) / (1.0 - mean)) if mean < 1.0 else 0.0
    return (1.0 - share) * correlation + share * np.ones_like(correlation)


def inverted(
    correlation: Float[np.ndarray, "asset asset"], block: Bool[np.ndarray, " asset"]
) -> Projected:
    """Flip the sign between a block and the rest, as when bonds stop hedging stocks.

    Inside the block and inside the rest nothing changes. Flipping a whole block keeps a matrix
    positive semidefinite; the projection answers for matrices that were not.
    """
    sign = np.where(block, -1.0, 1.0)
    return nearest_correlation(correlation * np.outer(sign, sign))


def broken(correlation: Float[np.ndarray, "asset asset"]) -> Float[np.ndarray, "asset asset"]:
    """Nothing moves with anything: diversification as if by assumption."""
    return np.eye(len(correlation))


def rejoined(
    moves: Float[np.ndarray, "path step asset"],
    target: Float[np.ndarray, "asset asset"],
    *,
    generator: np.random.Generator,
) -> Float[np.ndarray, "path step asset"]:
    """Paths of each asset dealt out anew so that totals over the horizon are correlated as asked.

    Each asset keeps its own paths, whole: its tails, its clusters and its horizon law are
    untouched, and only which path of one meets which of another changes.

    Parameters
    ----------
    moves : array of shape (path, step, asset)
    target : array of shape (asset, asset)
        Correlation of the normal scores of the totals.
    generator : numpy.random.Generator
        Draws the normal scores whose order is followed.

    References
    ----------
    Iman and Conover (1982), *A distribution-free approach to inducing rank correlation*.
    """
    paths, _, assets = moves.shape
    values, vectors = np.linalg.eigh(target)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    scores = norm.ppf((np.arange(paths) + 0.5) / paths)
    dealt = np.column_stack([generator.permutation(scores) for _ in range(assets)])
    # What correlation the shuffles have by chance is taken out before the wanted one is put in.
    chance = np.linalg.cholesky(np.corrcoef(dealt, rowvar=False).reshape(assets, assets))
    wanted = np.linalg.solve(chance, dealt.T).T @ root.T
    total = moves.sum(axis=1)
    out = np.empty_like(moves)
    for asset in range(assets):
        rank = np.argsort(wanted[:, asset], kind="stable")
        own = np.argsort(total[:, asset], kind="stable")
        out[rank, :, asset] = moves[own, :, asset]
    return out
