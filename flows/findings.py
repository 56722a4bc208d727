"""What validators find: recorded with severity, owner and due date, closed by a validator."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flows.refusal import RefusedError
from flows.version_rows import Row, version_row

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

SEVERITIES = ("low", "medium", "high")
"""An open finding of the highest blocks promotion."""


def record_finding(
    tx: Transaction,
    number: int,
    *,
    model: str,
    actor: str,
    severity: str,
    owner: str,
    due: date,
    text: str,
) -> int:
    """Record a finding against a version.

    Parameters
    ----------
    tx : Transaction
    number : int
    model : str
        Registered model name.
    actor : str
        The validator, authenticated by the caller.
    severity : {"low", "medium", "high"}
    owner : str
        Who has to act.
    due : date
        Until when.
    text : str

    Returns
    -------
    int
        Number of the finding.

    Raises
    ------
    RefusedError
        If the version is unknown, the severity is none, or owner or text says nothing.
    """
    if severity not in SEVERITIES:
        raise RefusedError(
            f"severity must be one of {', '.join(SEVERITIES)}, got {severity!r}. Choose one."
        )
    for name, value in {"owner": owner, "text": text}.items():
        if not value.strip():
            raise RefusedError(f"{name} must say something, got {value!r}. Fill it in.")
    version = version_row(tx, model, number)
    return tx.append(
        "finding",
        actor=actor,
        version=version["seq"],
        severity=severity,
        owner=owner,
        due=due.isoformat(),
        text=text,
    )


def close_finding(tx: Transaction, finding: int, *, actor: str, text: str) -> None:
    """Close a finding, once, with what was done about it.

    Raises
    ------
    RefusedError
        If there is no such finding, it is closed already, or nothing is said.
    """
    if not text.strip():
        raise RefusedError("text must say what was done about the finding. Fill it in.")
    if tx.last("finding", seq=finding) is None:
        raise RefusedError(f"--close: there is no finding {finding}. `foreshock history` has them.")
    closed = tx.last("finding_closed", finding=finding)
    if closed is not None:
        raise RefusedError(
            f"--close: finding {finding} was closed by {closed['actor']} at {closed['at']}. "
            f"Record a new one if it came back."
        )
    tx.append("finding_closed", actor=actor, finding=finding, text=text)


def findings_of(tx: Transaction, version: Row) -> list[dict[str, Any]]:
    """Every finding of a version as plain values, with how it was closed where it was."""
    found: list[dict[str, Any]] = []
    for row in tx.rows("finding", version=version["seq"]):
        end = tx.last("finding_closed", finding=row["seq"])
        closed = None if end is None else {k: str(end[k]) for k in ("actor", "at", "text")}
        names = ("severity", "owner", "due", "text", "actor")
        told = {"finding": row["seq"], "at": str(row["at"]), "closed": closed}
        found.append(told | {name: str(row[name]) for name in names})
    return found
