"""The table of an ablation as a page, and as the section that a report embeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows import wording
from flows.ablating.worth import worth_of
from flows.templates import template
from flows.wording import model_title
from validation.crises import ALL, CATALOGUE

Row = Mapping[str, Any]

GROUPS = {
    "models": "The models, each alone",
    "modalities": "With one kind of input taken away",
    "combinations": "Joined or calibrated otherwise",
}


def section_of(ablation: Mapping[str, Any]) -> dict[str, Any]:
    """What the table's template shows: pooled, by crisis and by class, row by row.

    Crises and classes are shown at the highest level; the others are in the JSON.
    """
    rows: list[Row] = ablation["rows"]
    bar, claim = ablation["baseline"], ablation["claim"]
    alphas = ablation["ran"]["alphas"]
    found = {
        (row["variant"], row["against"], row["alpha"], row["window"], row["asset_class"]): row
        for row in rows
    }
    names = list(dict.fromkeys(row["variant"] for row in rows))
    group = {row["variant"]: row["group"] for row in rows}
    crises = [one for one in CATALOGUE if any(row["window"] == one.name for row in rows)]
    classes = list(dict.fromkeys(row["asset_class"] for row in rows if row["asset_class"]))
    top = max(alphas)
    return {
        "about": ablation,
        "alphas": alphas,
        "top": top,
        "worth": worth_of(ablation),
        "crises": crises,
        "classes": classes,
        "groups": [
            {
                "title": title,
                "rows": [
                    {
                        "name": name,
                        "levels": [
                            (
                                found.get((name, bar, alpha, ALL, None)),
                                found.get((name, claim, alpha, ALL, None)),
                            )
                            for alpha in alphas
                        ],
                        "crises": [found.get((name, bar, top, one.name, None)) for one in crises],
                        "classes": [found.get((name, bar, top, ALL, one)) for one in classes],
                    }
                    for name in names
                    if group[name] == key
                ],
            }
            for key, title in GROUPS.items()
            if key in group.values()
        ],
    }


FILTERS = {
    "decimal": wording.decimal,
    "signed": wording.signed,
    "percent": wording.percent,
    "signed_percent": wording.signed_percent,
    "level": wording.level,
    "title": model_title,
}


def page_of(ablation: Mapping[str, Any]) -> str:
    """One self-contained page, without scripts or outside resources."""
    return template("ablation.html.j2", filters=FILTERS).render(ablation=section_of(ablation))
