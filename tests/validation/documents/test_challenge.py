from __future__ import annotations

from tests.validation.documents.conftest import made_inputs
from validation.documents.challenge import sections


def test_decisions_stand_in_the_order_of_the_ledger():
    rows = {
        "approval": [{"seq": 9, "at": "2026-11-25", "actor": "ann"}],
        "request": [{"seq": 8, "at": "2026-11-24", "actor": "dan", "reason": "beats it"}],
        "champion": [{"seq": 10, "at": "2026-11-25", "actor": "ann", "reason": "beats it"}],
    }
    (section,) = sections(made_inputs(rows=rows))
    told = {field["name"]: field["value"] for field in section["fields"]}
    assert [row[1:3] for row in told["decisions"]["rows"]] == [
        ["request", "dan"],
        ["approval", "ann"],
        ["champion", "ann"],
    ]
    assert told["findings"]["rows"] == []
