import json
from dataclasses import FrozenInstanceError, asdict

import pytest

from validation.gates import GateThresholds, judged_gates


def pooled(**changes):
    figures = {"model": "combined", "portfolio": None, "alpha": 0.99, "horizon": 1}
    figures |= {"window": "all", "exceedances": 110, "expected": 100.0}
    z2 = changes.pop("z2", -0.1)
    return figures | changes | {"tests": {"z2": {"statistic": z2}}}


def compared(window="all", **changes):
    figures = {"model": "combined", "baseline": "gjr_fhs", "alpha": 0.99, "horizon": 1}
    figures |= {"window": window, "relative": -0.02, "p_worse_holm": None}
    return figures | changes


def accuracy(**changes):
    return {"model": "combined", "scope": "all", "share": 0.9, "passed": 90, "cells": 100} | changes


def gates(**changes):
    evidence = {
        "pooled": [pooled()],
        "comparisons": [compared(), compared("covid_2020", relative=0.01, p_worse_holm=0.4)],
        "tail_accuracy": [accuracy()],
    }
    return {gate.name: gate for gate in judged_gates(evidence | changes, model="combined")}


def test_a_sound_model_passes_every_gate():
    found = gates()
    assert all(gate.passed for gate in found.values())
    assert list(found) == list(GateThresholds.__dataclass_fields__)


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
    with pytest.raises(FrozenInstanceError):
        GateThresholds().tail_accuracy = 0.1  # pyright: ignore[reportAttributeAccessIssue]
