"""Expected shortfall: the three tests of Acerbi and Szekely (2014), with simulated p-values.

A statistic near zero speaks for the model, a negative one says that losses in the tail were
larger or more frequent than announced. Acerbi and Szekely simulate from the model; a table of
forecasts has no model, so the null is rebuilt from its own numbers: independent exceedances of
probability ``1 - alpha``, and beyond each VaR a generalised Pareto excess of mean ``es - var``
and shape ``xi``. The p-values therefore depend on ``xi``: 0.2 by default, near what daily
returns show; 0 and 0.4 are worth reporting beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, psi

from validation.exceedances import Series, exceedances, tail_probability
from validation.outcome import Outcome, not_computable
from validation.pit import clip_pit, unusable_pit
from validation.simulated_nulls import (
    DAILY_XI,
    hit_counts,
    lower_p_value,
    simulated_hits,
    two_sided_p_value,
    unit_excess,
)

DRAWS = 10_000
_AT_A_TIME = 1_000_000  # simulated numbers held at once by `_worst_excess_law`


@dataclass(frozen=True, slots=True)
class ShortfallNull:
    """Losses beyond VaR in samples whose truth are the forecasts of one cell.

    Attributes
    ----------
    count : int array of shape (draw,)
        Exceedances of each sample.
    surplus : array of shape (draw,)
        Sum over them of the loss in units of ES, less one.
    """

    count: NDArray[np.int32]
    surplus: NDArray[np.float64]


def shortfall_null(
    var: Series, es: Series, *, alpha: float, xi: float = DAILY_XI, draws: int, seed: int
) -> ShortfallNull:
    """Simulate what `z1`, `z2` and the ceiling of tail accuracy are judged by.

    A loss is ``var + (es - var) * excess``.

    Parameters
    ----------
    var, es : array of shape (time,)
        Forecasts; a loss is positive, ES above zero.
    alpha : float
        Confidence level in (0.5, 1).
    xi : float
        Shape of the simulated excess over VaR, in [0, 1).
    draws, seed : int
        Of the simulated samples.
    """
    tail, mean_excess = tail_probability(alpha), 1 - var / es
    surplus = np.zeros(draws)
    for hits in simulated_hits(var.size, tail=tail, xi=xi, draws=draws, seed=seed):
        surplus += hits.surplus @ mean_excess[hits.dates]
    return ShortfallNull(hit_counts(var.size, tail=tail, draws=draws, seed=seed), surplus)


def z1(
    pnl: Series,
    var: Series,
    es: Series,
    *,
    alpha: float,
    xi: float = DAILY_XI,
    draws: int = DRAWS,
    seed: int = 0,
    null: ShortfallNull | None = None,
) -> Outcome:
    """Test that losses beyond VaR are as large as announced, however many there were.

    ``1 + mean(pnl / es)`` over the exceedances; undefined without one. Simulated samples
    without exceedance are left out and ``draws`` counts the rest.

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L; a gain is positive.
    var, es : array of shape (time,)
        Forecasts for the same targets; a loss is positive.
    alpha : float
        Confidence level in (0.5, 1).
    xi : float
        Shape of the simulated excess over VaR, in [0, 1).
    draws : int
        Simulated samples behind the p-values; 0 for the statistic alone.
    seed : int
        Determines everything drawn.
    null : ShortfallNull, optional
        Of these forecasts, with these draws, where it is known already.

    Returns
    -------
    Outcome
        ``p_value`` one-sided, against too little shortfall; ``p_exact`` two-sided. Both are
        simulated.

    References
    ----------
    Acerbi and Szekely (2014), *Backtesting expected shortfall*, equation 6.
    """
    if reason := unusable_shortfall(var, es):
        return not_computable(reason)
    hits = exceedances(pnl, var)
    if not hits.any():
        return not_computable("no exceedance")
    statistic = 1 + float(np.mean(pnl[hits] / es[hits]))
    if draws == 0:
        return Outcome(statistic)
    null = null or shortfall_null(var, es, alpha=alpha, xi=xi, draws=draws, seed=seed)
    hit = null.count > 0
    return _judged(statistic, -null.surplus[hit] / null.count[hit])


def z2(
    pnl: Series,
    var: Series,
    es: Series,
    *,
    alpha: float,
    xi: float = DAILY_XI,
    draws: int = DRAWS,
    seed: int = 0,
    null: ShortfallNull | None = None,
) -> Outcome:
    """Test that losses beyond VaR are as frequent and as large as announced, jointly.

    ``1 + sum(pnl * hit / es) / (n * tail)``. Without any exceedance it is 1, its largest value.

    Parameters
    ----------
    pnl : array of shape (time,)
        Realised P&L; a gain is positive.
    var, es : array of shape (time,)
        Forecasts for the same targets; a loss is positive.
    alpha : float
        Confidence level in (0.5, 1).
    xi : float
        Shape of the simulated excess over VaR, in [0, 1).
    draws : int
        Simulated samples behind the p-values; 0 for the statistic alone.
    seed : int
        Determines everything drawn.
    null : ShortfallNull, optional
        Of these forecasts, with these draws, where it is known already.

    Returns
    -------
    Outcome
        ``p_value`` one-sided, against too little shortfall; ``p_exact`` two-sided. Both are
        simulated.

    References
    ----------
    Acerbi and Szekely (2014), *Backtesting expected shortfall*, equation 7.
    """
    if reason := unusable_shortfall(var, es):
        return not_computable(reason)
    hits = exceedances(pnl, var)
    expected = pnl.size * tail_probability(alpha)
    statistic = 1 + float(np.sum(pnl[hits] / es[hits])) / expected
    if draws == 0:
        return Outcome(statistic)
    null = null or shortfall_null(var, es, alpha=alpha, xi=xi, draws=draws, seed=seed)
    return _judged(statistic, 1 - (null.count + null.surplus) / expected)


def z3(
    pit: Series | None,
    var: Series,
    es: Series,
    *,
    alpha: float,
    xi: float = DAILY_XI,
    draws: int = DRAWS,
    seed: int = 0,
) -> Outcome:
    """Test that the worst ranks among all outcomes fit the tail of each forecast.

    The worst ``tail`` of the PITs is read as losses through every forecast's own tail, and the
    shortfall that they make is compared with its expectation: one less the mean ratio. A table
    holds no quantile function, so each tail is the generalised Pareto one that its VaR and ES
    give, continued below VaR where the worst ranks reach beyond the tail. The boundary rank is
    weighted, which equals the paper's whole number of ranks where ``n * tail`` is whole.

    Parameters
    ----------
    pit : array of shape (time,), or None
        Forecast distribution function at the realised P&L; low for a loss.
    var, es : array of shape (time,)
        Forecasts for the same targets; a loss is positive.
    alpha : float
        Confidence level in (0.5, 1).
    xi : float
        Shape of each forecast's excess over VaR, in [0, 1).
    draws : int
        Simulated samples behind the p-values; 0 for the statistic alone.
    seed : int
        Determines everything drawn.

    Returns
    -------
    Outcome
        ``p_value`` one-sided, against too little shortfall; ``p_exact`` two-sided. Both are
        simulated from independent uniform PITs.

    References
    ----------
    Acerbi and Szekely (2014), *Backtesting expected shortfall*, equation 8.
    """
    tail = tail_probability(alpha)
    if pit is None:
        return not_computable("no pit column")
    if reason := unusable_pit(pit) or unusable_shortfall(var, es):
        return not_computable(reason)
    n = pit.size
    weights = _rank_weights(n, tail)
    worst = np.sort(np.partition(clip_pit(pit), weights.size - 1)[: weights.size])
    realised = float(unit_excess(worst / tail, xi=xi) @ weights)
    expected = _expected_worst_excess(n, tail, xi)
    announced = var + (es - var) * expected
    if announced.min() <= 0:
        return not_computable("the forecast tails announce no loss")
    # every forecast's shortfall is var + (es - var) * excess, so the statistic is linear in it
    slope = float(np.mean((es - var) / announced))
    statistic = slope * (expected - realised)
    if draws == 0:
        return Outcome(statistic)
    null = slope * (expected - _worst_excess_law(n, tail, xi, draws, seed))
    return _judged(statistic, null)


def unusable_shortfall(var: Series, es: Series) -> str | None:
    """Why ``es`` cannot be tested, or None where it can."""
    if es.size == 0:
        return "no forecasts"
    if not_positive := int(np.count_nonzero(es <= 0)):
        return f"es not positive in {not_positive} of {es.size} forecasts"
    if below := int(np.count_nonzero(es < var)):
        return f"es below var in {below} of {es.size} forecasts"
    return None


def _judged(statistic: float, null: NDArray[np.float64]) -> Outcome:
    """One- and two-sided simulated p-values; ``null`` may have lost its samples without hits."""
    if null.size == 0:
        return Outcome(statistic)
    return Outcome(
        statistic=statistic,
        p_value=lower_p_value(statistic, null),
        p_exact=two_sided_p_value(statistic, null),
        draws=null.size,
    )


def _rank_weights(n: int, tail: float) -> NDArray[np.float64]:
    """Weight of each of the worst ranks in the mean over the worst ``tail``; they sum to one."""
    expected = n * tail
    whole = int(expected + 1e-9)  # 0.03 * 100 is three ranks, not two and a rounding error
    weights = np.ones(whole)
    if expected - whole > 1e-9:
        weights = np.append(weights, expected - whole)
    return weights / expected


@lru_cache(maxsize=1024)
def _expected_worst_excess(n: int, tail: float, xi: float) -> float:
    """Expected excess, averaged over the worst ranks, of ``n`` independent uniform PITs.

    The i-th smallest of n uniforms is Beta(i, n + 1 - i), whose moments are known.
    """
    weights = _rank_weights(n, tail)
    rank = np.arange(1, weights.size + 1)
    if xi == 0:
        return float((np.log(tail) + psi(n + 1) - psi(rank)) @ weights)
    power = np.exp(gammaln(rank - xi) - gammaln(rank) + gammaln(n + 1) - gammaln(n + 1 - xi))
    return float((1 - xi) / xi * (tail**xi * power - 1) @ weights)


@lru_cache(maxsize=512)
def _worst_excess_law(n: int, tail: float, xi: float, draws: int, seed: int) -> NDArray[np.float64]:
    """Simulated excess, averaged over the worst ranks, of ``n`` independent uniform PITs.

    The smallest of n uniforms are partial sums of exponentials over the sum of n + 1.
    """
    weights = _rank_weights(n, tail)
    generator = np.random.default_rng([seed, n, draws, round(tail * 1e9)])
    law = np.empty(draws)
    step = max(1, _AT_A_TIME // weights.size)
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        partial = np.cumsum(generator.standard_exponential((rows, weights.size)), axis=1)
        rest = generator.standard_gamma(n + 1 - weights.size, size=rows)
        worst = partial / (partial[:, -1] + rest)[:, None]
        law[start : start + rows] = unit_excess(clip_pit(worst) / tail, xi=xi) @ weights
    return law
