"""The square root of time: a one-session forecast read as one of several sessions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from features.returns import compounded
from features.splits import Window
from models.base import TailForecast
from models.residuals import FilteredPath, next_residuals


def over_horizon(one: TailForecast, *, horizon: int) -> TailForecast:
    """Multiply VaR, ES and sigma by the square root of the horizon, as most desks do.

    Exact for independent normal returns without drift, to first order in their size. Otherwise a
    rule of thumb: volatility that reverts makes it too large after a shock and too small in calm,
    and thin tails of a sum make it too large far out.

    Parameters
    ----------
    one : TailForecast
        Of one session; its PIT must already be that of `residual_to_judge`.
    horizon : int
        Sessions ahead; 1 leaves the forecast as it is.

    References
    ----------
    Danielsson and Zigrand (2006), *On time-scaling of risk and the square-root-of-time rule*.
    """
    if horizon == 1:
        return one
    root = np.sqrt(horizon)
    return replace(
        one, var=root * one.var, es=root * one.es, sigma=root * one.sigma, horizon=horizon
    )


def of_one_session(many: TailForecast) -> TailForecast:
    """Undo `over_horizon`: the forecast of one session that was multiplied; its PIT stays away."""
    root = np.sqrt(many.horizon)
    return replace(
        many,
        var=many.var / root,
        es=many.es / root,
        sigma=many.sigma / root,
        pit=np.full_like(many.pit, np.nan),
        horizon=1,
    )


def residual_to_judge(
    returns: Float[np.ndarray, " time"], path: FilteredPath, window: Window, *, horizon: int
) -> Float[np.ndarray, " origin"]:
    """Standardised residual of one session that the rule sees in what followed each origin.

    The rule says that the return over the horizon is its root times that of one session, so its
    distribution function at a return is that of one session at the return over the root.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns.
    path : FilteredPath
        Of the returns up to the window's last origin at least.
    window : Window
    horizon : int

    Returns
    -------
    array of shape (origin,)
        NaN where the sessions have not all come.
    """
    if horizon == 1:
        return next_residuals(path.residual, window)
    rows = slice(window.start, window.stop)
    following = compounded(returns, horizon=horizon)[rows] / np.sqrt(horizon)
    return (following - path.mean) / path.sigma[window.start + 1 : window.stop + 1]
