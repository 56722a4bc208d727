"""6 Backtest report: every exceedance, and the cause that a person gives it."""

from __future__ import annotations

from typing import Any

from validation.crises import CATALOGUE
from validation.documents.card import UNJUDGED
from validation.documents.inputs import Inputs
from validation.documents.schema import PENDING, Field, Section, fact, known, section, table

ROLES = ("developer", "validator")
COLUMNS = ("id", "series", "alpha", "target", "VaR", "ES", "P&L", "beyond VaR", "crisis", "cause")


def exceedance_id(portfolio: str, alpha: float, target: str) -> str:
    """Address of one exceedance: ``spx@0.99@2020-03-16``."""
    return f"{portfolio}@{alpha:g}@{target}"


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the backtest report."""
    source = inputs.source("forecasts.parquet")
    count = None if inputs.exceedances is None else len(inputs.exceedances)
    return [
        section(
            "summary",
            "Summary",
            known("count", "Exceedances", count, UNJUDGED, source=source, mandatory=True),
            fact(
                "rule",
                "What counts",
                "A realised loss strictly above VaR, at each level by itself: one bad day of a "
                "series may stand here once for each level.",
            ),
        ),
        section("exceedances", "Every exceedance", _listed(inputs, source)),
    ]


def _listed(inputs: Inputs, source: str) -> Field:
    title = "Exceedances, losses as fractions of value"
    if inputs.exceedances is None:
        return known("exceedances", title, None, UNJUDGED, mandatory=True)
    rows = [_row(one) for one in inputs.exceedances]
    value = table(COLUMNS, rows, spoken_column="cause")
    listed = fact("exceedances", title, value, source=source)
    return listed | {"roles": list(ROLES)}


def _row(one: Any) -> list[Any]:
    target = str(one["target"])
    beyond = -one["pnl"] / one["var"] if one["var"] > 0 else None
    crises = [
        crisis.name for crisis in CATALOGUE if str(crisis.first) <= target <= str(crisis.last)
    ]
    return [
        exceedance_id(one["portfolio"], one["alpha"], target),
        one["portfolio"],
        one["alpha"],
        target,
        one["var"],
        one["es"],
        one["pnl"],
        beyond,
        ", ".join(crises),
        PENDING,
    ]
