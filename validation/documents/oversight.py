"""15 Human oversight and runbook: how to stop, how to go back, and when that was practised."""

from __future__ import annotations

from typing import Any

from validation.documents.inputs import Inputs
from validation.documents.schema import Section, fact, not_computed, section, spoken, table

STOP = 'foreshock stop --as USER --reason "..."'
ROLLBACK = 'foreshock rollback --as USER --reason "..."'
VETO = 'foreshock veto VERSION --as USER --reason "..."'
RUNBOOK = (
    ("The numbers must not be used", STOP, "GJR-FHS is published until a version is promoted"),
    ("The champion is worse than the one before", ROLLBACK, "the previous champion is published"),
    ("A version must not become champion", VETO, "takes one person; lifting it takes two"),
    ("One number is wrong", "foreshock override --help", "expires; later judged right or not"),
    ("Which version spoke on a day", "foreshock history", "reads the ledger alone"),
    ("Was anything altered", "foreshock history --verify", "names the first bad link or file"),
)


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the runbook."""
    return [
        section(
            "oversight",
            "Who decides",
            fact(
                "people",
                "Two people",
                "A promotion takes a request and an approval by another person; the approval "
                "binds to the manifest and expires. A veto or a stop takes one.",
            ),
            spoken("on_call", "Who is called, and how", roles=["approver"]),
        ),
        section(
            "runbook",
            "Runbook",
            fact("commands", "What to type", table(("when", "command", "then"), RUNBOOK)),
        ),
        section(
            "drills",
            "Drills",
            _drilled("stop_drill", "Stop, as recorded in the ledger", inputs, "stop"),
            _drilled("rollback_drill", "Rollback, as recorded in the ledger", inputs, "rollback"),
            spoken("drills_told", "Drills held elsewhere", roles=["approver", "validator"]),
        ),
    ]


def _drilled(name: str, title: str, inputs: Inputs, cause: str) -> dict[str, Any]:
    rows = [
        [row["at"], row["actor"], row["reason"]]
        for row in inputs.of("model_champion")
        if row["cause"] == cause
    ]
    if not rows:
        return not_computed(name, title, "none has been recorded")
    return fact(name, title, table(("at", "by", "reason"), rows), mandatory=False)
