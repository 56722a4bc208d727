# an outcome without the number that a test compares fails that test
# pyright: reportOptionalOperand=false, reportOperatorIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from validation.cumulative_violations import (
    cumulative_violations,
    du_escanciano,
    du_escanciano_conditional,
)


def test_depth_by_hand():
    pit = np.array([0.0, 0.01, 0.025, 0.05, 0.9])
    np.testing.assert_allclose(cumulative_violations(pit, 0.05), [1.0, 0.8, 0.5, 0.0, 0.0])


def test_the_unconditional_statistic_by_hand():
    # depths 1, 0.8, 0.5 in 100 days of 5%: mean 0.023 against 0.025
    pit = np.concatenate(([0.0, 0.01, 0.025], np.full(97, 0.5)))
    expected = 10 * (0.023 - 0.025) / math.sqrt(0.05 * (1 / 3 - 0.05 / 4))
    outcome = du_escanciano(pit, alpha=0.95)
    assert outcome.statistic == pytest.approx(expected)
    assert outcome.p_value == pytest.approx(2 * stats.norm.sf(abs(expected)))


def test_the_exact_law_is_a_binomial_mixture_of_irwin_hall_sums():
    # twenty days of 5%: the sum of k uniforms exceeds x with a known probability
    n, tail, x = 20, 0.05, 1.5

    def irwin_hall_sf(k: int) -> float:
        terms = [(-1) ** j * math.comb(k, j) * (x - j) ** k for j in range(int(x) + 1)]
        return 1 - sum(terms) / math.factorial(k) if k > x else 0.0

    upper = sum(stats.binom.pmf(k, n, tail) * irwin_hall_sf(k) for k in range(1, 12))
    pit = np.full(n, 0.5)
    pit[:2] = 0.05 * (1 - x / 2)
    outcome = du_escanciano(pit, alpha=0.95, draws=20_000)
    error = 4 * math.sqrt(upper / 20_000)
    assert outcome.p_exact == pytest.approx(2 * upper, abs=2 * error)


def test_the_conditional_statistic_is_box_pierce_about_the_announced_mean(generator):
    pit, tail, n = generator.random(200), 0.1, 200
    h = np.maximum(0, 1 - pit / tail) - tail / 2
    variance = sum(value**2 for value in h) / n
    expected = 0.0
    for lag in (1, 2, 3):
        covariance = sum(h[t] * h[t - lag] for t in range(lag, n)) / (n - lag)
        expected += n * (covariance / variance) ** 2
    outcome = du_escanciano_conditional(pit, alpha=0.9, lags=3)
    assert outcome.statistic == pytest.approx(expected)
    assert outcome.p_value == pytest.approx(stats.chi2.sf(expected, 3))


def test_true_models_are_rejected_as_often_as_announced(generator):
    pits = generator.random((600, 250))
    band = 4 * math.sqrt(0.05 * 0.95 / 600)
    for test in (du_escanciano, du_escanciano_conditional):
        rejected = [test(pit, alpha=0.975).p_exact < 0.05 for pit in pits]
        assert np.mean(rejected) == pytest.approx(0.05, abs=band)


def test_a_doubled_volatility_is_found_out_in_a_year(generator):
    pits = stats.norm.cdf(2 * generator.standard_normal((50, 250)))
    outcomes = [du_escanciano(pit, alpha=0.975) for pit in pits]
    assert all(outcome.statistic > 0 and outcome.p_exact < 0.01 for outcome in outcomes)


def test_deep_losses_in_a_row_are_found_out(generator):
    scattered = generator.uniform(0.2, 1.0, 250)
    scattered[::21] = 0.001
    clustered = np.sort(scattered)
    assert du_escanciano_conditional(clustered, alpha=0.95).p_exact < 0.01
    assert du_escanciano_conditional(scattered, alpha=0.95).p_exact > 0.05
    # how deep they were in all is the same
    one, other = (du_escanciano(pit, alpha=0.95).statistic for pit in (clustered, scattered))
    assert one == pytest.approx(other)


@pytest.mark.parametrize("test", [du_escanciano, du_escanciano_conditional])
def test_a_table_without_a_usable_pit_says_so(test):
    assert test(None, alpha=0.99).status == "not_computable: no pit column"
    assert test(np.empty(0), alpha=0.99).status == "not_computable: no forecasts"
    holed = np.array([0.1, np.nan, np.nan, 0.4] * 10)
    assert test(holed, alpha=0.99).status == "not_computable: pit missing in 20 of 40 forecasts"


def test_ten_days_are_too_few_for_five_lags():
    status = du_escanciano_conditional(np.full(10, 0.5), alpha=0.99).status
    assert status == "not_computable: fewer than 11 forecasts"


def test_without_simulation_there_is_no_exact_p_value(generator):
    for test in (du_escanciano, du_escanciano_conditional):
        outcome = test(generator.random(50), alpha=0.95, draws=0)
        assert (outcome.p_exact, outcome.draws) == (None, None)


def test_long_samples_have_only_the_asymptotic_p_value_for_dependence(generator):
    outcome = du_escanciano_conditional(generator.random(5_001), alpha=0.95)
    assert (outcome.p_exact, outcome.draws, outcome.status) == (None, None, "ok")


@given(st.integers(11, 80), st.integers(0, 2**32 - 1))
def test_every_p_value_is_a_probability(n, seed):
    pit = np.random.default_rng(seed).random(n)
    for test in (du_escanciano, du_escanciano_conditional):
        outcome = test(pit, alpha=0.9, draws=50)
        assert 0 <= outcome.p_value <= 1
        assert 0 < outcome.p_exact <= 1
