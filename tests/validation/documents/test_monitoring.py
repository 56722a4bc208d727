from __future__ import annotations

from tests.validation.documents.conftest import made_inputs
from validation.documents.monitoring import flat, sections


def test_nested_settings_stand_under_dotted_names():
    nested = {"guardrail": {"above": 2.0, "below": 0.5}, "expiry": {}}
    assert flat(nested) == {"expiry": {}, "guardrail.above": 2.0, "guardrail.below": 0.5}


def test_the_plan_shows_thresholds_and_the_report_what_was_seen():
    alert = {"at": "2026-11-24", "severity": "warning", "kind": "drift", "subject": "vix"}
    drift = {
        "rows": [
            {
                "feature": "vix",
                "method": "wasserstein",
                "value": 0.9,
                "threshold": 0.1,
                "drifted": True,
            }
        ]
    }
    inputs = made_inputs(
        desk={"guardrail": {"above": 2.0}},
        drift=drift,
        rows={"alert": [alert | {"message": "moved"}]},
    )
    told = {field["name"]: field["value"] for part in sections(inputs) for field in part["fields"]}
    assert told["thresholds"]["rows"] == [["guardrail.above", 2.0]]
    assert told["gates"]["rows"] == [["ES: Z2, at least", -0.25]]
    assert told["alerts"]["rows"] == [["2026-11-24", "warning", "drift", "vix", "moved"]]
    assert told["drift"]["rows"] == [["vix", "wasserstein", 0.9, 0.1, True]]
    assert told["shadow"].startswith("not computed")
