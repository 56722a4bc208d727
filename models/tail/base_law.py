"""The statistical base's distribution function, at any return: what a learned PIT is read from."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from models.base import TailForecast
from models.garch import Params, filter_path
from models.measures import tail_ranks
from models.multistep import simulated_distribution
from models.residuals import empirical_tail


def base_distribution(
    returns: Float[np.ndarray, " time"], base: TailForecast, at: Float[np.ndarray, "time value"]
) -> Float[np.ndarray, "time value"]:
    """Share of the base's forecast below returns, for each origin; strictly inside (0, 1).

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns that the base was made from.
    base : TailForecast
        A filtered historical simulation with its refits, at any horizon.
    at : array of shape (time, value)
        Simple returns over the horizon, per origin; NaN where not asked for.
    """
    if base.horizon > 1:
        return simulated_distribution(returns, base, at)
    return np.column_stack([fhs_distribution(returns, base, column) for column in at.T])


def fhs_distribution(
    returns: Float[np.ndarray, " time"], base: TailForecast, at: Float[np.ndarray, " time"]
) -> Float[np.ndarray, " time"]:
    """Share of the base's forecast below a return, for each origin; strictly inside (0, 1).

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns that the base was made from.
    base : TailForecast
        A filtered historical simulation with its refits.
    at : array of shape (time,)
        One simple return per origin; NaN for origins that are not asked for.
    """
    ranks = tail_ranks([0.9], largest=len(returns))  # of the tail nothing is asked here
    share = np.full(len(returns), np.nan)
    for refit in base.refits:
        rows = slice(refit.window.start, refit.window.stop)
        if np.isnan(at[rows]).all():
            continue
        path = filter_path(returns[: refit.window.stop], Params.from_bytes(refit.params))
        sigma = path.sigma[refit.window.start + 1 : refit.window.stop + 1]
        residual = (at[rows] - path.mean) / sigma
        share[rows] = empirical_tail(path.residual, refit.window, ranks=ranks, at=residual).pit
    return share
