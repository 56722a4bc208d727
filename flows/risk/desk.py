"""What the desk's own models say of a book, as the ledger has it, beside the scenario number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

CORROBORATED = (0.67, 1.5)
"""Ratio of the scenario number to the learned one between which they support each other: that of
the guardrail (decision 0060)."""


def desk_view(root: Path, portfolio: str, as_of: str) -> dict[str, Any]:
    """Numbers of the last session at or before an as-of, and the state of the market it told.

    Returns
    -------
    dict
        ``status`` recorded, or why there is nothing; ``as_of`` of the session, ``model``,
        ``numbers`` (of one session ahead), ``regime``, ``market`` and ``hold``.
    """
    from flows.ledger.ledger import Ledger

    if not (root / "ledger.db").is_file():
        return {"status": "no session is on record; run `foreshock monitor`"}
    ledger = Ledger.open(root)
    try:
        with ledger.reading() as tx:
            rows = [row for row in tx.rows("session") if row["as_of"] <= as_of and row["summary"]]
    finally:
        ledger.close()
    if not rows:
        return {"status": f"no session up to {as_of} is on record; run `foreshock monitor`"}
    summary: Mapping[str, Any] = max(rows, key=lambda row: (row["as_of"], row["seq"]))["summary"]
    numbers = [
        one for one in summary["numbers"] if one["portfolio"] == portfolio and one["horizon"] == 1
    ]
    told = {
        "as_of": max(rows, key=lambda row: row["as_of"])["as_of"],
        "model": summary.get("model"),
        "standing": summary.get("standing"),
        "regime": summary.get("regime"),
        "market": summary.get("market", {}),
        "numbers": numbers,
        "hold": any(one["state"] == "HOLD" for one in numbers),
    }
    status = "recorded" if numbers else f"the session does not cover {portfolio}"
    return {"status": status, **told}


def gaps(levels: Sequence[Mapping[str, Any]], desk: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Scenario numbers of one session beside the desk's model, level by level.

    The number that counts is the higher one wherever the two do not support each other: the state
    is then ``HOLD``.
    """
    found: list[dict[str, Any]] = []
    for row in levels:
        if row["horizon"] != 1:
            continue
        for measure in ("var", "es"):
            said = next(
                (
                    one
                    for one in desk.get("numbers", ())
                    if one["alpha"] == row["alpha"] and one["measure"] == measure
                ),
                None,
            )
            if said is None or said["model"] is None:
                continue
            ratio = row[measure] / said["model"] if said["model"] > 0.0 else None
            apart = ratio is None or not CORROBORATED[0] <= ratio <= CORROBORATED[1]
            found.append(
                {
                    "alpha": row["alpha"],
                    "measure": measure,
                    "scenario": row[measure],
                    "learned": said["model"],
                    "legacy": said["legacy"],
                    "fallback": said["fallback"],
                    "ratio": ratio,
                    "state": "HOLD" if apart else "CORROBORATED",
                    "counts": max(row[measure], said["model"]) if apart else row[measure],
                }
            )
    return found
