"""The end of a training: the ledger records the version, its documents are written, MLflow follows.

In this order a kill at any point leaves nothing that looks promotable and is not: files first, then
the row that names them, then the alias. `flows.reconcile` names and repairs what was left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.clock import Clock, system_clock
from flows.desk_settings import read_desk_settings
from flows.documents import write_documents
from flows.held_files import LISTING
from flows.ledger.ledger import Ledger, Transaction
from flows.ledger.versions import record_version
from flows.reconcile import mirror
from flows.record import Record, Version
from flows.tracking import REGISTERED, configurations_seen, listing
from flows.version_rows import version_row
from validation.gates import Gate

Also = Callable[[Transaction, int], None]
"""What else is recorded with a version."""


def conclude(
    record: Record,
    version: Version,
    *,
    root: Path,
    files: Path,
    gates: Sequence[Gate] = (),
    cause: str = "hand",
    cause_evidence: Mapping[str, Any] | None = None,
    clock: Clock = system_clock,
    also: Also | None = None,
) -> str:
    """Record a version whose files are published, write its documents, make it challenger.

    Parameters
    ----------
    record : Record
    version : Version
    root : Path
        State root.
    files : Path
        Directory of the published files.
    gates : sequence of Gate
    cause : str
        One of `flows.ledger.versions.CAUSES`.
    cause_evidence : mapping, optional
    clock : Clock
    also : callable, optional
        Called with the transaction that records the version, and its place: what it writes stands
        or falls with the version.

    Returns
    -------
    str
        One line: its place in the ledger, and how far MLflow is behind where it is.
    """
    if version.number is None:
        return "no version to record"
    ledger = Ledger.open(root, clock=clock)
    try:
        with ledger.transaction() as tx:
            seq = record_version(
                tx,
                record,
                version,
                root=root,
                files=files,
                others={f"mlflow/{LISTING}": listing(root, version)},
                gates=gates,
                cause=cause,
                cause_evidence=cause_evidence,
            )
            if also is not None:
                also(tx, seq)
        behind = finish(ledger, root, version.number)
    finally:
        ledger.close()
    return f"entry {seq} of the ledger" + (f"; {behind}" if behind else "")


def finish(ledger: Ledger, root: Path, number: int) -> str | None:
    """Write the documents of a recorded version and let MLflow follow.

    Returns
    -------
    str or None
        How far MLflow is behind; None where it is not.
    """
    with ledger.reading() as tx:
        manifest = version_row(tx, REGISTERED, number)["manifest"]
    write_documents(
        ledger,
        root,
        number,
        model=REGISTERED,
        actor="system",
        desk=read_desk_settings().model_dump(mode="json"),
        seen=configurations_seen(
            root,
            settings_digest=manifest["settings_sha256"],
            revision=manifest["revision"],
        ),
    )
    return mirror(ledger, root)
