# an outcome without the number that a test compares fails that test
# pyright: reportOptionalOperand=false, reportOperatorIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from validation.duration import duration


def days(n: int, *exceeded: int) -> np.ndarray:
    hits = np.zeros(n, dtype=bool)
    hits[list(exceeded)] = True
    return hits


def spells(hits: np.ndarray) -> tuple[list[int], list[int]]:
    """Complete and censored waits, counted by walking through the days."""
    complete, censored, wait, seen = [], [], 0, False
    for day, hit in enumerate(hits):
        wait += 1
        if hit:
            if seen:
                complete.append(wait)
            elif day > 0:
                censored.append(wait)
            wait, seen = 0, True
    if wait:
        censored.append(wait)
    return complete, censored


def scipy_lr(hits: np.ndarray) -> float:
    """Weibull against exponential by scipy's maximum likelihood for censored data."""
    complete, censored = spells(hits)
    data = stats.CensoredData(uncensored=complete, right=censored)

    def log_likelihood(law) -> float:
        return law.logpdf(complete).sum() + law.logsf(censored).sum()

    shape, _, scale = stats.weibull_min.fit(data, floc=0)
    constant = (sum(complete) + sum(censored)) / len(complete)
    weibull = log_likelihood(stats.weibull_min(shape, scale=scale))
    return 2 * (weibull - log_likelihood(stats.expon(scale=constant)))


@pytest.mark.parametrize(
    "hits",
    [
        days(100, 10, 11, 12, 60, 61, 90),
        days(100, 0, 11, 12, 60, 99),
        days(250, 3, 40, 77, 130, 131, 249),
        days(30, 2, 9, 11),
    ],
    ids=["clusters", "starts and ends on one", "ends on one", "three"],
)
def test_the_statistic_is_scipys_likelihood_ratio_for_censored_waits(hits):
    outcome = duration(hits, draws=0)
    assert outcome.statistic == pytest.approx(scipy_lr(hits), abs=1e-5)
    assert outcome.p_value == pytest.approx(stats.chi2.sf(outcome.statistic, 1))
    assert outcome.p_exact is None


def test_the_simulated_p_value_is_the_share_of_arrangements():
    n, count = 12, 4
    arrangements = [days(n, *chosen) for chosen in combinations(range(n), count)]
    ratios = np.array([duration(hits, draws=0).statistic for hits in arrangements])
    for index in (0, 100, 250, 400):
        share = float(np.mean(ratios >= ratios[index] - 1e-9))
        simulated = duration(arrangements[index], draws=4_000)
        error = math.sqrt(share * (1 - share) / 4_000) + 1 / 4_001
        assert simulated.p_exact == pytest.approx(share, abs=4 * error)
        assert simulated.draws == 4_000


def test_a_true_model_is_rejected_as_often_as_announced(generator):
    outcomes = [duration(hits) for hits in generator.random((600, 250)) < 0.05]
    rejected = [outcome.p_exact < 0.05 for outcome in outcomes if outcome.p_exact is not None]
    assert np.mean(rejected) == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 600))


def test_clusters_are_found_out(generator):
    # calm and wild months: the VaR knows nothing of them
    wild = np.repeat(generator.random((50, 25)) < 0.2, 20, axis=1)
    samples = generator.random((50, 500)) < np.where(wild, 0.3, 0.01)
    assert np.mean([duration(hits).p_exact < 0.05 for hits in samples]) > 0.7


def test_exceedances_in_perfect_step_are_no_accident():
    outcome = duration(days(100, *range(9, 100, 10)))
    assert math.isfinite(outcome.statistic)
    assert outcome.p_exact == 1 / 1_001


@pytest.mark.parametrize("exceeded", [(), (7,), (7, 50)])
def test_two_exceedances_leave_nothing_to_compare(exceeded):
    status = duration(days(250, *exceeded)).status
    assert status == "not_computable: fewer than three exceedances"


def test_nothing_but_exceedances_does_not_crash():
    outcome = duration(np.ones(50, dtype=bool))
    assert outcome.status == "ok"
    assert outcome.p_exact == 1.0


@given(arrays(np.bool_, st.integers(3, 60)))
def test_time_reversed_waits_are_the_same_waits_but_for_the_ends(hits):
    assume(hits.sum() >= 3)
    # with an exceedance on both ends there is no censored spell, and reversal changes nothing
    hits[[0, -1]] = True
    forward, backward = duration(hits, draws=50), duration(hits[::-1], draws=50)
    assert forward.statistic == pytest.approx(backward.statistic, abs=1e-9)
    assert 0 <= forward.p_value <= 1
    assert 0 < forward.p_exact <= 1


def test_long_samples_have_only_the_asymptotic_p_value(generator):
    outcome = duration(generator.random(5_001) < 0.01)
    assert (outcome.p_exact, outcome.draws, outcome.status) == (None, None, "ok")
