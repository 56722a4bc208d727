from __future__ import annotations

from typing import Any

from tests.validation.documents.conftest import made_inputs
from validation.documents.overrides import sections

OVERRIDE = {
    "seq": 20,
    "portfolio": "fx_carry",
    "alpha": 0.99,
    "horizon": 1,
    "var": 0.03,
    "es": 0.04,
    "reason": "vote tomorrow",
    "starts": "2026-11-24",
    "expires": "2026-11-25",
    "actor": "ada",
}


def tables(**rows: list[dict[str, Any]]) -> dict[str, list[list[object]]]:
    told = sections(made_inputs(rows=rows))
    return {field["name"]: field["value"]["rows"] for part in told for field in part["fields"]}


def test_an_override_says_whether_it_was_right_once_that_is_known():
    assert tables(override=[OVERRIDE])["overrides"][0][-2:] == ["ada", "not yet judged"]
    for right, word in ((True, "right"), (False, "not right")):
        verdict = {"override": 20, "right": right}
        assert tables(override=[OVERRIDE], override_verdict=[verdict])["overrides"][0][-1] == word


def test_a_veto_stands_until_it_is_lifted():
    veto = {"seq": 7, "at": "2026-11-24", "actor": "vera", "reason": "gilts"}
    assert tables(veto=[veto])["vetoes"] == [["2026-11-24", "vera", "gilts", "stands"]]
    lifted = tables(veto=[veto], unveto=[{"veto": 7, "at": "2026-11-26"}])
    assert lifted["vetoes"][0][-1] == "2026-11-26"


def test_a_desk_that_did_nothing_has_empty_tables_and_not_missing_ones():
    assert tables() == {"overrides": [], "vetoes": [], "holds": []}
