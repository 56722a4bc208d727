import numpy as np
import pytest
from scipy import stats

from infra.bench.score import forecast_table
from validation.battery import series_tests
from validation.panels import judged_panels
from validation.shortfall import z2
from validation.simulated_nulls import unit_excess
from validation.tail_accuracy import TailCell, perfect_pass_rate, tail_accuracy, tail_cell


def cell(window, *, passed=True, perfect=0.9, model="m"):
    return TailCell(model, window, coverage=passed, shortfall=True, perfect=perfect)


def found(records, scope, model="m"):
    (record,) = [one for one in records if one["scope"] == scope and one["model"] == model]
    return record


def test_the_share_is_counted_by_scope():
    cells = [
        cell("2019"),
        cell("2020", passed=False, perfect=1.0),
        cell("2020"),
        cell("covid_2020", passed=False),
    ]
    records = tail_accuracy(cells, seed=0)
    assert [one["scope"] for one in records] == ["all", "years", "crises"]
    assert (found(records, "all")["passed"], found(records, "all")["cells"]) == (2, 4)
    assert (found(records, "years")["passed"], found(records, "years")["cells"]) == (2, 3)
    assert (found(records, "crises")["passed"], found(records, "crises")["cells"]) == (0, 1)
    assert found(records, "years")["ceiling"] == pytest.approx((0.9 + 1.0 + 0.9) / 3)
    assert found(records, "all")["coverage_passed"] == 2
    assert found(records, "all")["shortfall_passed"] == 4


def test_a_cell_passes_only_both_tests():
    assert not TailCell("m", "2020", coverage=True, shortfall=False, perfect=0.9).passed
    assert not TailCell("m", "2020", coverage=False, shortfall=True, perfect=0.9).passed


def test_a_cell_without_z2_is_undecided_and_counted_apart():
    undecided = TailCell("m", "2020", coverage=True, shortfall=None, perfect=np.nan)
    record = found(tail_accuracy([cell("2019"), undecided], seed=0), "all")
    assert (record["passed"], record["cells"], record["undecided"]) == (1, 1, 1)
    assert record["ceiling"] == 0.9
    alone = found(tail_accuracy([undecided], seed=0), "all")
    assert alone["share"] is alone["ceiling"] is None


def test_the_interval_resamples_years_and_not_cells():
    """A thousand cells of one bad year are one observation."""
    cells = [cell(str(year)) for year in range(2015, 2020) for _ in range(200)]
    cells += [cell("2020", passed=False) for _ in range(200)]
    low, high = found(tail_accuracy(cells, seed=0), "all")["interval"]
    assert low < 0.6  # the binomial interval of 1,200 cells would be 0.81 to 0.85
    assert high == 1.0
    assert tail_accuracy(cells, seed=0) == tail_accuracy(cells, seed=0)


def test_a_crisis_is_resampled_with_its_year():
    cells = [cell("2020"), cell("covid_2020", passed=False)]
    assert found(tail_accuracy(cells, seed=0), "all")["interval"] is None


@pytest.mark.parametrize(("days", "counted"), [(14, False), (15, True)])
def test_a_cell_needs_fifteen_forecasts(days, counted):
    assert (cell_of(days) is not None) == counted


def cell_of(days, *, horizon=1, window="2020"):
    table = forecast_table(
        portfolios=1, dates=days, knowledge={"m": 1.0}, alphas=(0.975,), start="2020-01-01"
    )
    panels = judged_panels(table.assign(horizon=horizon), as_of=np.datetime64("2100-01-01"))
    (panel,) = panels
    ((_, _, series),) = panel.series()
    tests = series_tests(series, alpha=0.975, horizon=horizon, draws=1000, seed=0)
    return tail_cell(series, tests, panel=panel, window=window, draws=1000, seed=0)


def test_the_whole_period_and_longer_horizons_are_no_cells():
    assert cell_of(200) is not None
    assert cell_of(200, window="all") is None
    assert cell_of(200, horizon=10) is None


@pytest.mark.parametrize(("days", "alpha"), [(250, 0.975), (250, 0.99), (50, 0.99)])
def test_the_ceiling_is_what_true_models_score_when_judged_one_by_one(generator, days, alpha):
    """Simulated anew with an independent generator, scipy's binomial test and z2 itself."""
    tail = 1 - alpha
    var, es = generator.uniform(0.01, 0.03, size=(2, days))
    es = var + es
    passed, trials = 0, 400
    for _ in range(trials):
        hits = generator.random(days) < tail
        excess = unit_excess(1 - generator.random(days), xi=0.2)
        pnl = np.where(hits, -(var + (es - var) * excess) - 1e-12, 0.0)
        coverage = stats.binomtest(int(hits.sum()), days, tail).pvalue
        shortfall = z2(pnl, var, es, alpha=alpha, draws=4000, seed=1).p_exact
        assert shortfall is not None
        passed += coverage >= 0.05 and shortfall >= 0.05
    ceiling = perfect_pass_rate(var, es, alpha=alpha, draws=4000, seed=0)
    assert ceiling == pytest.approx(passed / trials, abs=0.035)
    assert 0.90 < ceiling < 0.98
