"""Prefect's temporary servers that outlived a killed command."""

from __future__ import annotations

import os
import signal
from pathlib import Path

_MARK = b"PREFECT__SERVER_EPHEMERAL=1"


def end_orphans(home: Path) -> list[int]:
    """Stop temporary servers of this Prefect home whose command is gone.

    A command stops its own server when it ends, but not when it is killed; the server would then
    run for ever and hold the database. Only a server that was started for ``home`` and has lost
    its parent is stopped.

    Returns
    -------
    list of int
        Process numbers of those that were told to stop.
    """
    wanted = {_MARK, b"PREFECT_HOME=" + os.fsencode(home)}
    ended: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        try:
            started_with = set((entry / "environ").read_bytes().split(b"\0"))
            if wanted <= started_with and _abandoned(entry, pid):
                os.kill(pid, signal.SIGTERM)
                ended.append(pid)
        except OSError:
            continue  # it has ended meanwhile, or is another user's
    return ended


def _abandoned(entry: Path, pid: int) -> bool:
    # A process without a parent is given to one of another session.
    parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    return os.getsid(parent) != os.getsid(pid)
