"""Which forecasts were exceeded, and how often they should have been."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

Series = Float[np.ndarray, " time"]
Hits = Bool[np.ndarray, " time"]


@lru_cache(maxsize=64)
def tail_probability(alpha: float) -> float:
    """Probability of the tail beyond a confidence level, free of float rounding.

    Parameters
    ----------
    alpha : float
        Confidence level in (0.5, 1), e.g. 0.99. Not the tail probability.

    Returns
    -------
    float
        The float nearest to the decimal ``1 - alpha``: 0.01, where float subtraction says
        0.010000000000000009.

    Raises
    ------
    ValueError
        If ``alpha`` is outside (0.5, 1).
    """
    if not 0.5 < alpha < 1:
        remedy = f" For the {alpha} tail pass alpha={1 - alpha:g}." if 0 < alpha < 0.5 else ""
        raise ValueError(
            f"alpha is the confidence level and must lie in (0.5, 1), got {alpha}.{remedy}"
        )
    return float(1 - Fraction(repr(float(alpha))))


def exceedances(pnl: Series, var: Series) -> Hits:
    """Whether each realised loss was strictly above its VaR.

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L; a gain is positive.
    var : array of shape (time,)
        VaR forecast for the same target; a loss is positive.

    Returns
    -------
    bool array of shape (time,)
        ``-pnl > var``; a loss equal to its VaR is not an exceedance.
    """
    return -pnl > var
