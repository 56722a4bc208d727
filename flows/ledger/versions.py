"""A version and its evidence, recorded as one: from here on the ledger vouches for its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.held_files import kept_path
from flows.outputs import file_digest
from flows.refusal import RefusedError
from flows.settings import canonical_digest

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction
    from flows.record import Record, Version
    from validation.gates import Gate

CAUSES = ("hand", "schedule", "drift", "degradation", "regime")
"""Why a version was trained."""


def record_version(
    tx: Transaction,
    record: Record,
    version: Version,
    *,
    root: Path,
    files: Path | None,
    others: Mapping[str, Path] | None = None,
    gates: Sequence[Gate] = (),
    cause: str = "hand",
    cause_evidence: Mapping[str, Any] | None = None,
    actor: str = "system",
) -> int:
    """Record a version, what it was made from, its files and its gates; once.

    Parameters
    ----------
    tx : Transaction
    record : Record
        What is known of it.
    version : Version
        As MLflow numbered it.
    root : Path
        State root; paths below it are kept relative, so that a restored root is whole.
    files : Path or None
        Directory of its published files; each is hashed.
    others : mapping of name to Path, optional
        Files elsewhere that are hashed, too.
    gates : sequence of Gate
    cause : str
        One of `CAUSES`.
    cause_evidence : mapping, optional
        What set it off, plain values.
    actor : str

    Returns
    -------
    int
        Its place in the ledger; that of the first call where it was recorded before.

    Raises
    ------
    ValueError
        If it has no number, or the cause is unknown.
    RefusedError
        If the ledger has the number from another run.
    """
    if cause not in CAUSES:
        raise ValueError(f"cause must be one of {', '.join(CAUSES)}, got {cause!r}.")
    if version.number is None or version.weights_sha256 is None:
        raise ValueError(f"version: run {version.run_id} registered none. Train a learned model.")
    before = tx.last("version", model=version.name, number=version.number)
    if before is not None and before["run_id"] != version.run_id:
        raise RefusedError(
            f"{version}: the ledger has it from run {before['run_id'][:8]}, MLflow gave the number "
            f"again to run {version.run_id[:8]}. Restore mlflow.db from a backup, then train again."
        )
    if before is not None:
        return int(before["seq"])
    if tx.last("snapshot", sha256=record.snapshot) is None:
        tx.append(
            "snapshot",
            actor=actor,
            sha256=record.snapshot,
            as_of=record.as_of,
            data=record.data,
            tables={name: list(identity) for name, identity in record.tables.items()},
        )
    manifest = manifest_of(record, weights_sha256=version.weights_sha256)
    seq = tx.append(
        "version",
        actor=actor,
        model=version.name,
        number=version.number,
        run_id=version.run_id,
        name=record.model,
        as_of=record.as_of,
        snapshot_sha256=record.snapshot,
        weights_sha256=version.weights_sha256,
        manifest=manifest,
        manifest_sha256=canonical_digest(manifest),
        cause=cause,
        cause_evidence=dict(cause_evidence or {}),
    )
    published = sorted(path for path in files.rglob("*") if path.is_file()) if files else []
    named = {path.relative_to(files or path).as_posix(): path for path in published}
    for name, path in (named | dict(others or {})).items():
        tx.append(
            "evidence",
            actor=actor,
            version=seq,
            name=name,
            sha256=file_digest(path),
            path=kept_path(path, root),
        )
    for gate in gates:
        record_gate(tx, seq, gate, actor=actor)
    return seq


def record_gate(tx: Transaction, version: int, gate: Gate, *, actor: str = "system") -> int:
    """Record how a gate judged a version; the latest judgement of a gate counts.

    Parameters
    ----------
    tx : Transaction
    version : int
        Place of the version in the ledger.
    gate : Gate
    actor : str
    """
    return tx.append(
        "gate",
        actor=actor,
        version=version,
        name=gate.name,
        threshold=gate.threshold,
        value=gate.value,
        passed=gate.passed,
        evidence=list(gate.evidence),
    )


def manifest_of(record: Record, *, weights_sha256: str) -> dict[str, Any]:
    """What a version was made of, as plain values: the same inputs give the same manifest.

    An approval binds to its hash, so it holds neither times nor the number of a run.
    """
    made = record.provenance
    return {
        "model": record.model,
        "as_of": record.as_of,
        "snapshot_sha256": record.snapshot,
        "settings": dict(record.settings),
        "settings_sha256": record.settings_digest,
        "parameters": {name: _plain(value) for name, value in record.parameters.items()},
        "inputs": list(record.inputs),
        "revision": made.revision,
        "dirty": made.dirty,
        "lock_sha256": made.lock,
        "python": made.python,
        "machine": made.machine,
        "packages": dict(made.packages),
        "weights_sha256": weights_sha256,
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
