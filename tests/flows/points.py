"""Points of a command's work at which it may be killed.

A point is a moment at which something that outlives the process is about to change or just has: a
file below the state root that is opened for writing, flushed, renamed or removed; a commit of the
ledger's or of MLflow's; a fit that is put away. They are counted in the order of the work, so that
the n-th is the same on every machine, as no delay is.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Points:
    """Counts the points that this process passes, and sends it a signal at one of them.

    Parameters
    ----------
    root : Path
        State root.
    at : int
        Point at which the signal comes, from 1; never at 0.
    by : int
        The signal.

    Notes
    -----
    Files that are written to one directory in a row are one point. The heart that beats beside the
    work is not counted: it beats by the clock.
    """

    def __init__(self, root: Path, *, at: int, by: int) -> None:
        self.passed: list[str] = []
        self._last = ""
        self._root, self._at, self._by = root, at, by

    def watch(self) -> None:
        """Begin to count."""
        from sqlalchemy.engine.default import DefaultDialect

        from flows.units import UnitStore

        sys.addaudithook(self._hear)
        self._around(DefaultDialect, "do_commit", _changed)
        self._around(UnitStore, "put_many", lambda *_: "units")
        self._around(os, "fsync", lambda *_: "flush")

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "open":
            changes = isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
        else:
            changes = event in ("os.rename", "os.remove", "os.link")
        if changes and isinstance(given[0], str | bytes | os.PathLike):
            path = Path(os.fsdecode(given[0]))
            if path.is_relative_to(self._root):
                self._pass(f"{event} {path.parent.relative_to(self._root)}")

    def _around(self, owner: Any, name: str, about: Callable[..., str | None]) -> None:
        """Pass a point before and after each call that is about something."""
        plain = getattr(owner, name)

        def watched(*given: Any, **named: Any) -> Any:
            what = about(*given)
            if what is not None:
                self._pass(f"before {what}")
            answer = plain(*given, **named)
            if what is not None:
                self._pass(f"after {what}")
            return answer

        setattr(owner, name, watched)

    def _pass(self, point: str) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self._last, repeated = point, point == self._last
        if repeated:
            return
        self.passed.append(point)
        if len(self.passed) == self._at:
            os.kill(os.getpid(), self._by)


def _changed(_: Any, connection: Any) -> str | None:
    """Name of the database that a commit changes; None where it ends a look at it."""
    if not (connection.in_transaction and connection.total_changes):
        return None
    (_, _, path), *_ = connection.execute("PRAGMA database_list").fetchall()
    return f"commit {Path(path).name}"
