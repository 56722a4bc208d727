"""The nearest point at which a quadratic loses an amount: where a search for more begins."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq


def nearest_quadratic_loss(
    slope: Float[np.ndarray, " direction"],
    bend: Float[np.ndarray, "direction direction"],
    *,
    loss: float,
) -> Float[np.ndarray, " direction"] | None:
    r"""Point nearest to zero at which :math:`g'z + z'Hz/2 = -\ell`.

    Stationary points of the distance are :math:`z = -\mu (I + \mu H)^{-1} g`; along them the P&L
    falls with :math:`\mu`, so that one root is found in the eigenvectors of :math:`H`.

    Parameters
    ----------
    slope : array of shape (direction,)
        Derivative of the P&L, gain positive, in directions of one standard deviation each.
    bend : array of shape (direction, direction)
        Its second derivative, symmetric.
    loss : float
        Positive.

    Returns
    -------
    array of shape (direction,), or None
        None where no point on that curve loses as much: the gains of convexity catch up.

    References
    ----------
    Studer (1999), *Market risk computation for nonlinear portfolios*: maximum loss of a quadratic.
    """
    values, vectors = np.linalg.eigh(bend)
    along = vectors.T @ slope

    def at(multiplier: float) -> Float[np.ndarray, " direction"]:
        return -multiplier * along / (1.0 + multiplier * values)

    def missing(multiplier: float) -> float:
        z = at(multiplier)
        return float(along @ z + 0.5 * values @ z**2 + loss)

    last = -1.0 / values[0] * (1.0 - 1e-9) if values[0] < 0.0 else np.inf
    high = min(1.0, last)
    while missing(high) > 0.0:
        if high >= last or high > 1e12:
            return None
        high = min(2.0 * high, last)
    return vectors @ at(float(brentq(missing, 0.0, high)))
