from __future__ import annotations

from tests.validation.documents.conftest import made_inputs
from validation.documents.oversight import RUNBOOK, sections


def test_the_runbook_names_the_commands_that_stop_and_go_back():
    typed = [command for _, command, _ in RUNBOOK]
    assert any(command.startswith("foreshock stop ") for command in typed)
    assert any(command.startswith("foreshock rollback ") for command in typed)


def test_a_drill_is_dated_by_the_ledger_or_was_not_held():
    stop = {"at": "2026-11-24", "actor": "ada", "reason": "drill", "cause": "stop"}
    drills = sections(made_inputs(rows={"model_champion": [stop]}))[2]["fields"]
    assert drills[0]["value"]["rows"] == [["2026-11-24", "ada", "drill"]]
    assert drills[1]["value"] == "not computed: none has been recorded"
