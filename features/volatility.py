"""How far a series moves: exponentially weighted volatilities of its returns and of its bars."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.signal import lfilter

LEAST_WEIGHT_KNOWN = 0.5
"""Share of an average's weight that must rest on known values."""


def ewma(values: Float[np.ndarray, "time ..."], *, half_life: float) -> NDArray[np.float64]:
    """Exponentially weighted mean of all values up to and including each time.

    Weights halve every ``half_life`` rows and sum to one from the first row on (no start value
    is needed). A NaN keeps its place in time and has no weight; where less than half of the
    weight rests on known values the mean is NaN.

    Parameters
    ----------
    values : array of shape (time,) or (time, series)
    half_life : float
        In rows, above zero.
    """
    decay = 0.5 ** (1.0 / half_life)
    known = np.isfinite(values)
    total = _decayed_sum(np.where(known, values, 0.0), decay)
    weight = _decayed_sum(known.astype(np.float64), decay)
    full = _decayed_sum(np.ones_like(weight), decay)
    enough = (weight > 0) & (weight >= LEAST_WEIGHT_KNOWN * full)
    return np.divide(total, weight, out=np.full_like(total, np.nan), where=enough)


def _decayed_sum(values: NDArray[np.float64], decay: float) -> NDArray[np.float64]:
    return np.asarray(lfilter([1.0], [1.0, -decay], values, axis=0))


def ewma_volatility(
    returns: Float[np.ndarray, "time ..."], *, half_life: float
) -> NDArray[np.float64]:
    """Volatility per session: root of the weighted mean of squared returns (no mean removed).

    Source: J.P. Morgan (1996), *RiskMetrics Technical Document*, with a half-life for lambda.
    """
    return np.sqrt(ewma(returns**2, half_life=half_life))


def downside_volatility(
    returns: Float[np.ndarray, "time ..."], *, half_life: float
) -> NDArray[np.float64]:
    """The part of the volatility that losses made: gains count as zero moves."""
    return ewma_volatility(np.minimum(returns, 0.0), half_life=half_life)


def expanding_volatility(returns: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """Root of the mean squared return over the whole past."""
    return np.sqrt(np.cumsum(returns**2) / np.arange(1, len(returns) + 1))


def parkinson_variance(
    high: Float[np.ndarray, " time"], low: Float[np.ndarray, " time"]
) -> Float[np.ndarray, " time"]:
    r"""Variance of one session from its range, :math:`(\ln H/L)^2 / (4 \ln 2)`.

    NaN where the bar is absent, upside down (high below low) or without a range: a vendor that
    prints the close four times has not seen a quiet day.

    Source: Parkinson (1980), *The extreme value method for estimating the variance of the rate
    of return*.
    """
    return _log_ratio(high, low, where=_has_range(high, low)) ** 2 / (4.0 * np.log(2.0))


def garman_klass_variance(
    open_: Float[np.ndarray, " time"],
    high: Float[np.ndarray, " time"],
    low: Float[np.ndarray, " time"],
    close: Float[np.ndarray, " time"],
) -> Float[np.ndarray, " time"]:
    r"""Variance of one session, :math:`(\ln H/L)^2 / 2 - (2 \ln 2 - 1)(\ln C/O)^2`.

    NaN as in `parkinson_variance`, and where open or close lies outside the range by more than
    a vendor's rounding, one part in 100,000.

    Source: Garman and Klass (1980), *On the estimation of security price volatilities from
    historical data*, their practical estimator.
    """
    rounding = 1e-5
    sound = _has_range(high, low)
    for price in (open_, close):
        sound &= (price >= low * (1.0 - rounding)) & (price <= high * (1.0 + rounding))
    reach = _log_ratio(high, low, where=sound)
    drift = _log_ratio(close, open_, where=sound)
    return np.maximum(0.5 * reach**2 - (2.0 * np.log(2.0) - 1.0) * drift**2, 0.0)


def _has_range(high: NDArray[np.float64], low: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.isfinite(high) & (low > 0.0) & (high > low)


def _log_ratio(
    above: NDArray[np.float64], below: NDArray[np.float64], *, where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    ratio = np.divide(above, below, out=np.full(len(above), np.nan), where=where)
    return np.log(ratio)
