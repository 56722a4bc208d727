from __future__ import annotations

from tests.validation.documents.conftest import made_inputs
from validation.documents.validation_report import findings_table, sections

FINDING = {
    "seq": 9,
    "severity": "high",
    "owner": "dan",
    "due": "2026-12-01",
    "text": "ES too low",
    "actor": "vera",
}


def test_a_finding_is_open_until_somebody_closed_it():
    assert findings_table(made_inputs(rows={"finding": [FINDING]}))["rows"][0][-1] == "open"
    closed = {"finding": 9, "at": "2026-11-25", "text": "refitted"}
    rows = {"finding": [FINDING], "finding_closed": [closed]}
    told = findings_table(made_inputs(rows=rows))["rows"][0]
    assert told[-1] == "closed 2026-11-25: refitted"
    assert told[:4] == [9, "high", "dan", "2026-12-01"]


def test_the_model_stands_beside_historical_simulation():
    fields = {field["name"]: field for part in sections(made_inputs()) for field in part["fields"]}
    shown = [row[0] for row in fields["benchmarks"]["value"]["rows"]]
    assert shown == ["combined", "hs_250"]
