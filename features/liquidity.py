"""How much is traded, against what is usual, and how far a trade moves the price."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from features.spreads import MONTH, rolling_mean
from features.trend import above_trend, log_level

YEAR = 250
"""Sessions against which illiquidity is held: its level is the instrument's, not the market's."""


def volume_surprise(
    volume: Float[np.ndarray, " time"], *, window: int
) -> Float[np.ndarray, " time"]:
    """Log volume less its mean over the ``window`` sessions before.

    NaN where no volume is given or none was traded, and where fewer than two thirds of those
    sessions have one. Of ``dollar_volume`` it is the surprise in turnover.
    """
    return above_trend(log_level(volume), window=window)


def amihud(
    returns: Float[np.ndarray, " time"],
    dollar_volume: Float[np.ndarray, " time"],
    *,
    window: int = MONTH,
) -> Float[np.ndarray, " time"]:
    """Mean absolute return per unit of currency traded, over the last ``window`` sessions.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns, a pure number.
    dollar_volume : array of shape (time,)
        Traded value at the prices of the day. Never volume times adjusted closes: a later split
        or dividend would change the past.
    window : int

    Returns
    -------
    array of shape (time,)
        Per unit of currency; NaN where fewer than two thirds of the sessions traded.

    References
    ----------
    Amihud (2002), *Illiquidity and stock returns*.
    """
    traded = np.isfinite(dollar_volume) & (dollar_volume > 0.0)
    moved = np.full(len(returns), np.nan)
    np.divide(np.abs(returns), dollar_volume, out=moved, where=traded)
    return rolling_mean(moved, window=window)


def amihud_surprise(
    returns: Float[np.ndarray, " time"], dollar_volume: Float[np.ndarray, " time"]
) -> Float[np.ndarray, " time"]:
    """Log of a month's `amihud` less the mean of that log over the year before."""
    return above_trend(log_level(amihud(returns, dollar_volume)), window=YEAR)
