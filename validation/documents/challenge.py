"""11 Effective-challenge log: who asked what of this version, and what was answered."""

from __future__ import annotations

from typing import Any

from validation.documents.inputs import Inputs
from validation.documents.schema import Section, fact, section, spoken, table
from validation.documents.validation_report import findings_table


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the effective-challenge log."""
    return [
        section(
            "challenges",
            "Challenges",
            fact("findings", "Findings of the validators", findings_table(inputs)),
            fact("decisions", "Requests, approvals and vetoes", _decisions(inputs)),
            fact("flags", "Calls that the desk flagged as bad", _flags(inputs)),
            spoken("discussion", "What was discussed and not written above", roles=["validator"]),
        )
    ]


def _decisions(inputs: Inputs) -> dict[str, Any]:
    rows = [
        [row["at"], kind, row["actor"], row.get("reason", ""), row["seq"]]
        for kind in ("request", "approval", "veto", "unveto", "champion")
        for row in inputs.of(kind)
    ]
    return table(("at", "what", "by", "reason", "entry"), sorted(rows, key=lambda row: row[-1]))


def _flags(inputs: Inputs) -> dict[str, Any]:
    verdicts = {row["flag"]: row for row in inputs.of("flag_verdict")}
    rows = [
        [
            row["at"],
            row["portfolio"],
            row["date"],
            row["reason"],
            row["actor"],
            _verdict(verdicts.get(row["seq"])),
        ]
        for row in inputs.of("flag")
    ]
    return table(("at", "book", "date", "reason", "by", "outcome"), rows)


def _verdict(row: Any) -> str:
    if row is None:
        return "not yet judged"
    return "the desk was right" if row["right"] else "the desk was not right"
