"""What moves together: principal components of normal scores, and what each asset does alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

MAJOR, MINOR = 8, 16
"""Components whose law and correlation move with the market, and those that stay as they are."""
LEAST_OWN = 1e-3
"""Share of an asset's variance that is always its own."""
DEGREES = (4.5, 100.0)
"""Degrees of freedom that the common scale of own moves may have."""


@dataclass(frozen=True, slots=True)
class Factors:
    r"""Scores as :math:`g = B f + \sqrt{m}\,(C u + d \varepsilon)`.

    Attributes
    ----------
    major : array of shape (asset, factor)
        :math:`B`: loadings on the factors :math:`f`, of unit variance and uncorrelated in history.
    minor : array of shape (asset, minor)
        :math:`C`: loadings on smaller components, without which near twins would part.
    own : array of shape (asset,)
        :math:`d`: deviation of what is left, so that every score has unit variance.
    projection : array of shape (factor, asset)
        Maps scores to factors.
    nu : float
        Degrees of freedom of the inverse gamma :math:`m`, one draw a session for all assets: on a
        day on which one asset goes its own way, others do too.
    """

    major: Float[np.ndarray, "asset factor"]
    minor: Float[np.ndarray, "asset minor"]
    own: Float[np.ndarray, " asset"]
    projection: Float[np.ndarray, "factor asset"]
    nu: float

    @property
    def rest(self) -> Float[np.ndarray, "asset asset"]:
        """Covariance of what the factors leave."""
        return self.minor @ self.minor.T + np.diag(self.own**2)


def fit_factors(
    scores: Float[np.ndarray, "time asset"], *, major: int = MAJOR, minor: int = MINOR
) -> Factors:
    """Components of the correlation of scores, at most as many as there are assets.

    Parameters
    ----------
    scores : array of shape (time, asset)
        Normal scores of residuals.
    major, minor : int
        Components to keep of either sort; fewer where there are fewer assets.
    """
    correlation = np.corrcoef(scores, rowvar=False).reshape(scores.shape[1], -1)
    values, vectors = np.linalg.eigh(correlation)
    order = np.argsort(values)[::-1]
    values, vectors = np.maximum(values[order], 1e-10), vectors[:, order]
    vectors = vectors * np.where(vectors.sum(axis=0) < 0.0, -1.0, 1.0)  # eigh leaves signs open
    major = min(major, len(values))
    loadings = vectors * np.sqrt(values)
    first, second = loadings[:, :major], loadings[:, major : major + minor]
    left = 1.0 - (first**2).sum(axis=1) - (second**2).sum(axis=1)
    own = np.sqrt(np.maximum(left, LEAST_OWN))
    projection = (vectors[:, :major] / np.sqrt(values[:major])).T
    errors = scores - scores @ projection.T @ first.T
    return Factors(first, second, own, projection, _common_scale(errors))


def _common_scale(errors: Float[np.ndarray, "time asset"]) -> float:
    """Degrees of freedom whose shared scale makes squares of different assets move together.

    Under a common inverse gamma scale the mean product of two assets' standardised squares is
    ``(nu - 2) / (nu - 4)``; uncorrelated errors are taken, which components leave nearly.
    """
    spread = errors.std(axis=0)
    if (spread > 0.0).sum() < 2:
        return DEGREES[1]
    squares = (errors[:, spread > 0.0] / spread[spread > 0.0]) ** 2
    count = squares.shape[1]
    pairs = squares.sum(axis=1) ** 2 - (squares**2).sum(axis=1)
    product = float(pairs.mean()) / (count * (count - 1))
    if product <= 1.0:
        return DEGREES[1]
    return float(np.clip((4.0 * product - 2.0) / (product - 1.0), *DEGREES))
