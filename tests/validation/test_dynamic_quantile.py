# an outcome without the number that a test compares fails that test
# pyright: reportOptionalOperand=false, reportOperatorIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from validation.dynamic_quantile import dq


def regressors(hits: np.ndarray, var: np.ndarray, lags: int) -> np.ndarray:
    past = [hits[lags - lag : hits.size - lag].astype(float) for lag in range(1, lags + 1)]
    return np.column_stack([np.ones(hits.size - lags), *past, var[lags:]])


def explained(hits: np.ndarray, design: np.ndarray, tail: float) -> float:
    """Statistic by a least-squares fit that takes any design."""
    target = hits[-design.shape[0] :] - tail
    fitted = design @ np.linalg.lstsq(design, target)[0]
    return float(fitted @ fitted) / (tail * (1 - tail))


@pytest.mark.parametrize("lags", [1, 4, 6])
def test_the_statistic_is_the_explained_part_of_a_least_squares_fit(lags, generator):
    hits, var = generator.random(300) < 0.08, generator.uniform(0.01, 0.05, 300)
    outcome = dq(hits, var, alpha=0.95, lags=lags, draws=0)
    expected = explained(hits, regressors(hits, var, lags), 0.05)
    assert outcome.statistic == pytest.approx(expected, rel=1e-9)
    assert outcome.p_value == pytest.approx(stats.chi2.sf(expected, lags + 2))
    assert outcome.p_exact is None
    assert outcome.draws is None


def test_the_statistic_is_the_explained_sum_of_squares_of_statsmodels(generator):
    from statsmodels.api import OLS

    hits, var = generator.random(300) < 0.08, generator.uniform(0.01, 0.05, 300)
    fit = OLS(hits[4:] - 0.05, regressors(hits, var, 4)).fit()
    expected = fit.uncentered_tss - fit.ssr
    assert dq(hits, var, alpha=0.95).statistic == pytest.approx(expected / (0.05 * 0.95))


def test_a_var_that_never_moves_is_left_out_with_its_degree_of_freedom(generator):
    hits, var = generator.random(300) < 0.08, np.full(300, 0.1 + 0.2)
    outcome = dq(hits, var, alpha=0.95, draws=0)
    expected = explained(hits, regressors(hits, var, 4)[:, :-1], 0.05)
    assert outcome.statistic == pytest.approx(expected, rel=1e-9)
    assert outcome.p_value == pytest.approx(stats.chi2.sf(expected, 5))


def test_without_an_exceedance_only_the_constant_and_the_var_remain(generator):
    n, tail = 250, 0.01
    outcome = dq(np.zeros(n, dtype=bool), generator.random(n), alpha=0.99)
    # the constant explains all of hit - tail = -tail on the 246 days that have four before them
    assert outcome.statistic == pytest.approx(246 * tail**2 / (tail * (1 - tail)))
    assert outcome.p_value == pytest.approx(stats.chi2.sf(outcome.statistic, 2))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_but_one_kind_of_day_does_not_crash(share):
    outcome = dq(np.full(50, bool(share)), np.ones(50), alpha=0.99)
    assert outcome.status == "ok"
    assert 0 <= outcome.p_value <= 1
    assert 0 < outcome.p_exact <= 1


def test_simulated_samples_go_through_the_same_regression(generator):
    # the p-value of a sample against the statistics of true models, fitted one by one
    n, tail, var = 120, 0.05, generator.uniform(0.01, 0.05, 120)
    hits = generator.random(n) < 0.12
    null = [
        explained(sample, regressors(sample, var, 4), tail)
        for sample in generator.random((1_000, n)) < tail
    ]
    outcome = dq(hits, var, alpha=0.95, draws=4_000)
    share = float(np.mean(np.array(null) >= outcome.statistic))
    error = math.sqrt(share * (1 - share) * (1 / 1_000 + 1 / 4_000))
    assert 0.005 < share < 0.9
    assert outcome.p_exact == pytest.approx(share, abs=4 * error)
    assert outcome.draws == 4_000


def test_a_year_at_one_percent_rejects_a_true_model_as_often_as_announced(generator):
    var = generator.uniform(0.01, 0.05, 250)
    outcomes = [dq(hits, var, alpha=0.99) for hits in generator.random((400, 250)) < 0.01]
    assert np.mean([outcome.p_exact < 0.05 for outcome in outcomes]) < 0.05 + 4 * 0.0109
    assert np.mean([outcome.p_value < 0.05 for outcome in outcomes]) > 0.05 + 4 * 0.0109


def test_exceedances_on_days_of_low_var_are_found_out(generator):
    calm = generator.random((50, 500)) < 0.5
    hits = generator.random((50, 500)) < np.where(calm, 0.095, 0.005)
    var = np.where(calm, 0.01, 0.03)
    assert (
        np.mean([dq(h, v, alpha=0.95).p_exact < 0.05 for h, v in zip(hits, var, strict=True)]) > 0.8
    )


def test_exceedances_that_follow_one_another_are_found_out(generator):
    hits = np.zeros(500, dtype=bool)
    for start in range(20, 500, 100):
        hits[start : start + 5] = True
    outcome = dq(hits, generator.random(500), alpha=0.95)
    assert outcome.p_value < 1e-6
    assert outcome.p_exact == 1 / 1_001


@given(st.floats(1e-6, 1e6), st.integers(0, 2**32 - 1))
def test_the_unit_of_money_does_not_matter(scale, seed):
    generator = np.random.default_rng(seed)
    hits, var = generator.random(60) < 0.1, generator.uniform(0.5, 2.0, 60)
    plain, scaled = (dq(hits, c * var, alpha=0.95, draws=99) for c in (1.0, scale))
    assert scaled.statistic == pytest.approx(plain.statistic, rel=1e-6)
    assert 0 <= plain.p_value <= 1
    assert 0 < plain.p_exact <= 1


def test_long_samples_have_only_the_asymptotic_p_value(generator):
    outcome = dq(generator.random(5_001) < 0.01, generator.random(5_001), alpha=0.99)
    assert outcome.p_exact is None
    assert outcome.draws is None
    assert outcome.status == "ok"


def test_ten_days_are_too_few_for_four_lags():
    status = dq(np.zeros(10, dtype=bool), np.ones(10), alpha=0.99).status
    assert status == "not_computable: fewer than 11 forecasts"
