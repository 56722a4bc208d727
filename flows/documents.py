"""The documents of a version: written, chained in the ledger, filled in by people, and gated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.clock import instant_text
from flows.document_inputs import DOCUMENTS_GATE, collect, plain
from flows.document_page import render_document
from flows.held_files import fault_of, held_bytes, superseded
from flows.outputs import json_bytes, write_whole
from flows.refusal import RefusedError
from flows.simulated import banner
from flows.version_rows import Row, version_row
from validation.documents.catalogue import KINDS, Kind, build
from validation.documents.schema import Document, missing, pending, speakers

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction

Statements = Mapping[str, Mapping[str, str]]

_ALWAYS_NEW = ("generated_at", "previous_sha256")


@dataclass(frozen=True, slots=True)
class Written:
    """The documents of a version as they now are.

    Attributes
    ----------
    directory : Path
    changed : tuple of str
        Names of those that were written anew.
    missing : tuple of str
        Mandatory fields without a value, ``DOCUMENT.FIELD``.
    pending : tuple of str
        Fields that wait for a person.
    """

    directory: Path
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    pending: tuple[str, ...]


def write_documents(
    ledger: Ledger,
    root: Path,
    number: int,
    *,
    model: str,
    actor: str,
    desk: Mapping[str, Any],
    seen: int | None = None,
    said: Mapping[str, Statements] | None = None,
) -> Written:
    """Build the sixteen documents of a version, write those that changed, and judge the gate.

    What people have said is carried over from the documents before, which are verified first.
    A document whose content is as before keeps its file and its row.

    Parameters
    ----------
    ledger : Ledger
    root : Path
        State root.
    number : int
    model : str
        Registered model name.
    actor : str
        Who asks; a person where ``said`` holds a statement.
    desk : mapping
        Settings of the desk as plain values.
    seen : int, optional
        Configurations judged so far; where it is not given, the figure of the document before
        is kept.
    said : mapping of document name to statements, optional
        What a person says now, see `validation.documents.schema.speak`.

    Raises
    ------
    RefusedError
        If there is no such version, or a file the ledger vouches for is gone or is another.
    """
    with ledger.transaction() as tx:
        version = version_row(tx, model, number)
        before = {kind.name: last_document(tx, root, version, kind) for kind in KINDS}
        told = _seen(before["development"]) if seen is None else seen
        inputs = collect(tx, root, version, desk=desk, seen=told)
        directory = documents_directory(root, version)
        changed: list[str] = []
        documents: list[Document] = []
        for kind in KINDS:
            row, old = before[kind.name]
            statements = dict(old["statements"]) if old else {}
            statements |= (said or {}).get(kind.name, {})
            new = build(
                kind,
                inputs,
                previous_sha256=row["sha256"] if row else None,
                statements=statements,
            )
            if row is not None and old is not None and _same(old, new):
                documents.append(old)
                continue
            _write(tx, root, version, kind, new, actor=actor)
            documents.append(new)
            changed.append(kind.name)
        absent = tuple(name for document in documents for name in missing(document))
        _judge(tx, version, absent, actor=actor)
    waiting = tuple(name for document in documents for name in pending(document))
    return Written(directory, tuple(changed), absent, waiting)


def state_field(
    ledger: Ledger,
    root: Path,
    number: int,
    *,
    model: str,
    field: str,
    value: str,
    user: str,
    role: str,
    desk: Mapping[str, Any],
) -> Written:
    """Put a person's statement in the field that waits for it, with name and date.

    Parameters
    ----------
    field : str
        ``DOCUMENT.FIELD``; a row of a table is ``DOCUMENT.COLUMN/ID``.
    value : str
    user, role : str
        Who speaks, authenticated by the caller.

    Raises
    ------
    RefusedError
        If the field does not exist, is a fact or for another role to fill, or nothing is said.
    """
    name, _, address = field.partition(".")
    kind = next((kind for kind in KINDS if kind.name == name), None)
    if kind is None:
        names = ", ".join(kind.name for kind in KINDS)
        raise RefusedError(f"field: there is no document {name!r}. Choose from {names}.")
    if not value.strip():
        raise RefusedError(f"value: {field} was given no words. Say what you mean.")
    with ledger.reading() as tx:
        version = version_row(tx, model, number)
        _, document = last_document(tx, root, version, kind)
        now = instant_text(tx.now)
    if document is None:
        raise RefusedError(
            f"VERSION: {number} has no documents yet. Run `foreshock documents {number}` first."
        )
    roles = speakers(document).get(address)
    if roles is None:
        raise RefusedError(
            f"field: {field} is not one that a person fills. `foreshock documents {number}` lists "
            f"those that wait."
        )
    if role not in roles:
        raise RefusedError(f"--as: {field} is for {' or '.join(roles)} to say; {user} is {role}.")
    said = {name: {address: {"value": value, "by": user, "at": now}}}
    return write_documents(ledger, root, number, model=model, actor=user, desk=desk, said=said)


def blocking(tx: Transaction, root: Path, version: Row) -> list[str]:
    """Why the documents of a version forbid its promotion; empty where they do not.

    Every document is hashed and read again: the gate's row says what was true when it was written.

    Parameters
    ----------
    tx : Transaction
    root : Path
        State root.
    version : dict
        Its ledger row.
    """
    reasons: list[str] = []
    for kind in KINDS:
        row = tx.last("document", version=version["seq"], name=f"{kind.stem}.json")
        fault = None if row is None else fault_of(root, row)
        if row is None:
            reasons.append(f"{kind.name}: not written. Run `foreshock documents`.")
        elif fault is not None:
            reasons.append(fault)
        else:
            reasons += [f"{name}: missing" for name in missing(json.loads(held_bytes(root, row)))]
    return reasons


def documents_directory(root: Path, version: Row) -> Path:
    """Where the documents of a version are."""
    return root / "documents" / str(version["model"]) / str(version["number"])


def last_document(
    tx: Transaction, root: Path, version: Row, kind: Kind
) -> tuple[Row, Document] | tuple[None, None]:
    """Latest recorded state of a document, verified; a killed writer's newer file is not it.

    Raises
    ------
    RefusedError
        If no file has the recorded hash.
    """
    row = tx.last("document", version=version["seq"], name=f"{kind.stem}.json")
    if row is None:
        return None, None
    kept = row | {"path": str(superseded(root, row))}
    if fault_of(root, row) is not None and fault_of(root, kept) is None:
        return row, json.loads(held_bytes(root, kept))
    return row, json.loads(held_bytes(root, row))


def _write(
    tx: Transaction,
    root: Path,
    version: Row,
    kind: Kind,
    document: Document,
    *,
    actor: str,
) -> None:
    """Keep the old file, write the new ones, then their rows: in this order a kill loses none."""
    directory = documents_directory(root, version)
    page = render_document(document, banner=banner(root))
    content = {".json": json_bytes(document), ".html": page.encode()}
    for suffix, content_of in content.items():
        path = directory / f"{kind.stem}{suffix}"
        last = tx.last("document", version=version["seq"], name=path.name)
        if last is not None and fault_of(root, last) is None:
            write_whole(superseded(root, last), path.read_bytes())
        sha256 = write_whole(path, content_of)
        tx.append(
            "document",
            actor=actor,
            version=version["seq"],
            name=path.name,
            sha256=sha256,
            path=str(path.relative_to(root)),
            previous_sha256=None if last is None else last["sha256"],
        )


def _judge(tx: Transaction, version: Row, absent: tuple[str, ...], *, actor: str) -> None:
    """The gate row of the documents, where its answer is another than before."""
    last = tx.last("gate", version=version["seq"], name=DOCUMENTS_GATE)
    evidence = {"missing": list(absent)}
    if last is not None and plain(last["evidence"]) == evidence:
        return
    tx.append(
        "gate",
        actor=actor,
        version=version["seq"],
        name=DOCUMENTS_GATE,
        threshold=0.0,
        value=float(len(absent)),
        passed=not absent,
        evidence=evidence,
    )


def _same(old: Document, new: Document) -> bool:
    """Whether nothing but the time of writing differs."""
    left, right = ({k: v for k, v in one.items() if k not in _ALWAYS_NEW} for one in (old, new))
    return json.loads(json_bytes(left)) == json.loads(json_bytes(right))


def _seen(before: tuple[Row, Document] | tuple[None, None]) -> int | None:
    """Configurations that the development document before told of."""
    document = before[1]
    fields = [] if document is None else [f for s in document["sections"] for f in s["fields"]]
    told = [field["value"] for field in fields if field["name"] == "configurations"]
    return told[0] if told and isinstance(told[0], int) else None
