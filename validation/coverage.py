"""Coverage: did losses exceed the VaR as often as announced, and independently over time."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, chdtrc, gammaln, xlogy

from validation.exceedances import Hits, tail_probability
from validation.outcome import Outcome, not_computable
from validation.regulation import BASEL_2019, RegulationProfile

LONGEST_ENUMERATED = 5_000  # above, the asymptotic p-value is good and enumeration is not cheap
_TIE = 1e-9  # likelihood ratios closer than this are the same number, rounded differently

Zone = Literal["green", "amber", "red"]


def kupiec(hits: Hits, *, alpha: float) -> Outcome:
    r"""Test that exceedances are as frequent as ``1 - alpha``.

    The likelihood ratio of Kupiec (1995) with ``0 log 0 = 0``. At 250 forecasts and 1% its
    asymptotic test of nominal size 5% rejects a true model in 9.5% of cases, so decide by
    ``p_exact``.

    Parameters
    ----------
    hits : bool array of shape (time,)
        Whether each loss exceeded its VaR. Order does not matter.
    alpha : float
        Confidence level in (0.5, 1).

    Returns
    -------
    Outcome
        ``p_value`` from chi-squared(1); ``p_exact`` two-sided and enumerated: the probability
        of all counts no likelier than the observed one, as ``scipy.stats.binomtest``.

    References
    ----------
    Kupiec (1995), *Techniques for verifying the accuracy of risk measurement models*.
    """
    tail = tail_probability(alpha)
    n, count = hits.size, int(np.count_nonzero(hits))
    if n == 0:
        return not_computable("no forecasts")
    statistic = float(_frequency_lr(n, count, tail))
    return Outcome(
        statistic=statistic,
        p_value=float(chdtrc(1, statistic)),
        p_exact=float(count_p_values(n, tail)[count]),
    )


def christoffersen_ind(hits: Hits) -> Outcome:
    """Test that an exceedance today says nothing about an exceedance tomorrow.

    Likelihood ratio of a first-order Markov chain against independence, ``0 log 0 = 0``: no
    pair of consecutive exceedances, none at all, or nothing but exceedances is no obstacle.
    With no exceedance the statistic is 0 and so says nothing.

    Parameters
    ----------
    hits : bool array of shape (time,)
        Whether each loss exceeded its VaR, in order of time, from consecutive,
        non-overlapping forecasts.

    Returns
    -------
    Outcome
        ``p_value`` from chi-squared(1); ``p_exact`` enumerated given the number of
        exceedances, under which every arrangement in time is equally likely, so that no
        unknown frequency enters.

    References
    ----------
    Christoffersen (1998), *Evaluating interval forecasts*.
    """
    n = hits.size
    if n < 2:
        return not_computable("fewer than two forecasts")
    statistic = _independence_lr(hits)
    exact = None
    if n <= LONGEST_ENUMERATED:
        ratios, probabilities = _independence_law(n, int(np.count_nonzero(hits)))
        exact = float(min(1.0, probabilities[ratios >= statistic - _TIE].sum()))
    return Outcome(statistic=statistic, p_value=float(chdtrc(1, statistic)), p_exact=exact)


def christoffersen_cc(hits: Hits, *, alpha: float) -> Outcome:
    """Test that exceedances are both as frequent as ``1 - alpha`` and independent.

    The sum of the statistics of `kupiec` (on all forecasts) and `christoffersen_ind`.

    Parameters
    ----------
    hits : bool array of shape (time,)
        Whether each loss exceeded its VaR, in order of time, from consecutive,
        non-overlapping forecasts.
    alpha : float
        Confidence level in (0.5, 1).

    Returns
    -------
    Outcome
        ``p_value`` from chi-squared(2); ``p_exact`` enumerated over every count and every
        number of clusters that independent exceedances of probability ``1 - alpha`` can show.

    References
    ----------
    Christoffersen (1998), *Evaluating interval forecasts*.
    """
    tail = tail_probability(alpha)
    n = hits.size
    if n < 2:
        return not_computable("fewer than two forecasts")
    frequency = float(_frequency_lr(n, int(np.count_nonzero(hits)), tail))
    statistic = frequency + _independence_lr(hits)
    exact = None
    if n <= LONGEST_ENUMERATED:
        ratios, survival = _conditional_coverage_law(n, tail)
        exact = float(survival[np.searchsorted(ratios, statistic - _TIE)])
    return Outcome(statistic=statistic, p_value=float(chdtrc(2, statistic)), p_exact=exact)


def basel_zone(
    exceedances: int, n: int, alpha: float, *, profile: RegulationProfile = BASEL_2019
) -> Zone:
    """Traffic light of a backtest by the binomial probability of so few exceedances.

    Parameters
    ----------
    exceedances : int
        Losses above VaR among ``n`` one-day, non-overlapping forecasts.
    n : int
        Forecasts judged; 250 in the rule itself.
    alpha : float
        Confidence level in (0.5, 1).
    profile : RegulationProfile
        Whose thresholds; Basel begins amber at 95% and red at 99.99%, which at 250 forecasts
        of 99% gives green 0-4, amber 5-9, red 10 and more.
    """
    cumulative = float(bdtr(exceedances, n, tail_probability(alpha)))
    if cumulative >= profile.red_from:
        return "red"
    return "amber" if cumulative >= profile.amber_from else "green"


def _frequency_lr(n: int, count: int, tail: float) -> np.float64:
    hit, quiet = count, n - count
    fitted = xlogy(hit, hit / n) + xlogy(quiet, quiet / n)
    announced = xlogy(hit, tail) + xlogy(quiet, 1 - tail)
    return np.maximum(0.0, 2 * (fitted - announced))


@lru_cache(maxsize=256)
def count_p_values(n: int, tail: float) -> NDArray[np.float64]:
    """Two-sided minimum-likelihood p-value of every number 0..n of exceedances, see `kupiec`."""
    mass = _binomial_mass(n, tail)
    ascending = np.sort(mass)
    # the relative slack with which scipy's binomtest calls two counts equally likely
    no_likelier = np.searchsorted(ascending, mass * (1 + 1e-7), side="right")
    return np.minimum(1.0, np.cumsum(ascending)[no_likelier - 1])


def _independence_lr(hits: Hits) -> float:
    before, after = hits[:-1], hits[1:]
    n11 = np.count_nonzero(before & after)
    n10 = np.count_nonzero(before) - n11
    n01 = np.count_nonzero(after) - n11
    n00 = before.size - n11 - n10 - n01
    return float(_markov_lr(np.array([[n00], [n01], [n10], [n11]]))[0])


def _markov_lr(transitions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Likelihood ratio of each case; ``transitions`` counts 00, 01, 10, 11 of shape (4, case)."""
    n00, n01, n10, n11 = transitions
    chain = _best_log_likelihood(n01, n00) + _best_log_likelihood(n11, n10)
    independent = _best_log_likelihood(n01 + n11, n00 + n10)
    return np.maximum(0.0, 2 * (chain - independent))


def _best_log_likelihood(hit: NDArray[np.int64], quiet: NDArray[np.int64]) -> NDArray[np.float64]:
    total = hit + quiet
    return xlogy(hit, hit) + xlogy(quiet, quiet) - xlogy(total, total)


@lru_cache(maxsize=4096)
def _independence_law(n: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Law of the independence ratio when ``count`` exceedances fall anywhere among ``n``.

    The transitions of a sequence follow from its number of clusters (runs of exceedances) and
    whether it starts and ends inside one; the sequences that share these are counted by
    splitting the exceedances into clusters and the other days into the spells around them.
    """
    quiet = n - count
    clusters, starts, ends = (
        axis.ravel()
        for axis in np.meshgrid(np.arange(count + 1), np.arange(2), np.arange(2), indexing="ij")
    )
    spells = clusters + 1 - starts - ends
    possible = _splits_exist(count, clusters) & _splits_exist(quiet, spells)
    clusters, starts, ends, spells = (
        values[possible] for values in (clusters, starts, ends, spells)
    )
    transitions = np.stack((quiet - spells, clusters - starts, clusters - ends, count - clusters))
    log_sequences = _log_splits(count, clusters) + _log_splits(quiet, spells)
    return _markov_lr(transitions), np.exp(log_sequences - _log_choose(n, np.array([count])))


@lru_cache(maxsize=256)
def _conditional_coverage_law(
    n: int, tail: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sorted conditional-coverage ratios, and the probability of at least each of them."""
    mass = _binomial_mass(n, tail)
    ratios, masses = [], []
    for k in np.flatnonzero(mass > 1e-12):
        independence, share = _independence_law(n, int(k))
        probable = share > 1e-12
        ratios.append(_frequency_lr(n, int(k), tail) + independence[probable])
        masses.append(mass[k] * share[probable])
    ratio, probability = np.concatenate(ratios), np.concatenate(masses)
    order = np.argsort(ratio)
    survival = np.cumsum(probability[order][::-1])[::-1]
    # beyond the largest kept ratio nothing is left but what was cut off
    return ratio[order], np.append(np.minimum(1.0, survival), 0.0)


def _binomial_mass(n: int, tail: float) -> NDArray[np.float64]:
    count = np.arange(n + 1)
    return np.exp(_log_choose(n, count) + xlogy(count, tail) + xlogy(n - count, 1 - tail))


def _splits_exist(total: int, parts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether ``total`` days can be cut into ``parts`` non-empty spells."""
    return (parts == 0) if total == 0 else (parts >= 1) & (parts <= total)


def _log_splits(total: int, parts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log of the ways to cut ``total`` days into ``parts`` non-empty spells."""
    return np.zeros(parts.shape) if total == 0 else _log_choose(total - 1, parts - 1)


def _log_choose(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n + 1 - k)
