import numpy as np
import pytest
import statsmodels.api as sm
from arch.bootstrap import SPA
from scipy import stats
from statsmodels.stats.multitest import multipletests

from validation.comparison import (
    diebold_mariano,
    giacomini_white,
    hac_lag,
    hac_t,
    holm,
    long_run_covariance,
    superior_predictive_ability,
)


def autocorrelated(generator, dates=300, mean=0.0, memory=0.5):
    noise = generator.normal(size=dates)
    series = np.empty(dates)
    series[0] = noise[0]
    for today in range(1, dates):
        series[today] = memory * series[today - 1] + noise[today]
    return mean + series


@pytest.mark.parametrize("lag", [0, 5, 10, 20])
def test_the_t_of_a_mean_is_that_of_statsmodels(generator, lag):
    series = autocorrelated(generator, mean=0.3)
    fitted = sm.OLS(series, np.ones(len(series))).fit(
        cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": False}
    )
    assert hac_t(series, lag=lag) == pytest.approx(float(fitted.tvalues[0]), rel=1e-10)


def test_a_lag_beyond_the_data_uses_all_there_is(generator):
    series = generator.normal(size=12)
    assert hac_t(series, lag=100) is not None


def test_the_lag_covers_the_overlap_twice():
    assert [hac_lag(horizon) for horizon in (1, 5, 10)] == [10, 10, 20]


def test_the_long_run_covariance_matches_its_naive_definition(generator):
    values, lag = generator.normal(size=(40, 2)), 3
    naive = np.zeros((2, 2))
    for i in range(40):
        for j in range(40):
            weight = max(0.0, 1 - abs(i - j) / (lag + 1))
            naive += weight * np.outer(values[i], values[j]) / 40
    assert long_run_covariance(values, lag=lag) == pytest.approx(naive)


@pytest.mark.parametrize("series", [np.zeros(50), np.full(50, 0.1), np.arange(5.0)])
def test_what_never_varies_or_hardly_began_has_no_t(series):
    assert hac_t(series, lag=10) is None
    assert diebold_mariano(series, lag=10).status.startswith("not_computable: ")


def test_equal_accuracy_is_judged_two_sided(generator):
    outcome = diebold_mariano(autocorrelated(generator, mean=-0.5), lag=10)
    assert outcome.statistic is not None
    assert outcome.statistic < 0
    assert outcome.p_value == pytest.approx(2 * stats.norm.sf(abs(outcome.statistic)))


def test_conditional_ability_of_one_step_is_n_times_r_squared(generator):
    # Giacomini and White: regress a constant on the instruments times the next difference
    difference = autocorrelated(generator)
    moments = difference[1:, None] * np.column_stack((np.ones(299), difference[:-1]))
    r_squared = sm.OLS(np.ones(299), moments).fit().rsquared
    outcome = giacomini_white(difference, horizon=1)
    assert outcome.statistic == pytest.approx(299 * r_squared, rel=1e-10)
    assert outcome.p_value == pytest.approx(stats.chi2.sf(outcome.statistic, 2))


def test_conditional_ability_sees_what_the_mean_hides(generator):
    signs = np.repeat([1.0, -1.0] * 10, 15)  # who wins lasts, and nobody wins on average
    difference = signs + 0.5 * generator.normal(size=300)
    unconditional, conditional = (
        diebold_mariano(difference, lag=10),
        giacomini_white(difference, horizon=1),
    )
    assert unconditional.p_value is not None
    assert unconditional.p_value > 0.05
    assert conditional.p_value is not None
    assert conditional.p_value < 1e-6


@pytest.mark.parametrize("series", [np.ones(50), np.zeros(50), np.arange(8.0)])
def test_conditional_ability_needs_differences_that_vary(series):
    assert giacomini_white(series, horizon=1).status.startswith("not_computable: ")


@pytest.mark.slow
def test_the_size_of_both_tests_is_near_five_percent(generator):
    rejected = np.zeros(2)
    for _ in range(1000):
        difference = generator.standard_t(5, size=500)
        outcomes = diebold_mariano(difference, lag=10), giacomini_white(difference, horizon=1)
        rejected += [outcome.p_value is not None and outcome.p_value < 0.05 for outcome in outcomes]
    assert (rejected / 1000 < 0.085).all()
    assert (rejected / 1000 > 0.03).all()


@pytest.mark.parametrize("tests", [1, 2, 6])
def test_holm_agrees_with_statsmodels(generator, tests):
    for p_values in generator.beta(0.3, 1, size=(2, tests)):  # theirs collects garbage each time
        theirs = multipletests(p_values, method="holm")[1]
        assert holm(p_values) == pytest.approx(theirs, abs=1e-12)


def test_the_best_of_many_useless_configurations_is_not_called_superior(generator):
    benchmark = generator.normal(size=300)
    useless = benchmark[:, None] + generator.normal(size=(300, 20))
    outcome = superior_predictive_ability(benchmark, useless, seed=1, draws=300)
    assert outcome.p_exact is not None
    assert outcome.p_exact > 0.05
    better = np.column_stack((useless, benchmark - 0.5 + generator.normal(size=300)))
    outcome = superior_predictive_ability(benchmark, better, seed=1, draws=300)
    assert outcome.p_exact is not None
    assert outcome.p_exact < 0.01
    assert outcome.draws == 300


@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_superior_ability_is_that_of_arch(generator, shift):
    benchmark = generator.normal(size=250)
    candidates = benchmark[:, None] + generator.normal(size=(250, 6)) + shift * np.arange(6)
    theirs = SPA(benchmark, candidates, block_size=10, reps=400, seed=5)
    theirs.compute()
    ours = superior_predictive_ability(benchmark, candidates, seed=5, draws=400)
    assert ours.p_exact == theirs.pvalues["consistent"]


def test_the_benchmark_alone_is_not_compared_with_itself(generator):
    benchmark = generator.normal(size=300)
    outcome = superior_predictive_ability(benchmark, benchmark[:, None], seed=1)
    assert outcome.status.startswith("not_computable: ")
