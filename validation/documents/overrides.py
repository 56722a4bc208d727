"""13 Override, veto and adjustment log, with whether each override was right."""

from __future__ import annotations

from typing import Any

from validation.documents.inputs import Inputs
from validation.documents.schema import Section, fact, section, table


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the override log."""
    return [
        section(
            "overrides",
            "Overrides while this version was champion",
            fact("overrides", "Overrides; VaR and ES are losses", _overrides(inputs)),
        ),
        section(
            "vetoes",
            "Vetoes and holds",
            fact("vetoes", "Vetoes of this version", _vetoes(inputs)),
            fact("holds", "Numbers that were held", _holds(inputs)),
        ),
    ]


def _overrides(inputs: Inputs) -> dict[str, Any]:
    verdicts = {row["override"]: row for row in inputs.of("override_verdict")}
    names = ("portfolio", "alpha", "horizon", "var", "es", "reason", "starts", "expires", "actor")
    rows = [
        [row["seq"], *(row[name] for name in names), _right(verdicts.get(row["seq"]))]
        for row in inputs.of("override")
    ]
    return table(("entry", *names[:-1], "by", "right"), rows)


def _right(verdict: Any) -> str:
    if verdict is None:
        return "not yet judged"
    return "right" if verdict["right"] else "not right"


def _vetoes(inputs: Inputs) -> dict[str, Any]:
    lifted = {row["veto"]: row["at"] for row in inputs.of("unveto")}
    rows = [
        [row["at"], row["actor"], row["reason"], lifted.get(row["seq"], "stands")]
        for row in inputs.of("veto")
    ]
    return table(("at", "by", "reason", "lifted"), rows)


def _holds(inputs: Inputs) -> dict[str, Any]:
    ended = {row["hold"]: row["outcome"] for row in inputs.of("hold_end")}
    names = ("at", "portfolio", "alpha", "measure", "value", "norm", "published", "deadline")
    rows = [
        [*(row[name] for name in names), ended.get(row["seq"], "open")] for row in inputs.of("hold")
    ]
    return table((*names, "outcome"), rows)
