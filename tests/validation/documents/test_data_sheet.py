from __future__ import annotations

from tests.validation.documents.conftest import made_inputs
from validation.documents.data_sheet import sections


def test_the_imputed_share_is_of_all_expected_closes():
    fields = {field["name"]: field for part in sections(made_inputs()) for field in part["fields"]}
    assert fields["imputed_share"]["value"] == {"imputed": 3, "expected": 200, "share": 0.015}
    assert fields["tables"]["value"]["rows"] == [["prices", "prices.csv", 20, "c0" * 32]]
    assert "survivors" in fields["survivorship"]["value"]


def test_without_the_gates_verdicts_the_sheet_is_missing_them():
    fields = [field for part in sections(made_inputs(feeds=None)) for field in part["fields"]]
    lacking = {field["name"] for field in fields if field["status"] == "missing"}
    assert lacking == {"tables", "feeds", "imputed_share"}
