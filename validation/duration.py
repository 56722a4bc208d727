"""Duration: do exceedances come in clusters, or after waits without memory."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from validation.coverage import LONGEST_ENUMERATED
from validation.exceedances import Hits
from validation.outcome import Outcome, not_computable
from validation.simulated_nulls import upper_p_value

_STEEPEST = 50.0  # evenly spaced exceedances have no finite best shape; the search ends here
_NEWTON_STEPS = 40


def duration(hits: Hits, *, draws: int = 1_000, seed: int = 0) -> Outcome:
    r"""Test that the wait for an exceedance does not depend on how long one has waited.

    Likelihood ratio of Weibull against exponential waits (shape b = 1); b < 1 means clusters.
    The spells before the first and after the last exceedance enter as censored. Exponential
    waits are a limit of whole sessions, so the asymptotic p-value is rough: decide by
    ``p_exact``.

    Parameters
    ----------
    hits : bool array of shape (time,)
        Whether each loss exceeded its VaR, in order of time, from consecutive,
        non-overlapping forecasts. Fewer than three exceedances leave nothing to compare.
    draws : int
        Simulated samples behind ``p_exact``; 0 for none. There is none above 5,000 forecasts.
    seed : int
        Determines everything drawn.

    Returns
    -------
    Outcome
        ``p_value`` from chi-squared(1); ``p_exact`` simulated given the number of exceedances,
        under which every arrangement in time is equally likely, so that no unknown frequency
        enters.

    References
    ----------
    Christoffersen and Pelletier (2004), *Backtesting value-at-risk: a duration-based approach*.
    """
    positions = np.flatnonzero(hits)
    if positions.size < 3:
        return not_computable("fewer than three exceedances")
    n, count = hits.size, positions.size
    statistic = float(_weibull_lr(positions[None, :], n)[0])
    exact = None
    if draws and n <= LONGEST_ENUMERATED:
        exact = upper_p_value(statistic, _duration_law(n, count, draws, seed))
    return Outcome(
        statistic=statistic,
        p_value=float(chdtrc(1, statistic)),
        p_exact=exact,
        draws=None if exact is None else draws,
    )


def _weibull_lr(positions: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Likelihood ratio of each row of ascending positions of exceedances among ``n`` dates.

    With the scale at its best, the log-likelihood of shape b over m complete spells is
    ``m log b - m log sum(D^b) + (b - 1) sum(log D)`` plus a constant, concave in b; the sum of
    D^b runs over the censored spells too.
    """
    complete = np.diff(positions, axis=1)
    ends = np.stack((positions[:, 0] + 1, n - 1 - positions[:, -1]), axis=1)
    # a sample that starts or ends on an exceedance has no spell there
    exists = np.stack((positions[:, 0] > 0, ends[:, 1] > 0), axis=1)
    spells = np.concatenate((complete, np.where(exists, ends, 1)), axis=1)
    weight = np.ones(spells.shape)
    weight[:, -2:] = exists
    # the ratio does not depend on the unit of time: in units of the longest spell D^b <= 1
    log_spell = np.log(spells / (spells * weight).max(axis=1, keepdims=True))
    squared = log_spell**2
    m = complete.shape[1]
    log_sum = log_spell[:, :m].sum(axis=1)

    shape = np.ones(positions.shape[0])
    at_one = -m * np.log(np.vecdot(weight, np.exp(log_spell)))
    for _ in range(_NEWTON_STEPS):
        power = weight * np.exp(shape[:, None] * log_spell)
        total = power.sum(axis=1)
        first = np.vecdot(power, log_spell) / total
        second = np.vecdot(power, squared) / total
        slope = m / shape - m * first + log_sum
        curvature = m / shape**2 + m * (second - first**2)
        highest = np.minimum(4 * shape, _STEEPEST)
        updated = np.minimum(np.maximum(shape + slope / curvature, shape / 4), highest)
        settled = (np.abs(updated - shape) < 1e-7 * shape).all()
        shape = updated
        if settled:
            break
    total = np.vecdot(weight, np.exp(shape[:, None] * log_spell))
    best = m * np.log(shape) - m * np.log(total) + (shape - 1) * log_sum
    return np.maximum(0.0, 2 * (best - at_one))


@lru_cache(maxsize=4096)
def _duration_law(n: int, count: int, draws: int, seed: int) -> NDArray[np.float64]:
    quarter = n // 4
    orders = _random_orders(n, quarter if count <= quarter else n, draws, seed)
    return _weibull_lr(np.sort(orders[:, :count], axis=1).astype(np.int64), n)


@lru_cache(maxsize=64)  # a quarter of twelve years takes 1.5 MB
def _random_orders(n: int, length: int, draws: int, seed: int) -> NDArray[np.int16]:
    """The first dates of all ``n`` in random order, one order a draw.

    Any first ``count`` of them are a sample of dates: drawn once for every number of exceedances,
    since to draw each anew costs more than to judge it.
    """
    generator = np.random.default_rng([seed, n, draws])
    order = generator.random((draws, n), dtype=np.float32).argsort(axis=1)
    return order[:, :length].astype(np.int16)
