import json
from dataclasses import asdict

import pytest
from pydantic import ValidationError

from validation.gates import (
    GATES,
    TITLES,
    GateRule,
    champion_gate,
    judged_gates,
    no_champion,
    reason_of,
    title_of_gate,
)


def pooled(**changes):
    figures = {"model": "combined", "portfolio": None, "alpha": 0.99, "horizon": 1}
    figures |= {"window": "all", "exceedances": 110, "expected": 100.0}
    z2 = changes.pop("z2", -0.1)
    return figures | changes | {"tests": {"z2": {"statistic": z2}}}


def compared(window="all", **changes):
    figures = {"model": "combined", "baseline": "gjr_fhs", "alpha": 0.99, "horizon": 1}
    figures |= {"window": window, "n_dates": 40, "relative": -0.02, "p_worse_holm": None}
    return figures | changes


def accuracy(**changes):
    return {"model": "combined", "scope": "all", "share": 0.9, "passed": 90, "cells": 100} | changes


def seeds(**changes):
    return {"model": "combined", "alpha": 0.99, "fz0_apart": 0.01, "var_range": 0.02} | changes


def shadowed(**changes):
    return {"alpha": 0.99, "n_dates": 40, "relative": -0.01} | changes


def gates(**changes):
    evidence = {
        "pooled": [pooled()],
        "comparisons": [compared(), compared("covid_2020", relative=0.01, p_worse_holm=0.4)],
        "tail_accuracy": [accuracy()],
    }
    members = changes.pop("seeds", [seeds()])
    judged = judged_gates(evidence | changes, model="combined", seeds=members)
    return {gate.name: gate for gate in judged}


def test_a_sound_model_passes_every_gate():
    found = gates()
    assert all(gate.passed for gate in found.values())
    assert [*found, "champion_fz0"] == list(GATES)
    assert set(GATES) | {"champion_sessions", "crisis_dates"} == set(GateRule.model_fields)
    assert set(TITLES) == {*GATES, "documents_complete"}


@pytest.mark.parametrize(
    ("gate", "value", "changes"),
    [
        ("exceedance_deviation", 0.3, {"pooled": [pooled(exceedances=70)]}),
        ("exceedance_deviation", 0.3, {"pooled": [pooled(), pooled(exceedances=130)]}),
        ("shortfall_z2", -0.4, {"pooled": [pooled(), pooled(z2=-0.4)]}),
        ("tail_accuracy", 0.7, {"tail_accuracy": [accuracy(share=0.7)]}),
        ("relative_fz0", 0.001, {"comparisons": [compared(), compared(relative=0.001)]}),
        (
            "crisis_relative_fz0",
            0.04,
            {"comparisons": [compared("banks_2023", relative=0.04), compared("yen_2024")]},
        ),
        ("seed_fz0", 0.2, {"seeds": [seeds(), seeds(alpha=0.975, fz0_apart=0.2)]}),
        ("seed_spread", 0.5, {"seeds": [seeds(var_range=0.5), seeds(alpha=0.975)]}),
        ("crisis_p_value", 0.01, {"comparisons": [compared("gilts_2022", p_worse_holm=0.01)]}),
    ],
)
def test_the_least_favourable_value_closes_the_gate(gate, value, changes):
    found = gates(**changes)[gate]
    assert not found.passed
    assert found.value == pytest.approx(value)
    assert len(found.evidence) == 1


def test_a_value_at_its_threshold_passes():
    found = gates(comparisons=[compared(relative=0.0), compared("yen_2024", relative=0.03)])
    assert found["relative_fz0"].passed
    assert found["crisis_relative_fz0"].passed


def test_a_gate_without_evidence_is_closed():
    found = gates(comparisons=[compared()])
    assert not found["crisis_relative_fz0"].passed
    assert found["crisis_relative_fz0"].value is None
    assert found["crisis_relative_fz0"].evidence == ()
    assert not any(gate.passed for gate in judged_gates(nothing(), model="combined"))


def nothing():
    return {"pooled": [], "comparisons": [], "tail_accuracy": []}


def test_another_model_or_a_longer_horizon_decides_nothing():
    found = gates(pooled=[pooled(), pooled(model="hs_250", z2=-9), pooled(horizon=10, z2=-9)])
    assert found["shortfall_z2"].value == -0.1


def test_gates_are_plain_data_and_thresholds_do_not_move():
    json.dumps([asdict(gate) for gate in gates().values()], allow_nan=False)
    with pytest.raises(ValidationError, match="frozen"):
        GateRule().tail_accuracy = 0.1  # pyright: ignore[reportAttributeAccessIssue]


def test_a_threshold_that_is_set_decides():
    judged = {
        gate.name: gate
        for gate in judged_gates(
            nothing() | {"pooled": [pooled()]}, model="combined", rule=GateRule(shortfall_z2=-0.05)
        )
    }
    assert (judged["shortfall_z2"].value, judged["shortfall_z2"].threshold) == (-0.1, -0.05)
    assert not judged["shortfall_z2"].passed
    assert judged["exceedance_deviation"].passed


@pytest.mark.parametrize(
    "setting", [{"champion_fzo": 0.0}, {"champion_sessions": 0}, {"tail_accuracy": 1.5}]
)
def test_an_unknown_setting_or_one_that_breaks_its_rule_is_refused(setting: dict[str, float]):
    with pytest.raises(ValidationError):
        GateRule.model_validate(setting)


def test_one_seed_alone_is_no_evidence_of_stability():
    found = gates(seeds=[seeds(fz0_apart=None, var_range=None)])
    assert not found["seed_fz0"].passed
    assert found["seed_spread"].value is None


@pytest.mark.parametrize(
    ("relatives", "passed"), [((-0.01, 0.0), True), ((-0.01, 0.001), False), ((0.2, -0.3), False)]
)
def test_no_level_may_score_worse_than_the_champion(relatives: tuple[float, ...], passed: bool):
    gate = champion_gate([shadowed(relative=one) for one in relatives])
    assert gate.passed == passed
    assert gate.value == max(relatives)
    assert gate.evidence[0]["relative"] == max(relatives)


def test_a_session_short_is_no_evidence_against_or_for_a_champion():
    gate = champion_gate([shadowed(), shadowed(n_dates=39)])
    assert (gate.passed, gate.value) == (False, None)
    assert reason_of(asdict(gate)) == "too few sessions: 39 of 40 that both forecast"
    assert champion_gate([shadowed(n_dates=39)], rule=GateRule(champion_sessions=39)).passed
    assert not champion_gate([]).passed


@pytest.mark.parametrize("limit", [-0.02, 0.0, 0.01])
def test_where_nobody_is_in_office_the_first_passes_whatever_is_asked(limit: float):
    gate = no_champion(rule=GateRule(champion_fz0=limit))
    assert gate.passed
    assert gate.value == gate.threshold == limit
    assert reason_of(asdict(gate)) == "no champion"


def test_a_gate_is_named_in_words():
    assert title_of_gate("champion_fz0") == "FZ0 against the champion, at most"
    assert title_of_gate("a_new_one") == "a new one"
    assert reason_of({"name": "shortfall_z2", "evidence": {}}) == ""


def test_the_first_days_of_a_crisis_are_no_evidence_of_it():
    begun = [compared(), compared("covid_2020", n_dates=14, p_worse_holm=0.5)]
    found = gates(comparisons=begun)
    for name in ("crisis_relative_fz0", "crisis_p_value"):
        assert found[name].value is None
        assert not found[name].passed
    begun[1]["n_dates"] = 15
    assert gates(comparisons=begun)["crisis_relative_fz0"].value == -0.02
