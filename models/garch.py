"""GARCH(1,1) and GJR-GARCH(1,1) with given parameters: the filter and the Student-t tail."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float
from scipy.special import gammaln, stdtr, stdtrit

from features.splits import Window
from models.measures import tail_probability
from models.residuals import FilteredPath, ResidualTail, next_residuals


@dataclass(frozen=True, slots=True)
class Params:
    """Parameters of one refit, of simple returns (0.01, not percent).

    ``sigma2[t+1] = omega + (alpha + gamma * (e[t] < 0)) * e[t]**2 + beta * sigma2[t]`` with
    ``e = returns - mu``. Before the first return both ``sigma2`` and ``e**2`` are ``backcast``,
    and half of it counts as a loss.

    Attributes
    ----------
    mu, omega, alpha, gamma, beta : float
        Mean and variance recursion; ``gamma`` is 0 in a symmetric model.
    nu : float
        Degrees of freedom of the standardised Student-t residual.
    backcast : float
        Variance before the first return.
    carried : float
        0 for an estimate of this window; otherwise the refits in a row, this one included, that
        did not converge, so that the parameters are those of the last one that did.
    """

    mu: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    nu: float
    backcast: float
    carried: float = 0.0

    def to_bytes(self) -> bytes:
        """Fields in order as little-endian doubles, for storage."""
        return np.array(astuple(self), dtype="<f8").tobytes()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Params:
        """Inverse of `to_bytes`.

        Raises
        ------
        ValueError
            If the payload has another length: it was not written by `to_bytes`.
        """
        expected = 8 * len(fields(cls))
        if len(payload) != expected:
            raise ValueError(
                f"payload must hold {expected} bytes, got {len(payload)}. "
                "It is not a stored set of GARCH parameters."
            )
        return cls(*(float(value) for value in np.frombuffer(payload, dtype="<f8")))


def filter_path(returns: Float[np.ndarray, " time"], params: Params) -> FilteredPath:
    """Conditional volatility and standardised residuals of every return under fixed parameters.

    Raises
    ------
    ValueError
        If the variance reaches zero, so that a residual has no scale.
    """
    variance, residual = _recurse(
        returns,
        params.mu,
        params.omega,
        params.alpha,
        params.gamma,
        params.beta,
        params.backcast,
    )
    if not variance.min() > 0.0:
        raise ValueError(
            f"returns: the conditional variance is {variance.min():g} at row "
            f"{int(variance.argmin())}, so the residual there has no scale. "
            "Look for a flat stretch, or leave the series out."
        )
    return FilteredPath(np.sqrt(variance), residual, params.mu)


@numba.njit(cache=True, nogil=True)
@no_type_check
def _recurse(
    returns: Float[np.ndarray, " time"],
    mu: float,
    omega: float,
    alpha: float,
    gamma: float,
    beta: float,
    backcast: float,
) -> tuple[np.ndarray, np.ndarray]:
    variance = np.empty(returns.size + 1)
    residual = np.empty(returns.size)
    variance[0] = omega + (alpha + 0.5 * gamma + beta) * backcast
    for t in range(returns.size):
        shock = returns[t] - mu
        slope = alpha + gamma if shock < 0.0 else alpha
        residual[t] = shock / np.sqrt(variance[t]) if variance[t] > 0.0 else np.nan
        variance[t + 1] = omega + slope * shock * shock + beta * variance[t]
    return variance, residual


def student_tail(
    residual: Float[np.ndarray, " time"],
    window: Window,
    *,
    alphas: tuple[float, ...],
    nu: float,
    at: Float[np.ndarray, " origin"] | None = None,
) -> ResidualTail:
    """Tail of a Student-t residual of unit variance, in closed form.

    ``at`` is as in `models.residuals.empirical_tail`.

    References
    ----------
    McNeil, Frey and Embrechts (2015), *Quantitative Risk Management*, chapter 2.
    """
    tails = np.array([float(tail_probability(alpha)) for alpha in alphas])
    unit = np.sqrt((nu - 2.0) / nu)
    quantile = stdtrit(nu, tails)
    log_peak = gammaln((nu + 1.0) / 2.0) - gammaln(nu / 2.0) - 0.5 * np.log(nu * np.pi)
    density = np.exp(log_peak - 0.5 * (nu + 1.0) * np.log1p(quantile**2 / nu))
    shortfall = -density / tails * (nu + quantile**2) / (nu - 1.0)
    return ResidualTail(
        quantile=unit * quantile[None],
        shortfall=unit * shortfall[None],
        pit=stdtr(nu, (next_residuals(residual, window) if at is None else at) / unit),
    )
