"""Exceedance residuals: beyond VaR, is the mean loss the expected shortfall."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from validation.exceedances import Series, exceedances
from validation.outcome import Outcome, not_computable

_LARGEST_RESAMPLE = 2_000_000  # resampled residuals; fewer draws are made where there are more


def mcneil_frey(
    pnl: Series,
    var: Series,
    es: Series,
    *,
    sigma: Series | None = None,
    draws: int = 1_000,
    seed: int = 0,
) -> Outcome:
    """Test that losses beyond VaR exceed the expected shortfall by nothing on average.

    The residuals ``(-pnl - es) / sigma`` of the exceedances against a mean of zero, one-sided:
    a positive statistic says that the shortfall is too small. A model whose losses beyond VaR
    are too frequent but no larger passes.

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L; a gain is positive.
    var, es : array of shape (time,)
        Forecasts for the same targets; a loss is positive.
    sigma : array of shape (time,), or None
        Forecast standard deviation, above zero. Without it the residuals are not
        standardised, and turbulent times weigh more.
    draws : int
        Bootstrap samples behind ``p_exact``; fewer where the residuals are very many, 0 for
        none.
    seed : int
        Determines everything drawn.

    Returns
    -------
    Outcome
        The statistic is the t-ratio of the mean; ``p_value`` by Student's t, ``p_exact`` by
        the studentised bootstrap of the centred residuals, which supposes no distribution.

    References
    ----------
    McNeil and Frey (2000), *Estimation of tail-related risk measures for heteroscedastic
    financial time series*, section 3.2; Efron and Tibshirani (1993), algorithm 16.2.
    """
    hits = exceedances(pnl, var)
    residuals = -pnl[hits] - es[hits]
    if sigma is not None:
        residuals = residuals / sigma[hits]
    count = residuals.size
    if count < 3:
        return not_computable("fewer than three exceedances")
    mean, centred = float(residuals.mean()), residuals - residuals.mean()
    spread = float(residuals.std(ddof=1))
    if not spread > 1e-12 * float(np.abs(residuals).max()):
        return not_computable("the exceedance residuals are all equal")
    statistic = mean / spread * count**0.5
    p_value = float(stdtr(count - 1, -statistic))
    if draws == 0:
        return Outcome(statistic, p_value)
    times = _resampled_counts(count, min(draws, max(1, _LARGEST_RESAMPLE // count)), seed)
    total, squares = (times.astype(np.float64) @ np.column_stack((centred, centred**2))).T
    null = _studentised(total, squares, count)
    return Outcome(
        statistic=statistic,
        p_value=p_value,
        p_exact=(1 + int(np.count_nonzero(null >= statistic))) / (1 + null.size),
        draws=null.size,
    )


def _studentised(
    total: NDArray[np.float64], squares: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """t-ratio of each resample; infinite where it repeats a single residual."""
    mean = total / count
    variance = np.maximum(0.0, squares / count - mean**2) * count / (count - 1)
    varies = variance > 1e-12 * squares.max() / count
    certain = np.where(mean == 0, 0.0, np.copysign(np.inf, mean))
    error = np.sqrt(np.where(varies, variance, 1.0) / count)
    return np.where(varies, mean / error, certain)


@lru_cache(maxsize=256)
def _resampled_counts(count: int, draws: int, seed: int) -> NDArray[np.uint8]:
    """How often each of ``count`` residuals enters each bootstrap sample: (draw, residual)."""
    generator = np.random.default_rng([seed, count, draws])
    picked = generator.integers(count, size=(draws, count))
    cells = picked + count * np.arange(draws)[:, None]
    times = np.bincount(cells.ravel(), minlength=draws * count).reshape(draws, count)
    return times.astype(np.uint8)  # 256 times the same one never happens: one is expected
