"""Calibration: are the PITs of a whole forecast distribution uniform and independent."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, kolmogorov, ndtri

from validation.exceedances import Series
from validation.outcome import Outcome, not_computable
from validation.pit import clip_pit, unusable_pit


def berkowitz(pit: Series | None) -> Outcome:
    r"""Test that the PITs, turned into normal scores, have mean 0, variance 1 and no memory.

    Likelihood ratio of ``z_t = c + rho z_{t-1} + e_t`` with a free variance against standard
    normal noise, given the first score. PITs closer than 1e-4 to 0 or 1 count as that close
    (`validation.pit.SMALLEST`).

    Parameters
    ----------
    pit : array of shape (time,), or None
        Forecast distribution function at the realised P&L, in order of time, from consecutive,
        non-overlapping forecasts.

    Returns
    -------
    Outcome
        ``p_value`` from chi-squared(3).

    References
    ----------
    Berkowitz (2001), *Testing density forecasts, with applications to risk management*.
    """
    if pit is None:
        return not_computable("no pit column")
    if reason := unusable_pit(pit):
        return not_computable(reason)
    score = ndtri(clip_pit(pit))
    before, after = score[:-1], score[1:]
    if after.size < 5:
        return not_computable("fewer than six forecasts")
    lagged, deviation = before - before.mean(), after - after.mean()
    spread, total = float(lagged @ lagged), float(deviation @ deviation)
    if min(spread, total) <= 1e-12 * after.size:
        return not_computable("the pit never moves")
    residual = total - float(lagged @ deviation) ** 2 / spread
    if residual <= 1e-12 * total:
        return not_computable("each pit follows exactly from the one before")
    m = after.size
    statistic = max(0.0, float(after @ after) - m - m * float(np.log(residual / m)))
    return Outcome(statistic=statistic, p_value=float(chdtrc(3, statistic)))


def ks(pit: Series | None) -> Outcome:
    """Test that the PITs are uniform, by the largest gap between their law and the uniform one.

    Both p-values suppose independent PITs. Over-dispersed on calm days and under-dispersed on
    wild ones averages out here, and PITs that depend on each other make the true p-value
    larger than stated: read it beside `berkowitz`. Ties, as empirical distributions give them,
    enter as they are; they can only widen the gap.

    Parameters
    ----------
    pit : array of shape (time,), or None
        Forecast distribution function at the realised P&L. Order does not matter.

    Returns
    -------
    Outcome
        ``p_value`` by Kolmogorov's limit; ``p_exact`` for this number of forecasts.

    References
    ----------
    Marsaglia, Tsang and Wang (2003), *Evaluating Kolmogorov's distribution*; Simard and
    L'Ecuyer (2011), *Computing the two-sided Kolmogorov-Smirnov distribution*.
    """
    if pit is None:
        return not_computable("no pit column")
    if reason := unusable_pit(pit):
        return not_computable(reason)
    n = pit.size
    ordered = np.sort(pit)
    steps = np.arange(n + 1) / n
    statistic = float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    return Outcome(
        statistic=statistic,
        p_value=float(kolmogorov(n**0.5 * statistic)),
        p_exact=_largest_gap_p_value(statistic, n),
    )


@lru_cache(maxsize=4096)  # a model's levels share their PITs
def _largest_gap_p_value(statistic: float, n: int) -> float:
    from scipy.stats import kstwo  # slow to import

    return float(np.clip(kstwo.sf(statistic, n), 0.0, 1.0))


def pit_histogram(pit: Series, *, bins: int = 10) -> NDArray[np.int64]:
    """Number of PITs in each of ``bins`` equal parts of [0, 1]; flat for a true model.

    Parameters
    ----------
    pit : array of shape (time,)
        Forecast distribution function at the realised P&L.
    bins : int
        Equal parts; each holds its left edge, and the last one 1 too.

    Returns
    -------
    int array of shape (bin,)
        Counts that sum to the number of forecasts.

    Raises
    ------
    ValueError
        If a PIT is missing or outside [0, 1].
    """
    outside = int(np.count_nonzero(~((pit >= 0) & (pit <= 1))))
    if outside:
        raise ValueError(
            f"pit must lie in [0, 1]; {outside} of {pit.size} do not. Drop the rows without one."
        )
    edges = np.arange(1, bins) / bins  # multiples of 0.1 would put 0.3 below its own edge
    return np.bincount(np.searchsorted(edges, pit, side="right"), minlength=bins)
