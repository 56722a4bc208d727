"""Cumulative violations: how deep in the tail outcomes fell, from the PIT alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from validation.coverage import LONGEST_ENUMERATED
from validation.exceedances import Series, tail_probability
from validation.outcome import Outcome, not_computable
from validation.pit import unusable_pit
from validation.simulated_nulls import simulated_hits, two_sided_p_value, upper_p_value


def du_escanciano(
    pit: Series | None, *, alpha: float, draws: int = 1_000, seed: int = 0
) -> Outcome:
    """Test that the tail beyond VaR is as heavy as announced: the unconditional test.

    The mean of the cumulative violations ``max(0, 1 - pit / tail)`` against ``tail / 2``, in
    standard errors; positive says that risk was understated.

    Parameters
    ----------
    pit : array of shape (time,), or None
        Forecast distribution function at the realised P&L; low for a loss.
    alpha : float
        Confidence level in (0.5, 1).
    draws : int
        Simulated samples behind ``p_exact``; 0 for none.
    seed : int
        Determines everything drawn.

    Returns
    -------
    Outcome
        ``p_value`` two-sided, standard normal; ``p_exact`` two-sided, from independent uniform
        PITs. Parameter uncertainty of the model is not allowed for.

    References
    ----------
    Du and Escanciano (2017), *Backtesting expected shortfall: accounting for tail risk*.
    """
    tail = tail_probability(alpha)
    if pit is None:
        return not_computable("no pit column")
    if reason := unusable_pit(pit):
        return not_computable(reason)
    statistic = float(_standardised_sum(cumulative_violations(pit, tail).sum(), pit.size, tail))
    exact = None
    if draws:
        exact = two_sided_p_value(statistic, _unconditional_law(pit.size, tail, draws, seed))
    return Outcome(statistic, float(2 * ndtr(-abs(statistic))), exact, draws or None)


def du_escanciano_conditional(
    pit: Series | None, *, alpha: float, lags: int = 5, draws: int = 1_000, seed: int = 0
) -> Outcome:
    """Test that deep losses do not follow one another: the conditional test.

    Box-Pierce statistic of the cumulative violations about their announced mean.

    Parameters
    ----------
    pit : array of shape (time,), or None
        Forecast distribution function at the realised P&L, in order of time, from consecutive,
        non-overlapping forecasts.
    alpha : float
        Confidence level in (0.5, 1).
    lags : int
        Autocorrelations that count.
    draws : int
        Simulated samples behind ``p_exact``; 0 for none. There is none above 5,000 forecasts.
    seed : int
        Determines everything drawn.

    Returns
    -------
    Outcome
        ``p_value`` from chi-squared(lags); ``p_exact`` from independent uniform PITs.

    References
    ----------
    Du and Escanciano (2017), *Backtesting expected shortfall: accounting for tail risk*.
    """
    tail = tail_probability(alpha)
    if pit is None:
        return not_computable("no pit column")
    if reason := unusable_pit(pit):
        return not_computable(reason)
    if pit.size <= 2 * lags:
        return not_computable(f"fewer than {2 * lags + 1} forecasts")
    statistic = float(_box_pierce(cumulative_violations(pit, tail)[:, None], tail, lags)[0])
    exact = None
    if draws and pit.size <= LONGEST_ENUMERATED:
        exact = upper_p_value(statistic, _conditional_law(pit.size, tail, lags, draws, seed))
    return Outcome(
        statistic=statistic,
        p_value=float(chdtrc(lags, statistic)),
        p_exact=exact,
        draws=None if exact is None else draws,
    )


def cumulative_violations(pit: Series, tail: float) -> NDArray[np.float64]:
    """How far into the tail each outcome fell: 0 outside it, 1 at its very end."""
    return np.maximum(0.0, 1 - pit / tail)


def _standardised_sum(
    total: NDArray[np.float64] | np.float64, n: int, tail: float
) -> NDArray[np.float64] | np.float64:
    return (total - n * tail / 2) / np.sqrt(n * tail * (1 / 3 - tail / 4))


def _box_pierce(
    violations: Float[np.ndarray, "time draw"], tail: float, lags: int
) -> NDArray[np.float64]:
    n = violations.shape[0]
    about_mean = violations - tail / 2
    variance = np.einsum("td,td->d", about_mean, about_mean) / n
    statistic = np.zeros(violations.shape[1])
    for lag in range(1, lags + 1):
        product = np.einsum("td,td->d", about_mean[lag:], about_mean[:-lag])
        statistic += n * (product / (n - lag) / variance) ** 2
    return statistic


@lru_cache(maxsize=512)
def _unconditional_law(n: int, tail: float, draws: int, seed: int) -> NDArray[np.float64]:
    total = np.zeros(draws)
    for hits in simulated_hits(n, tail=tail, xi=0.0, draws=draws, seed=seed):
        depth = np.exp(-hits.excess)  # an exponential excess has a uniform survival probability
        total += np.bincount(hits.draw, weights=depth, minlength=draws)
    return np.asarray(_standardised_sum(total, n, tail))


@lru_cache(maxsize=512)
def _conditional_law(n: int, tail: float, lags: int, draws: int, seed: int) -> NDArray[np.float64]:
    violations = np.zeros((n, draws))
    for hits in simulated_hits(n, tail=tail, xi=0.0, draws=draws, seed=seed):
        violations[hits.at_hits(np.arange(n)), hits.draw] = np.exp(-hits.excess)
    return _box_pierce(violations, tail, lags)
