"""Scores of tail forecasts: lower is better, in their own sign.

Every score of the project takes P&L, VaR and ES in **percent**; `in_percent` is the one place
that makes them so. Differences of FZ0 do not depend on the unit, levels and ratios of levels do.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from validation.exceedances import tail_probability

Numbers = TypeVar("Numbers", float, NDArray[np.float64])


def in_percent(fraction: Numbers) -> Numbers:
    """P&L, VaR or ES in percent of value, the unit of every score."""
    return fraction * 100.0


def fz0(
    pnl: Float[np.ndarray, " time"],
    var: Float[np.ndarray, " time"],
    es: Float[np.ndarray, " time"],
    *,
    alpha: float,
) -> Float[np.ndarray, " time"]:
    r"""Joint score of each (VaR, ES) forecast, of degree zero in the unit of P&L.

    With :math:`v = -VaR`, :math:`e = -ES`, :math:`y` the P&L and :math:`p = 1 - \alpha`,

    .. math:: -\frac{1}{p e} 1\{y \le v\} (v - y) + \frac{v}{e} + \log(-e) - 1 .

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L in percent; a gain is positive.
    var, es : array of shape (time,)
        Forecasts in percent; losses are positive.
    alpha : float
        Confidence level in (0.5, 1), e.g. 0.975. Not the tail probability.

    Returns
    -------
    array of shape (time,)
        NaN where the P&L is unknown, and where ES is not positive: the score is not defined there.

    References
    ----------
    Patton, Ziegel and Chen (2019), *Dynamic semiparametric models for expected shortfall*, eq. 6.
    """
    tail = tail_probability(alpha)
    shortfall = np.where(es > 0.0, es, np.nan)
    beyond = np.where(-pnl >= var, -pnl - var, 0.0 * pnl)  # keeps an unknown P&L unknown
    return beyond / (tail * shortfall) + var / shortfall + np.log(shortfall) - 1.0


def pinball(
    pnl: Float[np.ndarray, " time"], var: Float[np.ndarray, " time"], *, alpha: float
) -> Float[np.ndarray, " time"]:
    """Quantile score of each VaR as the lower ``1 - alpha`` quantile of P&L.

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L in percent; a gain is positive.
    var : array of shape (time,)
        Forecasts in percent; a loss is positive.
    alpha : float
        Confidence level in (0.5, 1).

    Returns
    -------
    array of shape (time,)
        In percent, zero or more; NaN where the P&L is unknown.

    References
    ----------
    Koenker and Bassett (1978), *Regression quantiles*.
    """
    margin = pnl + var  # distance of P&L above the quantile
    return np.where(margin < 0.0, tail_probability(alpha) - 1.0, tail_probability(alpha)) * margin


def crps(pnl: float, sample: Float[np.ndarray, " path"]) -> float:
    r"""Continuous ranked probability score of a whole simulated distribution.

    :math:`E|X - y| - \frac12 E|X - X'|` of the sample taken as the forecast itself, in its unit.

    Parameters
    ----------
    pnl : float
        Realised P&L.
    sample : array of shape (path,)
        Simulated P&L in the same unit.

    References
    ----------
    Gneiting and Raftery (2007), *Strictly proper scoring rules, prediction, and estimation*.
    """
    paths = len(sample)
    ordered = np.sort(sample)
    weights = 2.0 * np.arange(1, paths + 1) - paths - 1.0
    return float(np.mean(np.abs(ordered - pnl)) - weights @ ordered / paths**2)
