"""What speaks against a promotion: every reason at once, from rows that are checked first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.champion_gate import judge_against_champion
from flows.ledger.chain import faults_of
from flows.ledger.champions import champion_of, open_vetoes
from flows.ledger.requests import bound, expired
from flows.refusal import RefusedError
from flows.simulated import objection
from validation.gates import GATES, reason_of

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction
    from validation.gates import GateRule

Row = dict[str, Any]

WEIGHED = ("gate", "finding", "finding_closed", "veto", "unveto", "champion")
"""Kinds of which no row may be altered or gone where a promotion is decided."""


def objections(
    tx: Transaction, root: Path, asked: Row, version: Row, *, gates: GateRule | None = None
) -> list[str]:
    """Everything that speaks against answering a request for promotion now.

    The version is judged against the champion once more, and the answer recorded.

    Parameters
    ----------
    tx : Transaction
        That writes.
    root : Path
        State root, whose documents are hashed again.
    asked, version : dict
        Ledger rows of the request and of its version.
    gates : GateRule, optional
        By default what the settings of the desk say.

    Returns
    -------
    list of str
        About the approval, the gates as judged last, the documents, open findings of high
        severity, vetoes, and whoever was promoted since. Empty where nothing does.

    Raises
    ------
    RefusedError
        If a row on which this rests is not what was recorded, or gone.
    """
    for fault in faults_of(tx.connection, *WEIGHED):
        raise RefusedError(str(fault))
    tx.vouched(version["seq"])
    judge_against_champion(tx, version, rule=gates)
    return [
        *_of_the_approval(tx, root, asked, version),
        *_of_the_version(tx, root, version),
        *_of_the_champion(tx, asked, version),
    ]


def _of_the_approval(tx: Transaction, root: Path, asked: Row, version: Row) -> list[str]:
    approval = tx.last("approval", request=asked["seq"])
    late = expired(tx, asked)
    told = [late] if late else []
    if approval is None:
        return [f"request {asked['seq']} is not approved. A second person approves it.", *told]
    tx.vouched(approval["seq"])
    if (simulated := objection(root, approval["requester"], approval["approver"])) is not None:
        told.append(simulated)
    whole = bound(asked | {"manifest_sha256": version["manifest_sha256"]})
    if approval["digest"] != whole or approval["expires"] != asked["expires"]:
        told.append(
            f"the approval of {asked['seq']} is of another manifest, decision or expiry. Ask again."
        )
    return told


def _of_the_version(tx: Transaction, root: Path, version: Row) -> list[str]:
    from flows.documents import blocking
    from flows.held_models import held_weights

    gates = {row["name"]: row for row in tx.rows("gate", version=version["seq"])}
    against = [
        f"gate {row['name']}: {_value(row)} against {row['threshold']:g}"
        for row in gates.values()
        if not row["passed"]
    ]
    if unjudged := [name for name in GATES if name not in gates]:
        against.append(f"never judged by {', '.join(unjudged)}. Run `foreshock retrain`.")
    against += blocking(tx, root, version)
    try:
        held_weights(tx, root, version)
    except RefusedError as refusal:
        against.append(str(refusal))
    for row in tx.rows("finding", version=version["seq"], severity="high"):
        if tx.last("finding_closed", finding=row["seq"]) is None:
            against.append(
                f"finding {row['seq']}, high, open, {row['owner']} until {row['due']}: "
                f"{row['text']}"
            )
    against += [
        f"veto {row['seq']} by {row['actor']} at {row['at']}: {row['reason']}"
        for row in open_vetoes(tx, version["seq"])
    ]
    return against


def _of_the_champion(tx: Transaction, asked: Row, version: Row) -> list[str]:
    now = champion_of(tx, version["model"])
    if now.generation == asked["generation"]:
        return []
    return [f"it was asked against generation {asked['generation']}, but {now}. Ask again."]


def _value(gate: Row) -> str:
    if gate["value"] is not None:
        return f"{gate['value']:g}"
    return reason_of(gate) or "no evidence"
