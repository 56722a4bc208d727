"""5 Validation report: the examiner's figures beside the benchmarks, findings, and the opinion."""

from __future__ import annotations

from typing import Any

from validation.crises import ALL
from validation.documents.card import UNJUDGED
from validation.documents.inputs import Inputs
from validation.documents.schema import Section, fact, known, section, spoken, table
from validation.gates import reason_of, title_of_gate

BENCHMARKS = ("hs_250", "garch_fhs", "gjr_fhs", "garch_t", "gjr_t")


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the validation report."""
    source = inputs.source("evidence.json")
    return [
        section(
            "re_performance",
            "Independent re-performance",
            fact(
                "how",
                "How the figures are made again",
                "`foreshock score forecasts.parquet --json again.json` on the table of this "
                "version; the examiner imports nothing from the models.",
                source=inputs.source("forecasts.parquet"),
            ),
            spoken("re_performed", "Re-performed, with what result", roles=["validator"]),
            known(
                "benchmarks",
                "The model beside historical simulation, FHS and GARCH-t, all targets pooled",
                _benchmarks(inputs),
                UNJUDGED,
                source=source,
                mandatory=True,
            ),
        ),
        section(
            "gates",
            "Gates",
            known(
                "gates",
                "What was required and what was found",
                _gates(inputs) if inputs.gates else None,
                UNJUDGED,
                source=inputs.source("gates.json"),
                mandatory=True,
            ),
            fact(
                "conditions",
                "Conditions that the desk's settings enforce",
                dict(inputs.desk),
            ),
        ),
        section(
            "opinion",
            "Findings and opinion",
            fact("findings", "Findings", findings_table(inputs)),
            spoken("opinion", "Validator's opinion", roles=["validator"], mandatory=True),
            spoken("conditions_of_use", "Conditions of use", roles=["validator"]),
        ),
    ]


def findings_table(inputs: Inputs) -> dict[str, Any]:
    """Every finding with its severity, owner, due date and whether it is closed."""
    closed = {row["finding"]: row for row in inputs.of("finding_closed")}
    rows = [
        [
            row["seq"],
            row["severity"],
            row["owner"],
            row["due"],
            row["text"],
            row["actor"],
            f"closed {closed[row['seq']]['at']}: {closed[row['seq']]['text']}"
            if row["seq"] in closed
            else "open",
        ]
        for row in inputs.of("finding")
    ]
    return table(("finding", "severity", "owner", "due", "text", "by", "state"), rows)


def _benchmarks(inputs: Inputs) -> dict[str, Any] | None:
    if inputs.evidence is None:
        return None
    shown = (inputs.model, *BENCHMARKS)
    rows = [
        [
            one["model"],
            one["alpha"],
            one["n"],
            one["exceedances"],
            one["expected"],
            one["fz0"],
            one["tests"]["z2"]["statistic"],
        ]
        for one in inputs.evidence["pooled"]
        if one["window"] == ALL and one["model"] in shown
    ]
    columns = ("model", "alpha", "forecasts", "exceedances", "expected", "FZ0", "Z2")
    return table(columns, rows)


def _gates(inputs: Inputs) -> dict[str, Any]:
    rows = [
        [
            title_of_gate(gate["name"]),
            gate["value"],
            gate["threshold"],
            "passed" if gate["passed"] else "not",
            reason_of(gate),
        ]
        for gate in inputs.gates
    ]
    return table(("gate", "value", "threshold", "answer", "reason"), rows)
