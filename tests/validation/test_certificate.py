import json

import pytest
from pydantic import ValidationError

from validation.certificate import (
    FAIL,
    HARD,
    PASS,
    SCHEMA,
    STRESSED,
    TITLES,
    CertificateRule,
    certificate,
    failed_gates,
)
from validation.plausibility.checks import Check
from validation.realism.resampling import Figure, not_computable

FINITE = Check("finite", 100, 0, (), "mend it")
GOOD = Figure(value=0.01, low=0.0, high=0.02, floor=0.01, floor_high=0.015)


def issued(checks=(FINITE,), figures=None, **others):
    found = {"tail_error": GOOD} if figures is None else figures
    return certificate(checks, found, **others)


def test_a_good_set_passes_in_strict_json():
    told = issued(identity={"manifest": "ab"})
    assert (told["schema"], told["verdict"], told["usable_by_risk"]) == (SCHEMA, PASS, True)
    assert told["reasons"] == []
    json.dumps(told, allow_nan=False)


def test_one_impossible_cell_closes_the_set_to_risk():
    told = issued((FINITE, Check("price_sign", 100, 1, ("path 3",), "mend it")))
    assert (told["verdict"], told["usable_by_risk"]) == (FAIL, False)
    assert told["reasons"] == ["price sign (hard): 1, at most 0 passes"]


def test_a_soft_gate_fails_the_set_and_leaves_it_usable():
    told = issued(figures={"tail_error": Figure(value=0.30, floor_high=0.02)})
    assert (told["verdict"], told["usable_by_risk"]) == (FAIL, True)
    assert failed_gates(told) == ["tail_error"]
    assert failed_gates(told, hard=True) == []


def test_a_setting_makes_a_soft_gate_hard():
    rule = CertificateRule(hard=(*HARD, "tail_error"))
    told = issued(figures={"tail_error": Figure(value=0.30, floor_high=0.02)}, rule=rule)
    assert not told["usable_by_risk"]


@pytest.mark.parametrize(
    ("name", "figure", "passed"),
    [
        ("coverage", Figure(value=0.69), False),
        ("coverage", Figure(value=1.2), True),
        ("effective_rank", Figure(value=0.5), False),
        ("duplicates", Figure(value=0.30, floor=0.0, baseline=0.30), True),  # as FHS repeats
        ("duplicates", Figure(value=0.30, floor=0.0), False),
        ("copies", Figure(value=0.05, low=0.01), True),  # the band holds what chance gives
        ("copies", Figure(value=0.05, low=0.03), False),
        ("membership", Figure(value=0.60, low=0.55), False),
        ("shortfall_bias", Figure(value=-0.20, low=-0.45, high=0.05), True),
        ("shortfall_bias", Figure(value=-0.20, low=-0.25, high=-0.15), False),
        ("shortfall_bias", Figure(value=0.20, low=0.15, high=0.25), False),
        ("auc_logistic", Figure(value=0.66, low=0.64, floor_high=0.55, baseline=0.7), True),
        ("auc_logistic", Figure(value=0.66, low=0.64, floor_high=0.55), False),
        ("energy_score", Figure(value=1.03, floor=1.0), False),
        ("energy_score", Figure(value=1.03, floor=1.0, baseline=1.05), True),
        ("correlation_whole_path", Figure(value=0.20, floor_high=0.05), False),
        ("phantom_liquidity_depth", Figure(value=0.02), False),
        ("liquidity_comovement_depth", Figure(value=0.05, floor_high=0.02), True),
        ("foresight", Figure(value=0.1, low=0.06, floor=0.0), False),
        ("closeness", Figure(value=0.1, low=0.06, floor=0.05), True),
    ],
)  # fmt: skip
def test_what_counts_of_a_figure(name, figure, passed):
    told = issued(figures={name: figure})
    assert [gate["passed"] for gate in told["gates"] if gate["name"] == name] == [passed]


def test_a_hard_gate_without_evidence_is_closed_and_a_soft_one_is_not():
    gone = not_computable("no training windows were given")
    told = issued(figures={"copies": gone, "correlation": gone})
    assert failed_gates(told) == ["copies"]
    assert told["reasons"][0].endswith("(hard): not_computable: no training windows were given")
    json.dumps(told, allow_nan=False)


def test_a_stressed_set_is_judged_by_its_hard_rules_alone():
    far = Figure(value=0.9, low=0.8, floor_high=0.01)
    told = issued(figures={"tail_error": far, "coverage": far, "copies": far}, stressed=True)
    status = {gate["name"]: gate["status"] for gate in told["gates"]}
    assert status["tail_error"] == status["coverage"] == STRESSED
    assert failed_gates(told) == ["copies"]


def test_a_filter_that_edits_fails_the_set():
    told = issued(filters={"share": 0.06, "limit": 0.05})
    assert failed_gates(told) == ["filter_rejections"]


def test_every_gate_has_a_title_and_every_hard_figure_is_one():
    assert set(HARD) <= set(TITLES)
    assert all(gate["title"] for gate in issued()["gates"])


def test_nothing_examined_is_refused():
    with pytest.raises(ValueError, match="gets no certificate"):
        certificate((), {"tail_error": GOOD})
    with pytest.raises(ValueError, match="gets no certificate"):
        certificate((FINITE,), {})


def test_a_misspelt_threshold_is_refused():
    with pytest.raises(ValidationError):
        CertificateRule(tail_eror=0.1)  # pyright: ignore[reportCallIssue]
