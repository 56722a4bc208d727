"""Historical simulation: the empirical tail of the last few returns, with no model at all."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

from features.splits import Window
from models.base import TailForecast
from models.measures import tail_ranks
from models.residuals import empirical_tail


def historical_forecast(
    returns: Float[np.ndarray, " time"],
    window: Window,
    *,
    alphas: tuple[float, ...],
    memory: int,
    at: Float[np.ndarray, " origin"] | None = None,
) -> TailForecast:
    """VaR by rank and ES by weighted mean of the last ``memory`` returns, as they are.

    ``sigma`` is their sample deviation; the PIT is the mid-rank of the next return among them.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns.
    window : Window
        Origins to serve.
    alphas : tuple of float
        Confidence levels.
    memory : int
        Returns to look back on, e.g. 250.
    at : array of shape (origin,), optional
        Where to take the distribution function instead of at the next return; NaN for nowhere.

    Raises
    ------
    ValueError
        If the first origin has fewer than ``memory`` returns behind it, or ``memory`` cannot
        resolve a level.
    """
    if window.start + 1 < memory:
        raise ValueError(
            f"memory is {memory} returns and the first origin has {window.start + 1}. "
            "Start later or look back on fewer."
        )
    ranks = tail_ranks(alphas, largest=memory)
    tail = empirical_tail(returns, window, ranks=ranks, memory=memory, at=at)
    rows = slice(window.start, window.stop)
    var, es = np.full((2, returns.size, len(alphas)), np.nan)
    sigma, pit = np.full((2, returns.size), np.nan)
    var[rows] = -tail.quantile
    es[rows] = -tail.shortfall
    pit[rows] = tail.pit
    looked_back = returns[window.start + 1 - memory : window.stop]
    sigma[rows] = sliding_window_view(looked_back, memory).std(axis=1, ddof=1)
    return TailForecast(alphas=alphas, var=var, es=es, sigma=sigma, pit=pit)
