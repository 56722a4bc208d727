"""What a series has lately lost: worst and mean returns, and the distance from its peak."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

WORST_RETURN = -0.99
"""Most that a session takes in a drawdown."""


def worst_return(returns: Float[np.ndarray, " time"], *, window: int) -> Float[np.ndarray, " time"]:
    """Lowest of the last ``window`` returns; NaN before there are as many."""
    worst = np.full(len(returns), np.nan)
    if len(returns) >= window:
        worst[window - 1 :] = sliding_window_view(returns, window).min(axis=1)
    return worst


def mean_return(returns: Float[np.ndarray, " time"], *, window: int) -> Float[np.ndarray, " time"]:
    """Mean of the last ``window`` returns; NaN before there are as many."""
    mean = np.full(len(returns), np.nan)
    if len(returns) >= window:
        mean[window - 1 :] = sliding_window_view(returns, window).mean(axis=1)
    return mean


def drawdown(returns: Float[np.ndarray, " time"], *, window: int) -> Float[np.ndarray, " time"]:
    """Log of wealth over its highest of the last ``window`` sessions: zero at a peak, else below.

    A leveraged book that loses everything in a session counts as having lost 99%: rebalanced, it
    goes on, and so must its drawdown.
    """
    wealth = np.cumsum(np.log1p(np.maximum(returns, WORST_RETURN)))
    peak = pd.Series(wealth).rolling(window, min_periods=1).max().to_numpy(dtype=np.float64)
    return wealth - peak
