# an outcome without the number that a test compares fails that test
# pyright: reportOptionalOperand=false, reportOperatorIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from validation.calibration import berkowitz, ks, pit_histogram


def autoregressive(generator, rho: float, n: int) -> np.ndarray:
    score = generator.standard_normal(n)
    for t in range(1, n):
        score[t] = rho * score[t - 1] + math.sqrt(1 - rho**2) * score[t]
    return stats.norm.cdf(score)


def test_berkowitz_is_the_likelihood_ratio_of_a_fitted_autoregression(generator):
    from statsmodels.api import OLS, add_constant

    pit = autoregressive(generator, 0.3, 250)
    score = stats.norm.ppf(pit)
    fitted = OLS(score[1:], add_constant(score[:-1])).fit().llf
    announced = stats.norm.logpdf(score[1:]).sum()
    outcome = berkowitz(pit)
    assert outcome.statistic == pytest.approx(2 * (fitted - announced))
    assert outcome.p_value == pytest.approx(stats.chi2.sf(outcome.statistic, 3))


@pytest.mark.parametrize(
    "distort",
    [lambda z: 0.4 + z, lambda z: 1.3 * z, lambda z: 0.75 * z],
    ids=["mean", "too narrow", "too wide"],
)
def test_berkowitz_finds_out_a_wrong_mean_or_width_in_a_year(distort, generator):
    pits = stats.norm.cdf(distort(generator.standard_normal((50, 250))))
    assert np.mean([berkowitz(pit).p_value < 0.05 for pit in pits]) > 0.9


def test_berkowitz_finds_out_memory_that_ks_cannot_see(generator):
    pits = [autoregressive(generator, 0.35, 250) for _ in range(50)]
    assert np.mean([berkowitz(pit).p_value < 0.05 for pit in pits]) > 0.9


@pytest.mark.parametrize("test", [berkowitz, ks])
def test_true_models_are_rejected_as_often_as_announced(test, generator):
    p = [test(pit).p_value for pit in generator.random((1_000, 250))]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=4 * 0.0069)


def test_a_pit_of_zero_or_one_is_not_an_infinite_score(generator):
    pit = generator.random(250)
    pit[[10, 20]] = 0.0, 1.0
    once_in_forty_years = pit.copy()
    once_in_forty_years[[10, 20]] = 1e-4, 1 - 1e-4
    assert berkowitz(pit) == berkowitz(once_in_forty_years)
    assert math.isfinite(berkowitz(pit).statistic)


@pytest.mark.parametrize(
    ("pit", "reason"),
    [
        (np.full(50, 0.3), "the pit never moves"),
        (np.array([0.2, 0.8] * 25), "each pit follows exactly from the one before"),
        (np.array([0.2, 0.8, 0.4, 0.5, 0.1]), "fewer than six forecasts"),
    ],
)
def test_berkowitz_says_what_it_cannot_fit(pit, reason):
    assert berkowitz(pit).status == f"not_computable: {reason}"


@pytest.mark.parametrize("n", [1, 5, 20, 250, 2_500])
def test_ks_is_the_one_of_scipy(n, generator):
    pit = generator.random(n) ** 1.05
    exact = stats.kstest(pit, "uniform", method="exact")
    outcome = ks(pit)
    assert outcome.statistic == pytest.approx(exact.statistic)
    assert outcome.p_exact == pytest.approx(exact.pvalue)
    assert outcome.p_value == pytest.approx(stats.kstest(pit, "uniform", method="asymp").pvalue)


def test_ties_of_an_empirical_distribution_enter_as_they_are(generator):
    pit = np.floor(20 * generator.random(250)) / 20
    assert ks(pit).statistic == pytest.approx(stats.kstest(pit, "uniform").statistic)
    # six of ten at 0.5: the law jumps from 0 to 0.6 there
    tied = np.array([0.5] * 6 + [0.9] * 4)
    assert ks(tied).statistic == pytest.approx(0.5)


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_ks_does_not_care_about_order_or_about_gains_for_losses(n, seed):
    generator = np.random.default_rng(seed)
    pit = generator.random(n)
    plain = ks(pit)
    assert ks(generator.permutation(pit)) == plain
    assert ks(1 - pit).statistic == pytest.approx(plain.statistic)
    assert 0 <= plain.p_value <= 1
    assert 0 <= plain.p_exact <= 1


@pytest.mark.parametrize("test", [berkowitz, ks])
def test_a_table_without_a_usable_pit_says_so(test):
    assert test(None).status == "not_computable: no pit column"
    assert test(np.empty(0)).status == "not_computable: no forecasts"
    assert test(np.array([0.1, np.nan])).status == "not_computable: pit missing in 1 of 2 forecasts"


def test_the_histogram_by_hand():
    pit = np.array([0.0, 0.05, 0.1, 0.3, 0.7, 0.7, 0.95, 1.0])
    assert pit_histogram(pit).tolist() == [2, 1, 0, 1, 0, 0, 0, 2, 0, 2]
    assert pit_histogram(pit, bins=2).tolist() == [4, 4]


@pytest.mark.parametrize("bins", [3, 7, 10, 50, 100])
def test_a_pit_on_an_edge_belongs_to_the_bin_that_it_begins(bins):
    # multiplying by bins would round 0.29 * 100 down to 28, and 3 * 0.1 lies above 0.3
    pit = np.arange(bins) / bins
    assert pit_histogram(pit, bins=bins).tolist() == [1] * bins


def test_a_pit_outside_zero_to_one_is_refused():
    with pytest.raises(ValueError, match=r"^pit must lie in \[0, 1\]; 2 of 3 do not"):
        pit_histogram(np.array([1.2, 0.5, np.nan]))
