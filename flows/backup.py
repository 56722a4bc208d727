"""A copy of the state root that can be trusted: databases as of one moment, every file hashed."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from flows.clock import Clock, instant_text, system_clock
from flows.outputs import file_digest, json_bytes, publish, staging, write_whole
from flows.refusal import RefusedError

DATABASES = ("ledger.db", "mlflow.db")
TREES = ("artifacts", "documents", "feeds", "runs")
"""What cannot be computed again. Finished units and Prefect's own state are left out."""
MANIFEST = "backup.json"
SCHEMA = "foreshock.backup/1"


def backup(root: Path, out: Path, *, clock: Clock = system_clock) -> dict[str, Any]:
    """Copy the state root while it is in use.

    Databases come first, by SQLite's own backup; files are written before the row that names
    them, so every file that a copied row names is there to be copied.

    Parameters
    ----------
    root : Path
        State root.
    out : Path
        Directory to make; appears when it is whole.

    Returns
    -------
    dict
        The manifest: when, of which root, and SHA-256 by file.

    Raises
    ------
    RefusedError
        If there is nothing to copy, ``out`` is there already or lies in the root, or the ledger is
        not in the root.
    """
    out = out.absolute()
    if os.environ.get("FORESHOCK_LEDGER"):
        raise RefusedError(
            "FORESHOCK_LEDGER: the ledger is in PostgreSQL, which this does not copy. Use pg_dump, "
            "and unset the variable to copy the rest."
        )
    if out.exists() or out.is_relative_to(root):
        raise RefusedError(f"out: {out} exists or lies in {root}. Name a new directory elsewhere.")
    if not any((root / name).is_file() for name in DATABASES):
        raise RefusedError(f"{root}: holds neither {' nor '.join(DATABASES)}. Set FORESHOCK_HOME.")
    with staging(out.parent) as staged:
        files = staged / "files"
        files.mkdir()
        for name in DATABASES:
            if (root / name).is_file():
                _copy_database(root / name, files / name)
        for name in TREES:
            if (root / name).is_dir():
                shutil.copytree(root / name, files / name, ignore=shutil.ignore_patterns(".*"))
        manifest = {
            "schema": SCHEMA,
            "at": instant_text(clock()),
            "root": str(root),
            "sha256": _digests(files),
        }
        write_whole(files / MANIFEST, json_bytes(manifest))
        publish(files, out)
    return manifest


def restore(source: Path, root: Path) -> dict[str, Any]:
    """Make a state root from a backup, after every byte of it was checked.

    Raises
    ------
    RefusedError
        If the backup is not whole, naming each file that is missing, added or altered, or the root
        holds something.
    """
    if root.exists() and any(root.iterdir()):
        raise RefusedError(f"{root}: is not empty. Move it away; nothing is overwritten.")
    manifest = checked(source)
    with staging(root.absolute().parent) as staged:
        files = staged / "files"
        shutil.copytree(source, files)
        (files / MANIFEST).unlink()
        if root.exists():
            root.rmdir()
        publish(files, root)
    return manifest


def checked(source: Path) -> dict[str, Any]:
    """Manifest of a backup whose files are all what it says.

    Raises
    ------
    RefusedError
        If they are not, or there is no manifest.
    """
    try:
        manifest = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        expected: dict[str, str] = dict(manifest["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RefusedError(f"{source / MANIFEST}: no manifest of a backup ({error}).") from error
    found = _digests(source)
    found.pop(MANIFEST, None)
    wrong = sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )
    if wrong:
        raise RefusedError(
            f"{source}: {len(wrong)} files are not what was backed up: {', '.join(wrong[:5])}. "
            f"Use another backup."
        )
    return manifest


def _copy_database(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source.as_uri() + "?mode=ro", uri=True, timeout=60.0)) as there,
        closing(sqlite3.connect(target)) as here,
    ):
        there.backup(here)


def _digests(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): file_digest(path)
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
