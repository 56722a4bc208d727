"""Whether the ledger and every file it vouches for are still what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.held_files import fault_of, superseded

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    Attributes
    ----------
    faults : tuple of str
        The first bad link of the chain, and every file that is gone or is another; each names
        its object and the next step.
    entries, files : int
        How many were looked at.
    """

    faults: tuple[str, ...]
    entries: int
    files: int


def check_history(ledger: Ledger, root: Path) -> Checked:
    """Walk the chain, then hash every file that a row of it points to.

    Parameters
    ----------
    ledger : Ledger
    root : Path
        State root.
    """
    faults = [str(fault) for fault in ledger.verify()]
    with ledger.reading() as tx:
        entries = _length(tx)
        rows = tx.rows("evidence")
        latest = {(row["version"], row["name"]): row["seq"] for row in tx.rows("document")}
        for row in tx.rows("document"):
            if latest[row["version"], row["name"]] != row["seq"]:
                row |= {"path": str(superseded(root, row))}
            rows.append(row)
    found = [fault_of(root, row) for row in rows]
    faults += [fault for fault in found if fault is not None]
    return Checked(tuple(faults), entries, len(rows))


def _length(tx: Transaction) -> int:
    from sqlalchemy import text

    return int(tx.connection.execute(text("SELECT count(*) FROM entry")).scalar_one())
