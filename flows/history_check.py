"""Whether the ledger and every file it vouches for are still what was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.held_files import LISTING, fault_of, held_bytes, superseded
from flows.ledger.chain import fault_at

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction

Row = dict[str, Any]


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


def check_history(ledger: Ledger, root: Path, *, version: Row | None = None) -> Checked:
    """Walk the chain, then hash every file that a row of it points to.

    Parameters
    ----------
    ledger : Ledger
    root : Path
        State root.
    version : dict, optional
        Ledger row of a version: only its files, and the tables it was made from as well. By
        default the files of all; tables are revised from day to day, and then say nothing.
    """
    from sqlalchemy.exc import DatabaseError

    try:
        faults = [str(fault) for fault in ledger.verify()]
        with ledger.reading() as tx:
            entries = _length(tx)
            rows = _files(tx, root, {} if version is None else {"version": version["seq"]})
            tables = [] if version is None else _tables(tx, version)
            faults += _damage(tx)
    except DatabaseError as error:
        return Checked((f"ledger: cannot be read ({error.orig}). Restore it from a backup.",), 0, 0)
    faults += _faulty(root, rows)
    for row in rows:
        if Path(str(row["path"])).name == LISTING and fault_of(root, row) is None:
            listed = json.loads(held_bytes(root, row))
            stored = [{"path": path, "sha256": sha} for path, sha in listed.items()]
            faults += _faulty(root, stored)
            rows = [*rows, *stored]
    faults += [f"{fault} Or the market was revised since." for fault in _faulty(root, tables)]
    return Checked(tuple(faults), entries, len(rows) + len(tables))


def _files(tx: Transaction, root: Path, of: Mapping[str, int]) -> list[Row]:
    """Rows that name a file, with the place where it is today."""
    rows = tx.rows("evidence", **of)
    documents = tx.rows("document", **of)
    latest = {(row["version"], row["name"]): row["seq"] for row in documents}
    for row in documents:
        if latest[row["version"], row["name"]] != row["seq"]:
            row |= {"path": str(superseded(root, row))}
    return rows + documents


def _tables(tx: Transaction, version: Row) -> list[Row]:
    """Raw tables of a version's snapshot, as rows that name a file."""
    snapshot = tx.last("snapshot", sha256=version["snapshot_sha256"])
    if snapshot is None or not _whole(tx, snapshot):
        return []  # the chain says so
    tables: Mapping[str, Any] = snapshot["tables"]
    return [
        {"path": f"{snapshot['data']}/{name}", "sha256": identity[0]}
        for name, identity in tables.items()
    ]


def _whole(tx: Transaction, row: Row) -> bool:
    return fault_at(tx.connection, row["seq"]) is None


def _faulty(root: Path, rows: Iterable[Row]) -> list[str]:
    return [fault for row in rows if (fault := fault_of(root, row)) is not None]


def _damage(tx: Transaction) -> list[str]:
    """What SQLite finds wrong with its file: an index that does not fit its rows, a bad page."""
    from sqlalchemy import text

    if tx.connection.dialect.name != "sqlite":
        return []
    told = tx.connection.execute(text("PRAGMA integrity_check(1)")).scalars().all()
    return [f"ledger.db: {line}. Restore it from a backup." for line in told if line != "ok"]


def _length(tx: Transaction) -> int:
    from sqlalchemy import text

    return int(tx.connection.execute(text("SELECT count(*) FROM entry")).scalar_one())
