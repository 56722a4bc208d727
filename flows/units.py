"""Finished units of work, found again by the hash of what went into them.

A unit is the outcome of one fit: the parameters of a (model, refit window) pair, or the weights of
a trained head. Its key is the SHA-256 of everything the outcome depends on, so a key that is found
is a unit that need not be computed again, and a killed run resumes where it stood.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS unit (
    key TEXT PRIMARY KEY,
    payload BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
)
"""
_INSERT = "INSERT OR IGNORE INTO unit (key, payload, sha256) VALUES (?, ?, ?)"
_VARIABLES = 500  # SQLite's oldest limit on bound variables is 999
_NOT_THE_FILE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_CONSTRAINT,
}


class UnitStore:
    """Content-addressed store in one SQLite file, which processes may share.

    Parameters
    ----------
    path : Path
        The file, ``units.db`` under the state root; made where absent. A file that SQLite finds
        damaged is set aside as ``units.db.damaged`` and a new one begun: units can always be
        computed again.

    Attributes
    ----------
    damaged : list of str
        Keys whose payload no longer has the digest it was stored with; they were dropped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged: list[str] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection: sqlite3.Connection | None = None
        self._run(lambda _: None)

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Payloads of the keys that are there and whole; the others are missing from the answer."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, bytes] = {}
        for at in range(0, len(wanted), _VARIABLES):
            batch = wanted[at : at + _VARIABLES]
            marks = ",".join("?" * len(batch))
            query = f"SELECT key, payload, sha256 FROM unit WHERE key IN ({marks})"  # noqa: S608
            for key, payload, digest in self._run(
                lambda c, q=query, b=batch: list(c.execute(q, b))
            ):
                if _digest(key, payload) == digest:
                    found[key] = payload
                else:
                    self._drop(key)
        return found

    def get(self, key: str) -> bytes | None:
        """Payload of one key, or None where it is absent or no longer whole."""
        return self.get_many([key]).get(key)

    def put_many(self, units: Mapping[str, bytes]) -> None:
        """Store all or none of them; a key that is already there keeps its payload."""
        rows = [(key, payload, _digest(key, payload)) for key, payload in units.items()]
        self._run(lambda connection: connection.executemany(_INSERT, rows))

    def put(self, key: str, payload: bytes) -> None:
        """Store one unit."""
        self.put_many({key: payload})

    def __len__(self) -> int:
        """Units in the store."""
        return self._run(lambda c: c.execute("SELECT count(*) FROM unit").fetchone()[0])

    def close(self) -> None:
        """Release the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> UnitStore:
        """Return itself, to be closed when the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the file."""
        self.close()

    def __reduce__(self) -> tuple[type[UnitStore], tuple[Path]]:
        """Open the same file anew in the process that unpickles it."""
        return UnitStore, (self.path,)

    def _run(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Do the work in one transaction; on a damaged file, do it in a new one."""
        try:
            return self._transact(work)
        except sqlite3.DatabaseError as error:
            # Extended codes keep the primary one in their low byte; without one the caller erred.
            if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_PERM) & 0xFF in _NOT_THE_FILE:
                raise
            self._set_aside(error)
            return self._transact(work)

    def _transact(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        if self._connection is None:
            self._connection = sqlite3.connect(self.path, timeout=60.0, check_same_thread=False)
            # Bytes that are no text any more must reach the check of the digest.
            self._connection.text_factory = lambda raw: raw.decode(errors="replace")
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may lose the last units; it never tears one.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(_SCHEMA)
        with self._connection:
            return work(self._connection)

    def _drop(self, key: str) -> None:
        self.damaged.append(key)
        logger.warning("%s: unit %s is damaged; it is computed again.", self.path, key)
        self._run(lambda connection: connection.execute("DELETE FROM unit WHERE key = ?", (key,)))

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        self.close()
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.replace(self.path.with_name(f"{self.path.name}.damaged{suffix}"))
        logger.warning(
            "%s is damaged (%s): set aside as %s.damaged, its units are computed again.",
            self.path,
            error,
            self.path.name,
        )


def _digest(key: str, payload: bytes) -> str:
    return hashlib.sha256(key.encode() + b"\0" + payload).hexdigest()
