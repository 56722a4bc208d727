"""Files that are whole or absent: written beside, flushed, hashed, renamed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PREFIX = ".writing-"


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: bytes) -> str:
    """Write a file so that its name shows either the old content or all of the new.

    Returns
    -------
    str
        SHA-256 of the content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o644)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _flush_directory(path.parent)
    return hashlib.sha256(content).hexdigest()


def json_bytes(value: Any) -> bytes:
    """Canonical JSON, one line a key at the top, no NaN; ends with a newline."""
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode()


@contextmanager
def staging(parent: Path) -> Generator[Path, None, None]:
    """Directory beside the final ones, removed when the block ends; see `publish`.

    What a killed process left behind is removed by the next one.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for stale in parent.glob(f"{_PREFIX}*"):
        owner = stale.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not process_lives(int(owner)):
            shutil.rmtree(stale, ignore_errors=True) if stale.is_dir() else stale.unlink()
    directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def publish(staged: Path, final: Path) -> dict[str, str]:
    """Move finished files to where they are read; each appears whole or not at all.

    Parameters
    ----------
    staged : Path
        Directory of finished files, on the file system of ``final``.
    final : Path
        Directory that receives them. Where it exists, files of the same name are replaced and
        others stay.

    Returns
    -------
    dict of str to str
        SHA-256 of each file, by name relative to ``final``.
    """
    files = sorted(path for path in staged.rglob("*") if path.is_file())
    digests = {str(path.relative_to(staged)): file_digest(path) for path in files}
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    if final.exists():
        for path in files:
            target = final / path.relative_to(staged)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            _flush_directory(target.parent)
    else:
        final.parent.mkdir(parents=True, exist_ok=True)
        staged.chmod(0o755)
        staged.replace(final)
    _flush_directory(final.parent)
    return digests


def copied(kept: Path, to: Path) -> Path:
    """Copy published files to a directory of somebody's own, which may be replaced; returns it."""
    with staging(to.parent) as staged:
        publish(Path(shutil.copytree(kept, staged / "files")), to)
    return to


def process_lives(pid: int) -> bool:
    """Whether a process of this number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _flush_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
