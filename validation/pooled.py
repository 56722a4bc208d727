"""Tests of a whole panel: many portfolios, whose exceedances come on the same dates.

Counting the portfolios of one date as so many observations makes every true model look false. So
nothing here supposes independence across portfolios: a mean over cells has an error clustered by
date and consistent with autocorrelation (Driscoll-Kraay), and tests that read one series at a
time are not computable; their status says in how many portfolios they rejected at 5%.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from validation.comparison import FEWEST_DATES, hac_lag, long_run_covariance
from validation.cumulative_violations import cumulative_violations
from validation.exceedances import exceedances, tail_probability
from validation.outcome import Outcome, not_computable
from validation.panels import Series

LEVEL = 0.05

_FEW = f"fewer than {FEWEST_DATES} dates, or no variation between them"


def clustered_t(values: NDArray[np.float64], date: NDArray[np.int64], *, lag: int) -> float | None:
    """t-statistic of a mean over cells, clustered by date; None where it has no error.

    Parameters
    ----------
    values : array of shape (cell,)
    date : int array of shape (cell,)
        Position of each cell's date; a date between without a cell adds nothing to the sum.
    lag : int
        See `validation.comparison.hac_lag`.

    References
    ----------
    Driscoll and Kraay (1998), *Consistent covariance matrix estimation with spatially dependent
    panel data*.
    """
    if len(np.unique(date)) < FEWEST_DATES:
        return None
    sums = _by_date((values - values.mean())[:, None], date)
    variance = float(long_run_covariance(sums, lag=lag)[0, 0]) * len(sums)
    if variance <= (1e-12 * float(np.abs(values).max()) * len(values)) ** 2:
        return None
    return float(values.sum() / np.sqrt(variance))


def pooled_tests(
    forecasts: Series, date: NDArray[np.int64], *, alpha: float, horizon: int
) -> dict[str, Outcome]:
    """The tests that have a pooled form, with errors clustered by date.

    ``kupiec`` is the squared t of the exceedance rate (chi-squared(1)); ``z1``, ``z2`` are the
    statistics over all cells with one-sided p, small where shortfall is understated;
    ``mcneil_frey`` the t of the mean exceedance residual, one-sided; ``nolde_ziegel`` a Wald test
    of both identification functions (chi-squared(2)); ``du_escanciano`` the t of the mean
    cumulative violation, two-sided. There are no exact p-values. Cells whose ES is not positive
    are left out of the tests of shortfall, as of FZ0.

    Parameters
    ----------
    forecasts : Series
        Cells of all portfolios, in any order.
    date : int array of shape (cell,)
        Position of each cell's target date.
    alpha : float
        Confidence level in (0.5, 1).
    horizon : int
        Sessions ahead; widens the lag.
    """
    tail, lag = tail_probability(alpha), hac_lag(horizon)
    hits = exceedances(forecasts.pnl, forecasts.var)
    positive = np.flatnonzero(forecasts.es > 0)
    t = clustered_t(hits - tail, date, lag=lag)
    squared = 0.0 if t is None else t * t
    kupiec = not_computable(_FEW) if t is None else Outcome(squared, float(chdtrc(1, squared)))
    return {
        "kupiec": kupiec,
        **_shortfall(forecasts.rows(positive), hits[positive], date[positive], tail, lag),
        "du_escanciano": _du_escanciano(forecasts.pit, date, tail, lag),
    }


def rejecting(outcomes: Iterable[Outcome]) -> Outcome:
    """What the pooled group says of a test that reads one series at a time."""
    p_values = [
        outcome.p_value if outcome.p_exact is None else outcome.p_exact for outcome in outcomes
    ]
    judged = [p_value for p_value in p_values if p_value is not None]
    rejected = sum(p_value < LEVEL for p_value in judged)
    return not_computable(
        f"one series at a time; rejected at 5% in {rejected} of {len(judged)} portfolios"
    )


def _shortfall(
    forecasts: Series,
    hits: NDArray[np.bool_],
    date: NDArray[np.int64],
    tail: float,
    lag: int,
) -> dict[str, Outcome]:
    pnl, var, es = forecasts.pnl, forecasts.var, forecasts.es
    ratio = 1 + pnl[hits] / es[hits]
    announced = 1 + np.where(hits, pnl / es, 0.0) / tail
    sigma = np.ones_like(pnl) if forecasts.sigma is None else forecasts.sigma
    residual = (-pnl[hits] - es[hits]) / sigma[hits]
    residual_t = None if np.isnan(residual).any() else clustered_t(residual, date[hits], lag=lag)
    identified = np.column_stack((hits - tail, np.where(hits, -pnl - var, 0.0) / tail - (es - var)))
    return {
        "z1": _mean_below_zero(ratio, date[hits], lag),
        "z2": _mean_below_zero(announced, date, lag),
        "mcneil_frey": not_computable(_FEW)
        if residual_t is None
        else Outcome(residual_t, float(ndtr(-residual_t))),
        "nolde_ziegel": _wald(_by_date(identified, date), lag),
    }


def _mean_below_zero(values: NDArray[np.float64], date: NDArray[np.int64], lag: int) -> Outcome:
    t = clustered_t(values, date, lag=lag)
    if t is None:
        return not_computable(_FEW)
    return Outcome(float(values.mean()), float(ndtr(t)))


def _wald(sums: Float[np.ndarray, "date equation"], lag: int) -> Outcome:
    if len(sums) < FEWEST_DATES:
        return not_computable(_FEW)
    sums = sums / np.maximum(np.abs(sums).max(axis=0), 1e-300)  # the unit of P&L must not matter
    mean = sums.mean(axis=0)
    covariance = long_run_covariance(sums - mean, lag=lag)
    if np.linalg.matrix_rank(covariance, hermitian=True) < sums.shape[1]:
        return not_computable("the two equations say the same")
    statistic = float(len(sums) * mean @ np.linalg.solve(covariance, mean))
    return Outcome(statistic, float(chdtrc(sums.shape[1], statistic)))


def _du_escanciano(
    pit: NDArray[np.float64] | None, date: NDArray[np.int64], tail: float, lag: int
) -> Outcome:
    if pit is None:
        return not_computable("no pit column")
    if unknown := int(np.isnan(pit).sum()):
        return not_computable(f"pit missing in {unknown} of {len(pit)} forecasts")
    t = clustered_t(cumulative_violations(pit, tail) - tail / 2, date, lag=lag)
    return not_computable(_FEW) if t is None else Outcome(t, float(2 * ndtr(-abs(t))))


def _by_date(
    values: Float[np.ndarray, "cell column"], date: NDArray[np.int64]
) -> Float[np.ndarray, "date column"]:
    """Sum of each column over the cells of each date, zero on a date between without one."""
    if not len(date):
        return np.empty((0, values.shape[1]))
    day = date - date.min()
    return np.column_stack([np.bincount(day, weights=column) for column in values.T])
