"""Conditional calibration: do VaR and ES jointly satisfy the equations that identify them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from validation.exceedances import Series, exceedances, tail_probability
from validation.outcome import Outcome, not_computable
from validation.shortfall import unusable_shortfall
from validation.simulated_nulls import DAILY_XI, hit_counts, simulated_hits, upper_p_value


def nolde_ziegel(
    pnl: Series,
    var: Series,
    es: Series,
    *,
    alpha: float,
    xi: float = DAILY_XI,
    draws: int = 1_000,
    seed: int = 0,
) -> Outcome:
    """Test that VaR and ES are both right on average, without regard to direction.

    The simple test: with ``v = (hit - tail, (loss - var)+ / tail - (es - var))``, whose mean is
    zero for true forecasts, the statistic is ``n mean(v)' inverse(mean(v v')) mean(v)``. The
    second moments are those of uncorrelated ``v`` (one step ahead), with no HAC correction.

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L; a gain is positive.
    var, es : array of shape (time,)
        Forecasts for the same targets; a loss is positive.
    alpha : float
        Confidence level in (0.5, 1).
    xi : float
        Shape of the simulated generalised Pareto excess over VaR, in [0, 1).
    draws : int
        Simulated samples behind ``p_exact``; 0 for none.
    seed : int
        Determines everything drawn.

    Returns
    -------
    Outcome
        ``p_value`` from chi-squared(2), far too small for a few hundred forecasts of 1%;
        ``p_exact`` simulated from the table as in `validation.shortfall`, over samples with an
        exceedance. Not computable without one: the second moments are then singular or all
        but.

    References
    ----------
    Nolde and Ziegel (2017), *Elicitability and backtesting: perspectives for banking
    regulation*, section 2.2.
    """
    tail = tail_probability(alpha)
    if reason := _undefined(pnl, var, es):
        return not_computable(reason)
    moments = _observed_moments(pnl, var, es, tail)
    statistic = float(_quadratic_form(moments, pnl.size)[0])
    if not np.isfinite(statistic):
        return not_computable("the two equations say the same")
    exact = None
    if draws:
        null = _quadratic_form(_null_moments(es - var, tail, xi, draws, seed), pnl.size)
        hit = hit_counts(pnl.size, tail=tail, draws=draws, seed=seed) > 0
        null = null[hit & np.isfinite(null)]
        exact, draws = upper_p_value(statistic, null), null.size
    return Outcome(statistic, float(chdtrc(2, statistic)), exact, draws or None)


def nolde_ziegel_one_sided(
    pnl: Series,
    var: Series,
    es: Series,
    *,
    alpha: float,
) -> Outcome:
    """Test that VaR and ES are both large enough on average.

    The larger t-ratio of the two components of `nolde_ziegel`; positive says that risk was
    understated. The paper's pair has the VaR component the other way round.

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L; a gain is positive.
    var, es : array of shape (time,)
        Forecasts for the same targets; a loss is positive.
    alpha : float
        Confidence level in (0.5, 1).

    Returns
    -------
    Outcome
        ``p_value`` is Hommel's combination of the two one-sided normal p-values, valid however
        they depend on each other.

    References
    ----------
    Nolde and Ziegel (2017), section 2.2; Hommel (1983), *Tests of the overall hypothesis for
    arbitrary dependence structures*.
    """
    tail = tail_probability(alpha)
    if reason := _undefined(pnl, var, es):
        return not_computable(reason)
    first, second, first_square, _, second_square = _observed_moments(pnl, var, es, tail)[:, 0]
    if second_square == 0:
        return not_computable("es equals var and no loss lies beyond it")
    ratios = np.array([first / first_square**0.5, second / second_square**0.5]) * pnl.size**0.5
    smaller, larger = np.sort(ndtr(-ratios))
    return Outcome(
        statistic=float(ratios.max()),
        p_value=float(min(1.0, 1.5 * min(2 * smaller, larger))),
    )


def _undefined(pnl: Series, var: Series, es: Series) -> str | None:
    if reason := unusable_shortfall(var, es):
        return reason
    return None if exceedances(pnl, var).any() else "no exceedance"


def _observed_moments(pnl: Series, var: Series, es: Series, tail: float) -> NDArray[np.float64]:
    """Means of v1, v2, v1 v1, v1 v2, v2 v2, of shape (moment, 1), ES gap in units of its mean."""
    hits = exceedances(pnl, var)
    unit = float((es - var).mean()) or 1.0
    v1 = hits - tail
    v2 = (np.where(hits, -pnl - var, 0.0) / tail - (es - var)) / unit
    return np.array([[v.mean()] for v in (v1, v2, v1 * v1, v1 * v2, v2 * v2)])


def _null_moments(
    gap: NDArray[np.float64], tail: float, xi: float, draws: int, seed: int
) -> NDArray[np.float64]:
    """The same of each simulated sample, from sums over its exceedances: (moment, draw)."""
    n = gap.size
    gap = gap / (float(gap.mean()) or 1.0)
    powers = np.column_stack((gap, gap**2))
    sum_gap, sum_square = np.zeros((2, draws))
    first_order = np.zeros((draws, 2))
    for hits in simulated_hits(n, tail=tail, xi=xi, draws=draws, seed=seed):
        there = powers[hits.dates]
        sum_gap += hits.counted @ there[:, 0]
        first_order += hits.exceeding @ there
        sum_square += hits.exceeding_squared @ there[:, 1]
    sum_excess, sum_mixed = first_order.T / tail
    sum_square /= tail**2
    count = hit_counts(n, tail=tail, draws=draws, seed=seed)
    v1 = count - n * tail
    v2 = sum_excess - gap.sum()
    v11 = count * (1 - 2 * tail) + n * tail**2
    v12 = (1 - tail) * sum_excess - sum_gap + tail * gap.sum()
    v22 = sum_square - 2 * sum_mixed + gap @ gap
    return np.stack((v1, v2, v11, v12, v22)) / n


def _quadratic_form(moments: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """``n m' inverse(M) m``; not finite where the second moments are singular."""
    v1, v2, v11, v12, v22 = moments
    determinant = v11 * v22 - v12**2
    form = v22 * v1**2 - 2 * v12 * v1 * v2 + v11 * v2**2
    regular = determinant > 1e-10 * v11 * v22
    return np.divide(n * form, determinant, out=np.full_like(form, np.nan), where=regular)
