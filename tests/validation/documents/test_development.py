from __future__ import annotations

from typing import Any

from tests.validation.documents.conftest import judged, made_inputs
from validation.documents.development import sections


def fields(**changes: Any) -> dict[str, dict[str, Any]]:
    told = sections(made_inputs(**changes))
    return {field["name"]: field for part in told for field in part["fields"]}


def test_each_assumption_is_asked_by_a_test_and_rejections_are_counted():
    evidence: Any = made_inputs().evidence
    bad: dict[str, Any] = judged("hyg", "all", 9, 250)
    bad["tests"] = bad["tests"] | {
        "kupiec": {"p_value": 0.3, "p_exact": 0.001, "status": "ok"},
        "dq": {"p_value": None, "p_exact": None, "status": "not_computable: too few"},
    }
    told = fields(evidence=evidence | {"groups": [*evidence["groups"], bad]})["tests"]["value"]
    counted = {row[1]: row[3:] for row in told["rows"]}
    assert counted["kupiec"] == [1, 2, 2]  # the exact p decides
    assert counted["dq"] == [0, 1, 2]  # one of the two could not be decided


def test_alternatives_stand_with_their_figures():
    rows = {row[0]: row for row in fields()["rejected"]["value"]["rows"]}
    assert rows["combined"][-1] == "this version"
    assert rows["linear"][3:6] == [1.99, 2.0, -0.005]
    assert rows["linear"][-1] == "not chosen"


def test_the_number_of_trials_is_told_or_not_computed():
    assert fields()["configurations"]["value"] == 7
    assert fields(configurations_seen=None)["configurations"]["status"] == "not_computed"


def test_seeds_are_those_of_the_manifest():
    assert fields()["seeds"]["value"] == 0
    assert fields(manifest={"settings": {}})["seeds"]["status"] == "missing"
