"""What each kind of data was worth: how much the default loses without it, and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.wording import kind_of_data
from validation.crises import ALL

SURE = 2.0
"""Size of a HAC t from which a difference is hardly chance."""
HELPS, HURTS, UNSURE = "helps", "hurts", "no difference to be told"


def worth_of(ablation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A record for each kind of data that was taken away, what brings most first.

    Parameters
    ----------
    ablation : mapping
        Of schema ``foreshock.ablation/1``.

    Returns
    -------
    list of dict
        ``kind``, ``told`` (what it is), ``levels`` (the rows against the claim, by level; above
        zero is what is lost without it) and ``verdict``. It helps where at some level every seed
        loses with a t of at least `SURE` and at no level every seed gains so; it hurts where it is
        the other way round.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in ablation["rows"]:
        pooled = row["window"] == ALL and row["asset_class"] is None
        if pooled and row["group"] == "modalities" and row["against"] == ablation["claim"]:
            found.setdefault(row["variant"].removeprefix("without "), []).append(row)
    told = [
        {"kind": kind, "told": kind_of_data(kind), "levels": rows, "verdict": _verdict(rows)}
        for kind, rows in found.items()
    ]
    return sorted(told, key=lambda one: -_mean(one["levels"]))


def _verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    lost = any(row["t_best"] is not None and row["t_best"] >= SURE for row in rows)
    gained = any(row["t_worst"] is not None and row["t_worst"] <= -SURE for row in rows)
    return UNSURE if lost == gained else HELPS if lost else HURTS


def _mean(rows: Sequence[Mapping[str, Any]]) -> float:
    known = [row["relative"] for row in rows if row["relative"] is not None]
    return sum(known) / len(known) if known else 0.0
