import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from validation.outcome import Outcome
from validation.panels import Series
from validation.pooled import clustered_t, pooled_tests, rejecting

ALPHA, DATES, PORTFOLIOS = 0.975, 500, 20


def panel(generator, *, common=0.95, scale=1.0):
    """True Student forecasts of portfolios that share most of each day's move."""
    var = -stats.t.ppf(1 - ALPHA, 5)
    es = stats.t.pdf(var, 5) / (1 - ALPHA) * (5 + var**2) / 4
    market = generator.normal(size=(DATES, 1)) * common**0.5
    normal = market + generator.normal(size=(DATES, PORTFOLIOS)) * (1 - common) ** 0.5
    pit = stats.norm.cdf(normal).ravel()
    pnl = stats.t.ppf(pit, 5)
    date = np.repeat(np.arange(DATES), PORTFOLIOS)
    level = np.full(pnl.size, scale)
    series = Series(pnl, var * level, es * level, pit, level, pnl, pnl, overlapping=False)
    return series, date


def test_a_clustered_t_with_one_cell_a_date_is_the_hac_t_of_statsmodels(generator):
    values = generator.normal(0.2, 1, size=100)
    fitted = sm.OLS(values, np.ones(100)).fit(
        cov_type="HAC", cov_kwds={"maxlags": 10, "use_correction": False}
    )
    ours = clustered_t(values, np.arange(100), lag=10)
    assert ours == pytest.approx(float(fitted.tvalues[0]), rel=1e-10)


def test_a_clustered_t_of_a_panel_is_driscoll_kraay_of_statsmodels(generator):
    date = np.repeat(np.arange(60), 5)
    values = 0.1 + np.repeat(generator.normal(size=60), 5) + generator.normal(size=300)
    fitted = sm.OLS(values, np.ones(300)).fit(
        cov_type="hac-groupsum",
        cov_kwds={"time": date, "maxlags": 10, "use_correction": False},
    )
    assert clustered_t(values, date, lag=10) == pytest.approx(float(fitted.tvalues[0]), rel=1e-10)


def test_copies_of_one_portfolio_add_no_evidence(generator):
    values = generator.normal(0.2, 1, size=100)
    once = clustered_t(values, np.arange(100), lag=10)
    copied = clustered_t(np.repeat(values, 7), np.repeat(np.arange(100), 7), lag=10)
    assert copied == pytest.approx(once)


@pytest.mark.slow
def test_a_true_panel_is_seldom_rejected_though_its_counts_look_impossible(generator):
    rejected = dict.fromkeys(("kupiec", "z2", "mcneil_frey", "du_escanciano"), 0)
    binomial = 0
    for _ in range(200):
        series, date = panel(generator)
        outcomes = pooled_tests(series, date, alpha=ALPHA, horizon=1)
        for name in rejected:
            p_value = outcomes[name].p_value
            rejected[name] += p_value is not None and p_value < 0.05
        hits = int((-series.pnl > series.var).sum())
        binomial += stats.binomtest(hits, series.pnl.size, 0.025).pvalue < 0.05
    assert binomial > 100  # what counting cells as independent would say
    assert max(rejected.values()) < 30


def test_forecasts_too_small_by_a_third_are_rejected_by_all(generator):
    series, date = panel(generator, scale=0.67)
    outcomes = pooled_tests(series, date, alpha=ALPHA, horizon=1)
    for name in ("kupiec", "z2", "nolde_ziegel"):
        p_value = outcomes[name].p_value
        assert p_value is not None
        assert p_value < 1e-3
    assert outcomes["z2"].statistic is not None
    assert outcomes["z2"].statistic < 0


def test_pooled_z2_is_the_formula_over_all_cells(generator):
    series, date = panel(generator)
    hits = -series.pnl > series.var
    by_hand = 1 + np.sum(series.pnl[hits] / series.es[hits]) / (hits.size * 0.025)
    outcomes = pooled_tests(series, date, alpha=ALPHA, horizon=1)
    assert outcomes["z2"].statistic == pytest.approx(by_hand)


def test_cells_without_positive_es_are_left_out_of_the_tests_of_shortfall(generator):
    series, date = panel(generator)
    outcomes = pooled_tests(series, date, alpha=ALPHA, horizon=1)
    bills = np.flatnonzero(np.arange(date.size) % PORTFOLIOS == 0)
    series.var[bills] = series.es[bills] = -0.1
    kept = np.delete(np.arange(date.size), bills)
    without = pooled_tests(series.rows(kept), date[kept], alpha=ALPHA, horizon=1)
    with_bills = pooled_tests(series, date, alpha=ALPHA, horizon=1)
    assert with_bills["z2"] == without["z2"] != outcomes["z2"]


def test_too_few_dates_are_not_computable(generator):
    series, date = panel(generator)
    outcomes = pooled_tests(series.rows(slice(0, 60)), date[:60], alpha=ALPHA, horizon=1)
    assert all(outcome.status.startswith("not_computable: ") for outcome in outcomes.values())


def test_the_test_of_one_series_says_how_many_portfolios_it_rejected():
    outcomes = [Outcome(1.0, 0.2, 0.01), Outcome(1.0, 0.04), Outcome(1.0, 0.5), Outcome(status="x")]
    assert rejecting(outcomes).status == (
        "not_computable: one series at a time; rejected at 5% in 2 of 3 portfolios"
    )
