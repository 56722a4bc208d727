"""Static covariance, normal returns: the textbook parametric VaR."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from features.splits import Window
from models.residuals import FilteredPath


def static_path(returns: Float[np.ndarray, " time"], window: Window) -> FilteredPath:
    """One volatility for the whole window: the sample deviation of all returns before its fit.

    For a book of weights ``w`` over instruments with sample covariance ``S`` this is
    ``sqrt(w' S w)``, because the book's history is that of its present weights: the covariance
    matrix of the instruments need not be formed. It is held until the next refit, and the mean of
    a day is taken as zero, being far below its own standard error.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns of an instrument, or of a book at its present weights.
    window : Window
        Its ``fit_end`` limits what the deviation may see.
    """
    known = returns[: window.stop + 1]
    sigma = float(returns[: window.fit_end].std(ddof=1))
    return FilteredPath(np.full(known.size + 1, sigma), known / sigma, 0.0)
