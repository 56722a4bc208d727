"""EWMA volatility: RiskMetrics, with normal or historical residuals."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from models.garch import Params, filter_path
from models.residuals import FilteredPath

_WARM_UP = 75  # sessions whose mean square starts the recursion


def ewma_path(returns: Float[np.ndarray, " time"], *, decay: float = 0.94) -> FilteredPath:
    """Exponentially weighted volatility about a zero mean, and the residuals it leaves.

    It is the GARCH recursion without constant, its weights summing to one:
    ``sigma2[t+1] = decay * sigma2[t] + (1 - decay) * returns[t]**2``, started from the mean square
    of the first 75 returns, of which nothing is left after a few hundred sessions.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns.
    decay : float
        In (0, 1); 0.94 is RiskMetrics' choice for daily returns.

    References
    ----------
    J.P. Morgan and Reuters (1996), *RiskMetrics technical document*, section 5.2.
    """
    if not 0.0 < decay < 1.0:
        raise ValueError(f"decay must lie in (0, 1), got {decay:g}. RiskMetrics uses 0.94.")
    params = Params(
        mu=0.0,
        omega=0.0,
        alpha=1.0 - decay,
        gamma=0.0,
        beta=decay,
        nu=np.inf,
        backcast=float(np.mean(returns[:_WARM_UP] ** 2)),
    )
    return filter_path(returns, params)
