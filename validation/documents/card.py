"""2 Model card: how good the model is, by regime and asset class, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from validation.crises import ALL, is_crisis
from validation.documents.inputs import Inputs
from validation.documents.intervals import difference_interval, interval_text, rate_text
from validation.documents.schema import Section, known, section, table

UNJUDGED = "the version was trained and not judged; `foreshock run` judges one"
_DEPENDENT = "none: series share their dates"


def sections(inputs: Inputs) -> list[Section]:
    """Sections of the model card."""
    evidence, source = inputs.evidence, inputs.source("evidence.json")
    about: dict[str, Any] = {"source": source, "mandatory": True}
    return [
        section(
            "coverage",
            "Exceedances",
            known("pooled", "All series, by window", _pooled(evidence, inputs), UNJUDGED, **about),
            known(
                "books",
                "Each series over all targets, exact 95% interval of the rate",
                _books(evidence, inputs),
                UNJUDGED,
                **about,
            ),
            known(
                "regimes",
                "Each series in each crisis, exact 95% interval of the rate",
                _books(evidence, inputs, crises=True),
                UNJUDGED,
                source=source,
            ),
        ),
        section(
            "scores",
            "FZ0 against the baseline; negative is better",
            known("windows", "By window", _compared(evidence, inputs), UNJUDGED, **about),
            known("classes", "By asset class", _classes(evidence, inputs), UNJUDGED, **about),
        ),
        section(
            "accuracy",
            "Tail accuracy",
            known("cells", "Share of cells passed", _accuracy(evidence, inputs), UNJUDGED, **about),
        ),
        section(
            "limits",
            "Limits",
            known(
                "not_covered",
                "Crises that the data do not reach",
                None if evidence is None else list(evidence["not_covered"]),
                UNJUDGED,
                source=source,
            ),
        ),
    ]


def _mine(
    evidence: Mapping[str, Any] | None, inputs: Inputs, part: str
) -> Iterable[Mapping[str, Any]]:
    records = () if evidence is None else evidence[part]
    return (one for one in records if one["model"] == inputs.model)


def _pooled(evidence: Mapping[str, Any] | None, inputs: Inputs) -> dict[str, Any] | None:
    rows = [
        [one["window"], one["alpha"], one["n"], one["exceedances"], one["expected"], _DEPENDENT]
        for one in _mine(evidence, inputs, "pooled")
    ]
    columns = ("window", "alpha", "forecasts", "exceedances", "expected", "95% interval")
    return table(columns, rows) if rows else None


def _books(
    evidence: Mapping[str, Any] | None, inputs: Inputs, *, crises: bool = False
) -> dict[str, Any] | None:
    rows = [
        [
            one["portfolio"],
            *([one["window"]] if crises else []),
            one["alpha"],
            one["n"],
            one["exceedances"],
            rate_text(one),
            one["zone"] or "none",
        ]
        for one in _mine(evidence, inputs, "groups")
        if (is_crisis(one["window"]) if crises else one["window"] == ALL)
    ]
    columns = ["series", *(["crisis"] if crises else []), "alpha", "forecasts", "exceedances"]
    return table([*columns, "rate (95% interval)", "zone"], rows) if rows else None


def _compared(evidence: Mapping[str, Any] | None, inputs: Inputs) -> dict[str, Any] | None:
    rows = [
        [
            one["window"],
            one["alpha"],
            one["baseline"],
            one["n_cells"],
            one["difference"],
            interval_text(difference_interval(one["difference"], one["t_hac"])),
            one["relative"],
            one["t_hac"],
        ]
        for one in _mine(evidence, inputs, "comparisons")
    ]
    columns = ("window", "alpha", "baseline", "cells", "difference", "95% interval (HAC)")
    return table([*columns, "relative", "t"], rows) if rows else None


def _classes(evidence: Mapping[str, Any] | None, inputs: Inputs) -> dict[str, Any] | None:
    rows = [
        [
            name,
            one["window"],
            one["alpha"],
            found["difference"],
            interval_text(difference_interval(found["difference"], found["t_hac"])),
            found["t_hac"],
        ]
        for one in _mine(evidence, inputs, "comparisons")
        for name, found in (one["difference_by_class"] or {}).items()
    ]
    columns = ("class", "window", "alpha", "difference", "95% interval (HAC)", "t")
    return table(columns, rows) if rows else None


def _accuracy(evidence: Mapping[str, Any] | None, inputs: Inputs) -> dict[str, Any] | None:
    rows = [
        [
            one["scope"],
            one["passed"],
            one["cells"],
            interval_text(one.get("interval"), digits=3),
            one["ceiling"],
        ]
        for one in _mine(evidence, inputs, "tail_accuracy")
    ]
    columns = ("scope", "passed", "cells", "95% interval of the share", "a perfect model's share")
    return table(columns, rows) if rows else None
