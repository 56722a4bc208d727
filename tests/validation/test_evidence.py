import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from features.findings import UnreadableError
from infra.bench.score import forecast_table
from validation.evidence import SCHEMA, examine

KNOWLEDGE = {"gjr_fhs": 0.8, "hs_250": 0.0, "combined": 1.0}


@pytest.fixture(scope="module")
def table():
    return forecast_table(
        portfolios=3, dates=280, knowledge=KNOWLEDGE, alphas=(0.975, 0.99), start="2020-01-01"
    )


@pytest.fixture(scope="module")
def evidence(table):
    return judged(table)


def judged(table, *, simulated=True, **options):
    return examine(table, draws=100, simulated=simulated, **options)


def near(one, other):
    return one == other or one == pytest.approx(other, rel=1e-6)


def groups(evidence, **wanted):
    return [
        one for one in evidence["groups"] if all(one[key] == value for key, value in wanted.items())
    ]


def test_the_evidence_has_the_fields_promised_to_other_programs(evidence):
    promised = {
        "groups": "portfolio model alpha horizon window n exceedances expected zone fz0 pinball "
        "tests",
        "comparisons": "model baseline alpha horizon window n_cells n_dates fz0_model fz0_baseline "
        "difference relative difference_by_class t_hac share_better mcs_p",
        "tail_accuracy": "model scope passed cells ceiling",
    }
    promised["pooled"] = promised["groups"]
    assert evidence["schema"] == SCHEMA == "foreshock.evidence/1"
    assert {"as_of", "snapshot", "not_covered"} <= evidence.keys()
    for field, names in promised.items():
        assert evidence[field]
        for record in evidence[field]:
            assert set(names.split()) <= record.keys()
    for record in evidence["groups"] + evidence["pooled"]:
        for outcome in record["tests"].values():
            assert list(outcome) == ["statistic", "p_value", "p_exact", "draws", "status"]
    assert all(record["portfolio"] is None for record in evidence["pooled"])


def test_every_model_portfolio_level_and_window_has_a_group(evidence):
    windows = ["all", "2020", "2021", "covid_2020"]
    assert len(evidence["groups"]) == 3 * 3 * 2 * len(windows)
    assert len(evidence["pooled"]) == 3 * 2 * len(windows)
    assert len(evidence["comparisons"]) == 2 * 2 * len(windows)
    assert evidence["not_covered"] == [
        "rates_2022",
        "gilts_2022",
        "banks_2023",
        "yen_2024",
        "tariffs_2025",
    ]


def test_json_is_strict_and_comes_back_the_same(evidence):
    assert json.loads(json.dumps(evidence, allow_nan=False)) == evidence


def test_a_number_that_is_not_there_has_a_status_that_says_why(evidence):
    for group in evidence["groups"]:
        for outcome in group["tests"].values():
            computed = outcome["statistic"] is not None
            assert (outcome["status"] == "ok") == computed
            assert computed or outcome["status"].startswith("not_computable: ")


def test_the_same_table_gives_the_same_evidence_twice(table, evidence):
    assert judged(table) == evidence


def test_the_order_of_rows_does_not_matter(table, evidence):
    assert judged(table.sample(frac=1, random_state=1)) == evidence


@pytest.mark.parametrize("scale", [0.25, 8.0])
def test_a_change_of_unit_changes_no_exceedance_and_no_test(table, evidence, scale):
    scaled = judged(table.assign(**{name: scale * table[name] for name in ("pnl", "var", "es")}))
    for before, after in zip(evidence["groups"], scaled["groups"], strict=True):
        assert after["exceedances"] == before["exceedances"]
        assert after["zone"] == before["zone"]
        for name, outcome in after["tests"].items():
            for number in ("statistic", "p_value", "p_exact"):
                assert near(outcome[number], before["tests"][name][number])
    for before, after in zip(evidence["comparisons"], scaled["comparisons"], strict=True):
        assert after["difference"] == pytest.approx(before["difference"])
        assert after["t_hac"] == pytest.approx(before["t_hac"], rel=1e-6)


def test_names_of_portfolios_carry_no_information(table, evidence):
    renamed = table.assign(
        portfolio=table["portfolio"].map({"P000": "z", "P001": "<b>", "P002": "0"})
    )
    after = judged(renamed)
    for portfolio, name in (("P000", "z"), ("P001", "<b>"), ("P002", "0")):
        before = [one | {"portfolio": name} for one in groups(evidence, portfolio=portfolio)]
        assert groups(after, portfolio=name) == before
    for before, later in zip(evidence["comparisons"], after["comparisons"], strict=True):
        assert later["t_hac"] == pytest.approx(before["t_hac"])
        assert later["mcs_p"] == pytest.approx(before["mcs_p"])


def test_another_day_leaves_the_windows_that_have_ended_as_they_were(table, evidence):
    days = np.unique(table["target"])
    earlier = judged(table[table["target"] < days[-1]])
    for window in ("2020", "covid_2020"):
        assert groups(earlier, window=window) == groups(evidence, window=window)
    assert groups(earlier, window="all") != groups(evidence, window="all")


def test_an_as_of_is_the_same_as_a_table_that_ends_there(table):
    day = pd.Timestamp(2020, 12, 1)
    cut = judged(table[table["target"] <= day])
    late = judged(table, as_of=day)
    assert late["groups"] == cut["groups"]
    assert late["comparisons"] == cut["comparisons"]
    assert late["as_of"] == "2020-12-01"
    assert late["table"]["not_judged"] > 0


def test_forecasts_held_against_the_wrong_day_are_another_backtest(table, evidence):
    series = ["model", "alpha", "portfolio"]
    shifted = table.assign(pnl=table.groupby(series)["pnl"].shift(-1))
    after = judged(shifted)
    assert after["groups"] != evidence["groups"]
    truth = {"model": "combined", "window": "all", "alpha": 0.975}
    assert sum(one["fz0"] for one in groups(after, **truth)) > sum(
        one["fz0"] for one in groups(evidence, **truth)
    )


def test_without_simulation_there_are_no_drawn_numbers(table):
    plain = judged(table, simulated=False)
    outcomes = [one for group in plain["groups"] for one in group["tests"].values()]
    assert all(one["draws"] is None for one in outcomes)
    assert plain["tail_accuracy"] == plain["superior_ability"] == []
    assert all(one["mcs_p"] is None for one in plain["comparisons"])


def test_a_table_without_pit_says_which_tests_it_cannot_have(table):
    plain = judged(table.drop(columns=["pit", "sigma"]), simulated=False)
    silent = {
        name
        for group in plain["groups"]
        for name, one in group["tests"].items()
        if one["status"] == "not_computable: no pit column"
    }
    assert silent == {"z3", "du_escanciano", "berkowitz", "ks"}


def test_a_table_whose_targets_lie_ahead_is_not_judged_but_described(table):
    ahead = judged(table.assign(pnl=np.nan))
    assert ahead["groups"] == ahead["comparisons"] == []
    assert ahead["table"]["not_judged"] == len(table)
    assert len(ahead["not_covered"]) == 6
    json.dumps(ahead, allow_nan=False)


def test_models_that_disagree_on_what_happened_are_counted(table):
    odd = table["model"].eq("combined") & table["target"].eq(table["target"].max())
    assert judged(table, simulated=False)["table"]["pnl_conflicts"] == 0
    moved = table.assign(pnl=table["pnl"].where(~odd, 0.0))
    assert judged(moved, simulated=False)["table"]["pnl_conflicts"] == 3


def test_how_much_of_a_crisis_was_reached_is_said(table):
    late = judged(table[table["target"] > "2020-03-01"], simulated=False)
    by_name = {crisis["name"]: crisis for crisis in late["crises"]}
    assert by_name["covid_2020"]["covered"] == "part"
    assert by_name["yen_2024"]["covered"] == "none"
    assert "2024" in by_name["yen_2024"]["note"]


def test_forecasts_of_ten_sessions_have_no_zone_and_no_test_of_independence(table):
    days = pd.DatetimeIndex(np.unique(table["target"]))
    later = dict(zip(days[:-9], days[9:], strict=True))
    longer = table.assign(horizon=10, target=table["target"].map(later)).dropna(subset="target")
    found = judged(longer)
    assert {one["zone"] for one in found["groups"]} == {None}
    assert found["tail_accuracy"] == []
    for group in groups(found, window="all"):
        assert group["tests"]["dq"]["status"].startswith("not_computable: forecasts overlap")
        assert group["tests"]["kupiec"]["status"] == "ok"


def test_classes_and_snapshot_are_passed_on(table):
    found = judged(table, simulated=False, snapshot="abc", asset_classes={"P000": "fx"})
    assert found["snapshot"] == "abc"
    assert set(found["comparisons"][0]["difference_by_class"]) == {"fx", "balanced"}


def test_a_broken_table_is_refused(table):
    with pytest.raises(UnreadableError, match=r"99 means 0\.99"):
        examine(table.assign(alpha=99.0))


def test_the_examiner_shares_no_code_with_the_candidate():
    """A process that has imported the examiner knows no model, and no heavy library."""
    code = "import sys, validation.evidence; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    forbidden = {"models", "flows", "torch", "lightning", "mlflow", "prefect", "great_expectations"}
    assert forbidden & set(done.stdout.split()) == set()
