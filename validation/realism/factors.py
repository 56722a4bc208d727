"""Paths as points: a few common factors of the moves, session by session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from validation.realism.sample import PathSample

FACTORS = 8


@dataclass(frozen=True, slots=True)
class FactorBasis:
    """Principal components of one law's standardised moves; every law is seen through the same.

    Attributes
    ----------
    mean, scale : arrays of shape (asset,)
        Of a session's move.
    directions : array of shape (asset, factor)
        Divided by the standard deviation of their factor.
    """

    mean: Float[np.ndarray, " asset"]
    scale: Float[np.ndarray, " asset"]
    directions: Float[np.ndarray, "asset factor"]

    def points(self, sample: PathSample) -> Float[np.ndarray, "path coordinate"]:
        """Factor values of each session of each path, side by side."""
        scaled = (sample.moves - self.mean) / self.scale
        return (scaled @ self.directions).reshape(len(sample.moves), -1)


def factor_basis(reference: PathSample, *, factors: int = FACTORS) -> FactorBasis:
    """The first principal components of the reference's moves, each of unit variance.

    Parameters
    ----------
    reference : PathSample
    factors : int
        How many, at most; fewer where there are fewer assets.
    """
    moves = reference.moves.reshape(-1, reference.moves.shape[2]).astype(np.float64)
    mean, spread = moves.mean(axis=0), moves.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    scaled = (moves - mean) / scale
    variance, directions = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    kept = np.argsort(variance)[::-1][: min(factors, np.count_nonzero(variance > 1e-10))]
    return FactorBasis(mean, scale, directions[:, kept] / np.sqrt(variance[kept]))
