import math

import numpy as np
import pytest
from scipy import stats

from infra.bench.score import forecast_table
from validation.groups import judged_groups, plain_outcome
from validation.outcome import Outcome
from validation.panels import judged_panels


def groups_of(table, jobs=1):
    panels = judged_panels(table, as_of=np.datetime64("2100-01-01"))
    return judged_groups(panels, draws=200, seed=0, jobs=jobs)


@pytest.fixture(scope="module")
def table():
    return forecast_table(
        portfolios=2, dates=260, knowledge={"m": 1.0}, alphas=(0.975,), start="2020-01-01"
    )


def group(groups, window, portfolio: str | None = "P000"):
    (found,) = [one for one in groups if one["window"] == window and one["portfolio"] == portfolio]
    return found


def test_a_group_counts_what_its_window_holds(table):
    own = table[(table["portfolio"] == "P000") & (table["target"] < "2020-05-01")]
    own = own[own["target"] >= "2020-02-20"]
    hits = int((-own["pnl"] > own["var"]).sum())
    found = group(groups_of(table).groups, "covid_2020")
    assert (found["n"], found["exceedances"]) == (51, hits)
    assert found["expected"] == pytest.approx(51 / 40)
    assert found["tests"]["kupiec"]["p_exact"] == pytest.approx(
        stats.binomtest(hits, 51, 0.025).pvalue
    )


def test_windows_are_all_the_years_and_the_crises_reached(table):
    found = groups_of(table).groups
    assert [one["window"] for one in found if one["portfolio"] == "P001"] == [
        "all",
        "2020",
        "covid_2020",
    ]


def test_a_pooled_group_adds_up_its_portfolios_and_has_no_zone(table):
    found = groups_of(table)
    whole = group(found.pooled, "all", portfolio=None)
    parts = [group(found.groups, "all", name) for name in ("P000", "P001")]
    assert whole["n"] == 520
    assert whole["exceedances"] == sum(part["exceedances"] for part in parts)
    assert whole["fz0"] == pytest.approx(np.mean([part["fz0"] for part in parts]))
    assert whole["zone"] is None
    assert whole["zone_status"].startswith("not_computable: ")
    assert "portfolios" in whole["tests"]["dq"]["status"]


def test_zones_are_for_one_session(table):
    longer = groups_of(table.assign(horizon=10)).groups
    assert longer[0]["zone"] is None
    assert longer[0]["zone_status"] == "not_computable: the zones are for one-session forecasts"
    assert groups_of(table).groups[0]["zone"] in ("green", "amber", "red")


def test_rows_without_positive_es_are_left_out_of_fz0_and_counted(table):
    odd = table["portfolio"].eq("P000")
    found = groups_of(table.assign(es=table["es"].where(~odd, 0), var=table["var"].where(~odd, 0)))
    none = group(found.groups, "all")
    assert none["fz0"] is None
    assert none["fz0_excluded"] == 260
    assert none["fz0_status"] == "not_computable: es is nowhere positive"
    assert group(found.pooled, "all", portfolio=None)["fz0_excluded"] == 260


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_not_finite_is_null_with_a_status(number):
    plain = plain_outcome(Outcome(statistic=number, p_value=0.0))
    assert plain["statistic"] is None
    assert plain["p_value"] is None
    assert plain["status"].startswith("not_computable: ")


@pytest.mark.slow
def test_two_processes_find_what_one_finds():
    table = forecast_table(
        portfolios=2, dates=260, knowledge={"m": 1.0, "n": 0.5}, alphas=(0.975, 0.99)
    )
    alone, shared = groups_of(table), groups_of(table, jobs=2)
    assert shared.groups == alone.groups
    assert shared.pooled == alone.pooled
