"""GARCH(1,1) and GJR-GARCH(1,1) with Student-t likelihood: walk-forward fits and filters."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float

from features.splits import Window
from models.residuals import FilteredPath

PERCENT = 100.0  # the likelihood is maximised on returns in percent, where its steps are sized


@dataclass(frozen=True, slots=True)
class Params:
    """Parameters of one refit, of returns in percent.

    ``sigma2[t+1] = omega + (alpha + gamma * (e[t] < 0)) * e[t]**2 + beta * sigma2[t]`` with
    ``e = 100 * returns - mu``, ``sigma2[-1] = e[-1]**2 = backcast`` and half of gamma at the start.

    Attributes
    ----------
    mu, omega, alpha, gamma, beta : float
        Mean and variance recursion; ``gamma`` is 0 in a symmetric model.
    nu : float
        Degrees of freedom of the standardised Student-t residual.
    backcast : float
        Variance before the first observation.
    carried : float
        0 for an estimate of this window; otherwise the number of refits in a row, up to this one,
        that did not converge, so that the parameters are those of the last one that did.
    """

    mu: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    nu: float
    backcast: float
    carried: float = 0.0

    def to_array(self) -> Float[np.ndarray, " 8"]:
        """Fixed small form for storage, fields in order."""
        return np.array(astuple(self), dtype=np.float64)

    @classmethod
    def from_array(cls, values: Float[np.ndarray, " 8"]) -> Params:
        """Inverse of `to_array`."""
        if values.shape != (len(fields(cls)),):
            raise ValueError(f"values must have shape ({len(fields(cls))},), got {values.shape}.")
        return cls(*(float(value) for value in values))


def fit_windows(
    returns: Float[np.ndarray, " time"],
    windows: Sequence[Window],
    *,
    asymmetric: bool,
    known: Sequence[Params] = (),
    on_fit: Callable[[int, Params], None] | None = None,
) -> list[Params]:
    """Maximum-likelihood parameters for each window, by `arch`, fitted on its past alone.

    The first window starts cold, each later one from the parameters before it: the result is a
    function of the returns and of where the chain begins, whether or not it was interrupted.
    A fit that does not converge from there is tried again cold; if that fails too the window
    keeps the previous parameters and ``carried`` counts it.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns (0.01, not percent).
    windows : sequence of Window
        In time order.
    asymmetric : bool
        Whether losses raise variance more than gains (GJR).
    known : sequence of Params
        Finished parameters of the first windows, from an interrupted run.
    on_fit : callable, optional
        Called with (window position, parameters) after each new fit.

    Raises
    ------
    ValueError
        If the returns of the first window are not finite or constant, or its fit fails.
    """
    params = list(known)
    for position in range(len(params), len(windows)):
        percent = PERCENT * returns[: windows[position].fit_end]
        previous = params[-1] if params else None
        fitted = _estimate(percent, asymmetric=asymmetric, previous=previous)
        params.append(fitted)
        if on_fit is not None:
            on_fit(position, fitted)
    return params


def _estimate(
    percent: Float[np.ndarray, " time"], *, asymmetric: bool, previous: Params | None
) -> Params:
    starts = [None] if previous is None else [_starting_values(previous, asymmetric), None]
    for start in starts:
        fitted = _maximise(percent, asymmetric=asymmetric, start=start)
        if fitted is not None:
            return fitted
    if previous is None:
        raise ValueError(
            f"returns: the GARCH likelihood of the first {percent.size} observations has no "
            "maximum that the optimiser could find, so there are no parameters to go on with. "
            "Look at the series for stale or corrupt prices, or leave it out."
        )
    return Params(*astuple(previous)[:-1], carried=previous.carried + 1)


def _starting_values(params: Params, asymmetric: bool) -> Float[np.ndarray, " parameter"]:
    gamma = [params.gamma] if asymmetric else []
    return np.array([params.mu, params.omega, params.alpha, *gamma, params.beta, params.nu])


def _maximise(
    percent: Float[np.ndarray, " time"],
    *,
    asymmetric: bool,
    start: Float[np.ndarray, " parameter"] | None,
) -> Params | None:
    from arch.univariate import GARCH, ConstantMean, StudentsT
    from arch.utility.exceptions import StartingValueWarning

    model = ConstantMean(
        percent,
        volatility=GARCH(p=1, o=int(asymmetric), q=1),
        distribution=StudentsT(),
        rescale=False,
    )
    backcast = float(model.volatility.backcast(percent - percent.mean()))
    with warnings.catch_warnings():
        # A start outside the bounds of the grown sample is dropped for arch's own.
        warnings.simplefilter("ignore", StartingValueWarning)
        result = model.fit(disp="off", show_warning=False, starting_values=start, backcast=backcast)
    values = result.optimization_result.x
    if result.convergence_flag != 0 or not np.isfinite(values).all():
        return None
    mu, omega, alpha, *gamma, beta, nu = (float(value) for value in values)
    return Params(mu, omega, alpha, gamma[0] if gamma else 0.0, beta, nu, backcast)


def filter_path(returns: Float[np.ndarray, " time"], params: Params) -> FilteredPath:
    """Conditional volatility and standardised residuals of every return under fixed parameters."""
    variance, residual = _recurse(
        PERCENT * returns,
        params.mu,
        params.omega,
        params.alpha,
        params.gamma,
        params.beta,
        params.backcast,
    )
    return FilteredPath(np.sqrt(variance) / PERCENT, residual, params.mu / PERCENT)


@numba.njit(cache=True, nogil=True)
@no_type_check
def _recurse(
    percent: Float[np.ndarray, " time"],
    mu: float,
    omega: float,
    alpha: float,
    gamma: float,
    beta: float,
    backcast: float,
) -> tuple[np.ndarray, np.ndarray]:
    variance = np.empty(percent.size + 1)
    residual = np.empty(percent.size)
    variance[0] = omega + (alpha + 0.5 * gamma + beta) * backcast
    for t in range(percent.size):
        shock = percent[t] - mu
        residual[t] = shock / np.sqrt(variance[t])
        slope = alpha + gamma if shock < 0.0 else alpha
        variance[t + 1] = omega + slope * shock * shock + beta * variance[t]
    return variance, residual
