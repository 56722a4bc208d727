"""12 Monitoring plan and report: what is watched, at which thresholds, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validation.documents.card import UNJUDGED
from validation.documents.inputs import Inputs
from validation.documents.schema import Section, fact, known, section, table
from validation.gates import title_of_gate


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the monitoring plan."""
    return [
        section(
            "plan",
            "Plan",
            fact(
                "thresholds",
                "Settings of the desk that watch and guard",
                table(("setting", "value"), flat(inputs.desk).items()),
            ),
            fact("gates", "Gates of every version", _gate_thresholds(inputs)),
        ),
        section(
            "report",
            "Report",
            fact("alerts", "Alerts since this version was recorded", _alerts(inputs)),
            known(
                "shadow",
                "The last year beside the legacy",
                _shadow(inputs.shadow),
                UNJUDGED,
                source=inputs.source("shadow.json"),
            ),
            known(
                "drift",
                "Features of the last quarter against the training window",
                _drift(inputs.drift),
                "the run kept no drift table",
                source=inputs.source("drift/drift.json"),
            ),
        ),
    ]


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values under dotted names, in the order of their names."""
    found: dict[str, Any] = {}
    for name in sorted(values):
        value = values[name]
        dotted = f"{prefix}{name}"
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{dotted}.")
        else:
            found[dotted] = value
    return found


def _gate_thresholds(inputs: Inputs) -> dict[str, Any]:
    rows = [[title_of_gate(one["name"]), one["threshold"]] for one in inputs.gates]
    return table(("gate", "threshold"), rows)


def _alerts(inputs: Inputs) -> dict[str, Any]:
    names = ("at", "severity", "kind", "subject", "message")
    return table(names, [[row[name] for name in names] for row in inputs.of("alert")])


def _shadow(shadow: Any) -> dict[str, Any] | None:
    if shadow is None or not shadow["rows"]:
        return None
    rows = [
        [
            row["portfolio"],
            row["alpha"],
            row["n"],
            row["expected"],
            row["legacy"]["exceedances"],
            row["candidate"]["exceedances"],
            row["legacy"]["fz0"],
            row["candidate"]["fz0"],
        ]
        for row in shadow["rows"]
    ]
    columns = ("series", "alpha", "forecasts", "expected", "legacy exceeded", "model exceeded")
    return table([*columns, "FZ0 of legacy", "FZ0 of model"], rows)


def _drift(drift: Any) -> dict[str, Any] | None:
    if drift is None or not drift["rows"]:
        return None
    names = ("feature", "method", "value", "threshold", "drifted")
    return table(names, [[row[name] for name in names] for row in drift["rows"]])
