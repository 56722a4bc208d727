"""3 Development: the theory, what was assumed and how it is tested, and what was rejected."""

from __future__ import annotations

from typing import Any

from validation.crises import ALL
from validation.documents.card import UNJUDGED
from validation.documents.inputs import Inputs
from validation.documents.schema import Section, fact, known, section, spoken, table

THEORY = (
    "VaR and ES are elicitable together: a forecast that minimises the mean FZ0 score is the true "
    "pair (Fissler and Ziegel 2016). The learned tail scales a GARCH filter's forecast; the "
    "combined model is its fixed mean with GJR-EVT. The examiner shares no code with the models."
)
ASSUMPTIONS = (
    ("Each exceedance has the announced probability", "kupiec"),
    ("Exceedances do not come in clusters", "christoffersen_ind"),
    ("Exceedances cannot be foreseen from the past", "dq"),
    ("Times between exceedances have no memory", "duration"),
    ("Losses beyond VaR average to ES", "z2"),
    ("VaR and ES hold jointly, conditional on the past", "nolde_ziegel"),
    ("The whole tail law holds", "du_escanciano"),
    ("The whole distribution holds", "berkowitz"),
)
"""What the forecasts assume, and the test of the evidence that asks it."""


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the development document."""
    evidence, source = inputs.evidence, inputs.source("evidence.json")
    seeds = inputs.manifest.get("seeds", inputs.manifest.get("settings", {}).get("seed"))
    seen = inputs.configurations_seen
    return [
        section(
            "theory",
            "Theory",
            fact("theory", "Why it should work", THEORY),
            fact("settings", "Settings", inputs.manifest.get("settings")),
            fact("seeds", "Seeds", seeds),
        ),
        section(
            "assumptions",
            "Assumptions and the tests behind them",
            known(
                "tests",
                "Series over all targets that reject each assumption at 5%",
                _assumptions(inputs),
                UNJUDGED,
                source=source,
                mandatory=True,
            ),
        ),
        section(
            "alternatives",
            "Alternatives",
            known(
                "rejected",
                "Every other model of the table, against the baseline, all targets",
                _alternatives(inputs),
                UNJUDGED,
                source=source,
                mandatory=True,
            ),
            known(
                "superior_ability",
                "Whether any model beats the baseline, the search allowed for",
                None if evidence is None else _superior(evidence),
                UNJUDGED,
                source=source,
            ),
            spoken("choice", "Why this one", roles=["developer"]),
        ),
        section(
            "trials",
            "Failed trials",
            known(
                "configurations",
                "Pairs of settings and code judged on these years, this one included",
                seen,
                "the tracking store was not asked",
            ),
            known(
                "gates_not_passed",
                "Gates that this version did not pass",
                [gate["name"] for gate in inputs.gates if not gate["passed"]],
                UNJUDGED,
            ),
            spoken("trials_told", "What was tried and given up", roles=["developer"]),
        ),
    ]


def _assumptions(inputs: Inputs) -> dict[str, Any] | None:
    if inputs.evidence is None:
        return None
    mine = [
        one
        for one in inputs.evidence["groups"]
        if one["model"] == inputs.model and one["window"] == ALL
    ]
    rows: list[list[Any]] = []
    for alpha in sorted({one["alpha"] for one in mine}):
        for assumption, test in ASSUMPTIONS:
            outcomes = [one["tests"][test] for one in mine if one["alpha"] == alpha]
            p_values = [p for one in outcomes if (p := _p_value(one)) is not None]
            rejected = sum(p < 0.05 for p in p_values)
            rows.append([assumption, test, alpha, rejected, len(p_values), len(outcomes)])
    columns = ("assumption", "test", "alpha", "rejecting", "decided", "series")
    return table(columns, rows) if rows else None


def _p_value(outcome: dict[str, Any]) -> float | None:
    exact = outcome["p_exact"]
    return outcome["p_value"] if exact is None else exact


def _alternatives(inputs: Inputs) -> dict[str, Any] | None:
    if inputs.evidence is None:
        return None
    rows = [
        [
            one["model"],
            one["alpha"],
            one["baseline"],
            one["fz0_model"],
            one["fz0_baseline"],
            one["relative"],
            one["t_hac"],
            one["mcs_p"],
            "this version" if one["model"] == inputs.model else "not chosen",
        ]
        for one in inputs.evidence["comparisons"]
        if one["window"] == ALL
    ]
    columns = ("model", "alpha", "baseline", "FZ0", "FZ0 of baseline", "relative", "t", "MCS p")
    return table([*columns, "answer"], rows)


def _superior(evidence: Any) -> dict[str, Any]:
    rows = [
        [one["alpha"], one["baseline"], one["configurations"], one["p_exact"], one["status"]]
        for one in evidence.get("superior_ability", ())
    ]
    return table(("alpha", "baseline", "configurations", "p", "status"), rows)
