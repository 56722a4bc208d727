"""Dynamic quantile: can exceedances be foretold from past exceedances or from the VaR itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from validation.coverage import LONGEST_ENUMERATED
from validation.exceedances import Hits, Series, tail_probability
from validation.outcome import Outcome, not_computable
from validation.simulated_nulls import DAILY_XI, simulated_hits, upper_p_value

_SINGULAR = 1e-9  # share of a regressor that must be its own, not a mixture of the others


def dq(
    hits: Hits, var: Series, *, alpha: float, lags: int = 4, draws: int = 1_000, seed: int = 0
) -> Outcome:
    r"""Test that neither past exceedances nor today's VaR foretell an exceedance.

    Regresses ``hit - tail`` on a constant, ``lags`` past hits and the VaR; the statistic is
    the explained sum of squares over ``tail (1 - tail)``. Regressors that add nothing to the
    others (a VaR that never moves, lags without a single exceedance) are left out, and the
    degrees of freedom with them.

    Parameters
    ----------
    hits : bool array of shape (time,)
        Whether each loss exceeded its VaR, in order of time, from consecutive,
        non-overlapping forecasts.
    var : array of shape (time,)
        The VaR forecasts; their unit does not matter.
    alpha : float
        Confidence level in (0.5, 1).
    lags : int
        Past exceedances in the regression.
    draws : int
        Simulated samples behind ``p_exact``; 0 for none. There is none above 5,000 forecasts.
    seed : int
        Determines everything drawn.

    Returns
    -------
    Outcome
        ``p_value`` from chi-squared(rank); ``p_exact`` simulated with independent exceedances
        and the VaR as it was, as if it had not answered to them.

    References
    ----------
    Engle and Manganelli (2004), *CAViaR*.
    """
    tail = tail_probability(alpha)
    n = hits.size
    if n <= 2 * (lags + 1):
        return not_computable(f"fewer than {2 * (lags + 1) + 1} forecasts")
    later = _later_var(var, lags)
    alone = _hit_regression(_cross_products(hits, lags)[None], n=n, tail=tail)
    explained, rank = _with_var(alone, later[hits].sum(axis=0)[None, :], later[:, 0], tail)
    statistic = float(explained[0])
    exact = None
    if draws and n <= LONGEST_ENUMERATED:
        products = _products_with_var(later, tail=tail, draws=draws, seed=seed)
        regression = _simulated_regression(n, tail, lags, draws, seed)
        exact = upper_p_value(statistic, _with_var(regression, products, later[:, 0], tail)[0])
    return Outcome(
        statistic=statistic,
        p_value=float(chdtrc(int(rank[0]), statistic)),
        p_exact=exact,
        draws=None if exact is None else draws,
    )


@dataclass(frozen=True, slots=True)
class _HitRegression:
    """Regressions of hits on a constant and past hits, one a draw, before the VaR joins.

    Draws come last: the regressors are few, and sums over them then run along the draws.

    Attributes
    ----------
    inverse : array of shape (regressor, regressor, draw)
        Pseudo-inverse of the cross-products of the regressors.
    moment : array of shape (regressor, draw)
        Cross-products of the regressors with ``hit - tail``.
    explained : array of shape (draw,)
        Explained sum of squares.
    rank : int array of shape (draw,)
    """

    inverse: NDArray[np.float64]
    moment: NDArray[np.float64]
    explained: NDArray[np.float64]
    rank: NDArray[np.int64]


def _cross_products(hits: Hits, lags: int) -> NDArray[np.float64]:
    """Sums of products of a constant, today's hit and those of 1..lags sessions before."""
    n = hits.size
    columns = np.ones((n - lags, lags + 2))
    for lag in range(lags + 1):
        columns[:, 1 + lag] = hits[lags - lag : n - lag]
    return columns.T @ columns


def _simulated_cross_products(
    date: NDArray[np.int64], draw: NDArray[np.int32], *, n: int, draws: int, lags: int
) -> NDArray[np.float64]:
    """The same of each draw, whose hits are given as (date, draw) pairs.

    Sums of products of hits count pairs: those ``gap`` sessions apart serve every two lags
    that differ by ``gap``, apart from the dates that fall off either end.
    """
    is_hit = np.zeros((n + lags, draws), dtype=np.bool_)
    is_hit[date, draw] = True
    cross = np.zeros((draws, lags + 2, lags + 2))  # constant, hit today, hits 1..lags before
    cross[:, 0, 0] = n - lags
    for gap in range(lags + 1):
        paired = is_hit[date + gap, draw]
        first_date, first_draw = date[paired], draw[paired]
        for early in range(gap, lags + 1):
            used = (first_date >= lags - early) & (first_date < n - early)
            count = np.bincount(first_draw[used], minlength=draws)
            i, j = 1 + early, 1 + early - gap
            cross[:, i, j] = cross[:, j, i] = count
            if gap == 0:
                cross[:, 0, i] = cross[:, i, 0] = count
    return cross


def _hit_regression(cross: NDArray[np.float64], *, n: int, tail: float) -> _HitRegression:
    """Regress hits on a constant and their past, given the cross-products of each draw."""
    regressors = np.delete(np.arange(cross.shape[1]), 1)
    moment = cross[:, regressors, 1] - tail * cross[:, regressors, 0]
    scale, vectors = np.linalg.eigh(cross[:, regressors[:, None], regressors])
    kept = scale > _SINGULAR * n
    inverse_scale = np.divide(1.0, scale, out=np.zeros_like(scale), where=kept)
    inverse = (vectors * inverse_scale[:, None, :]) @ vectors.transpose(0, 2, 1)
    inverse, moment = np.ascontiguousarray(inverse.transpose(1, 2, 0)), moment.T.copy()
    explained = np.einsum("id,ijd,jd->d", moment, inverse, moment)
    return _HitRegression(inverse, moment, explained, kept.sum(axis=1))


def _with_var(
    regression: _HitRegression,
    products: NDArray[np.float64],
    var: NDArray[np.float64],
    tail: float,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Statistic and rank once the VaR has joined, by what it adds (Frisch-Waugh-Lovell).

    ``products`` of shape (draw, lag) sums hits times the VaR that many sessions later.
    """
    moment = products[:, 0] - tail * var.sum()
    shared = products.T.copy()
    shared[0] = var.sum()
    projected = np.einsum("ijd,jd->id", regression.inverse, shared)
    own = var @ var - np.einsum("id,id->d", shared, projected)
    added = np.square(moment - np.einsum("id,id->d", projected, regression.moment))
    joins = own > _SINGULAR * var.size
    explained = regression.explained + np.divide(added, own, out=np.zeros_like(own), where=joins)
    return explained / (tail * (1 - tail)), regression.rank + joins


def _later_var(var: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """VaR ``k`` sessions later, in column k, as deviations from its mean in standard deviations.

    Zero where the VaR never moves and where the regression has no such date.
    """
    later = np.zeros((var.size, lags + 1))
    deviations = var[lags:] - var[lags:].mean()
    spread = float(deviations.std())
    if spread > _SINGULAR * float(np.abs(var).max()):
        for lag in range(lags + 1):
            later[lags - lag : var.size - lag, lag] = deviations / spread
    return later


def _products_with_var(
    later: NDArray[np.float64], *, tail: float, draws: int, seed: int
) -> NDArray[np.float64]:
    """Simulated hits times the VaR 0, 1, 2, ... sessions later, of shape (draw, lag)."""
    products = np.zeros((draws, later.shape[1]))
    for hits in simulated_hits(len(later), tail=tail, xi=DAILY_XI, draws=draws, seed=seed):
        products += hits.counted @ later[hits.dates]
    return products


@lru_cache(maxsize=256)
def _simulated_regression(n: int, tail: float, lags: int, draws: int, seed: int) -> _HitRegression:
    blocks = list(simulated_hits(n, tail=tail, xi=DAILY_XI, draws=draws, seed=seed))
    date = np.concatenate([hits.at_hits(np.arange(n)) for hits in blocks])
    draw = np.concatenate([hits.draw for hits in blocks])
    cross = _simulated_cross_products(date, draw, n=n, draws=draws, lags=lags)
    return _hit_regression(cross, n=n, tail=tail)
