"""Is one model better than another: tests on differences of scores, day by day.

A panel of many series on one date is one observation, not many: all differences here are date
means, and their errors are heteroskedasticity and autocorrelation consistent.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.special import chdtrc, ndtr

from validation.outcome import Outcome, not_computable
from validation.stationary_bootstrap import DRAWS, mean_block, resampled_means

Dates = Float[np.ndarray, " date"]

FEWEST_DATES = 10
"""Below, an autocorrelation-consistent error says nothing."""


def hac_lag(horizon: int) -> int:
    """Newey-West lag for differences of ``horizon``-session forecasts: ``max(10, 2 h)``."""
    return max(10, 2 * horizon)


def long_run_covariance(
    values: Float[np.ndarray, "date column"], *, lag: int
) -> Float[np.ndarray, "column column"]:
    """Newey-West covariance of the mean of each column, times the number of dates.

    Parameters
    ----------
    values : array of shape (date, column)
        In order of date. Deviations are taken from zero: subtract the mean first where wanted.
    lag : int
        Bartlett weights fall to zero beyond it; cut at the length of the data.

    References
    ----------
    Newey and West (1987), *A simple, positive semi-definite, heteroskedasticity and
    autocorrelation consistent covariance matrix*.
    """
    dates = len(values)
    covariance = values.T @ values
    for step in range(1, min(lag, dates - 1) + 1):
        lagged = values[step:].T @ values[:-step]
        covariance += (1 - step / (lag + 1)) * (lagged + lagged.T)
    return covariance / dates


def hac_t(difference: Dates, *, lag: int) -> float | None:
    """t-statistic of the mean of a dated series; None where it is constant or too short.

    Parameters
    ----------
    difference : array of shape (date,)
        One value a date, in order of date.
    lag : int
        See `hac_lag`.
    """
    dates = len(difference)
    if dates < FEWEST_DATES:
        return None
    mean = difference.mean()
    variance = long_run_covariance((difference - mean)[:, None], lag=lag)[0, 0]
    # rounding alone makes the deviations of a constant tiny instead of zero
    if variance <= (1e-12 * np.abs(difference).max()) ** 2:
        return None
    return float(mean / np.sqrt(variance / dates))


def diebold_mariano(difference: Dates, *, lag: int) -> Outcome:
    """Test that two models score equally well on average.

    Parameters
    ----------
    difference : array of shape (date,)
        Score of the model less score of the baseline, date means in order of date.
    lag : int
        See `hac_lag`.

    Returns
    -------
    Outcome
        ``statistic`` is the HAC t, negative where the model is better; ``p_value`` two-sided
        and normal.

    References
    ----------
    Diebold and Mariano (1995), *Comparing predictive accuracy*.
    """
    t = hac_t(difference, lag=lag)
    if t is None:
        return not_computable(f"fewer than {FEWEST_DATES} dates, or scores that never differ")
    return Outcome(statistic=t, p_value=float(2 * ndtr(-abs(t))))


def giacomini_white(difference: Dates, *, horizon: int) -> Outcome:
    """Test that past differences do not foretell which model will score better.

    The instruments are a constant and the last difference known when the forecast was made.

    Parameters
    ----------
    difference : array of shape (date,)
        Score of the model less score of the baseline, date means of consecutive sessions.
    horizon : int
        Sessions ahead; the difference known at the origin is that many rows back.

    Returns
    -------
    Outcome
        ``p_value`` from chi-squared(2). Small: who wins can be foretold, or one always wins.

    References
    ----------
    Giacomini and White (2006), *Tests of conditional predictive ability*, theorems 1 and 3.
    """
    if len(difference) < FEWEST_DATES + horizon:
        return not_computable(f"fewer than {FEWEST_DATES + horizon} dates")
    now, known = difference[horizon:], difference[:-horizon]
    moments = now[:, None] * np.column_stack((np.ones(len(now)), known))
    covariance = long_run_covariance(moments, lag=horizon - 1)
    if np.linalg.matrix_rank(covariance, hermitian=True) < 2:
        return not_computable("the differences hardly vary")
    mean = moments.mean(axis=0)
    statistic = float(len(now) * mean @ np.linalg.solve(covariance, mean))
    return Outcome(statistic=statistic, p_value=float(chdtrc(2, statistic)))


def holm(p_values: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """p-values of several tests, adjusted so that any one false rejection keeps its probability.

    References
    ----------
    Holm (1979), *A simple sequentially rejective multiple test procedure*.
    """
    tests = len(p_values)
    order = np.argsort(p_values)
    stepped = np.maximum.accumulate(p_values[order] * np.arange(tests, 0, -1))
    adjusted = np.empty(tests)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def superior_predictive_ability(
    benchmark: Dates,
    candidates: Float[np.ndarray, "date configuration"],
    *,
    seed: int,
    draws: int = DRAWS,
    horizon: int = 1,
) -> Outcome:
    """Test that no configuration that was tried beats the benchmark.

    Guards a claim against the search behind it: with enough configurations one always wins.

    Parameters
    ----------
    benchmark : array of shape (date,)
        Date means of the benchmark's score, lower is better.
    candidates : array of shape (date, configuration)
        The same of every configuration that saw these dates, the chosen one included.
    seed : int
        Of the stationary bootstrap.
    draws : int
        Bootstrap draws.
    horizon : int
        Sessions ahead; lengthens the mean block, see `validation.stationary_bootstrap.mean_block`.

    Returns
    -------
    Outcome
        ``statistic`` is the largest mean gain over the benchmark; ``p_exact`` Hansen's consistent
        p-value, bootstrapped.

    References
    ----------
    Hansen (2005), *A test for superior predictive ability*; the p-value is that of ``arch``, which
    draws anew for every table.
    """
    gain = benchmark[:, None] - candidates
    moving = gain[:, np.ptp(gain, axis=0) > 0]
    if moving.shape[1] == 0 or len(benchmark) < FEWEST_DATES:
        return not_computable("no configuration differs from the benchmark, or too few dates")
    mean = moving.mean(axis=0)
    # those so poor that they cannot matter are not brought to a mean of zero
    block = mean_block(horizon)
    variance = _bootstrap_variance(moving, block=block)
    margin = np.sqrt(2 * np.log(np.log(len(moving))) * variance / len(moving))
    centre = np.where(mean >= -margin, mean, 0.0)
    null = (resampled_means(moving, seed=seed, draws=draws, block=block) - centre).max(axis=1)
    return Outcome(
        statistic=float(mean.max()), p_exact=float(np.mean(null > mean.max())), draws=draws
    )


def _bootstrap_variance(
    series: Float[np.ndarray, "date column"], *, block: int
) -> Float[np.ndarray, " column"]:
    """Variance of each mean under the stationary bootstrap, times the number of dates."""
    dates = len(series)
    deviation = series - series.mean(axis=0)
    # padded with as many zeros, a circular correlation does not wrap around
    spectrum = np.fft.rfft(deviation, n=2 * dates, axis=0)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, n=2 * dates, axis=0)[:dates] / dates
    lag, stays = np.arange(dates), 1 - 1 / block
    weight = (1 - lag / dates) * stays**lag + lag / dates * stays ** (dates - lag)
    return covariance[0] + 2 * weight[1:] @ covariance[1:]
