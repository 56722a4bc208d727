"""Files that a ledger row vouches for: found, and hashed before anybody reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.outputs import file_digest
from flows.refusal import RefusedError

LISTING = "artifacts.json"
"""File that names the SHA-256 of everything MLflow stores of a version."""


def held_path(root: Path, row: Mapping[str, Any]) -> Path:
    """Where the file of a row is; a relative path is below the state root."""
    return root / str(row["path"])


def kept_path(path: Path, root: Path) -> str:
    """How a row names a file: relative where it is below the state root, which may move."""
    whole, base = path.absolute(), root.absolute()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else str(whole)


def fault_of(root: Path, row: Mapping[str, Any]) -> str | None:
    """What is wrong with the file of a row, or None.

    Parameters
    ----------
    root : Path
        State root.
    row : mapping
        ``path`` and ``sha256``; a ledger row of kind ``evidence`` or ``document``.
    """
    path = held_path(root, row)
    try:
        found = file_digest(path)
    except FileNotFoundError:
        return f"{path}: the file is gone. Restore it from a backup."
    except OSError as error:
        return f"{path}: cannot be read ({error.strerror}). Restore it from a backup."
    if found != row["sha256"]:
        return (
            f"{path}: has SHA-256 {found[:12]}, the ledger recorded {str(row['sha256'])[:12]}. "
            f"Restore it from a backup."
        )
    return None


def held_bytes(root: Path, row: Mapping[str, Any]) -> bytes:
    """Content of the file of a row, hashed before it is handed on.

    Raises
    ------
    RefusedError
        If the file is gone, or is not what the ledger recorded.
    """
    path = held_path(root, row)
    content = path.read_bytes() if path.is_file() else None
    if content is None or hashlib.sha256(content).hexdigest() != row["sha256"]:
        raise RefusedError(fault_of(root, row) or f"{path}: changed while it was read. Repeat.")
    return content


def superseded(root: Path, row: Mapping[str, Any]) -> Path:
    """Where a document is kept once a newer one has its name."""
    path = root / str(row["path"])
    return path.parent / "superseded" / f"{path.stem}-{row['sha256']}{path.suffix}"
