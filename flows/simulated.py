"""Decisions that a replay makes in nobody's name, and why none of them counts outside of it."""

from __future__ import annotations

from pathlib import Path

PREFIX = "replay-"
"""Names that begin so are played by a replay; no account outside of one may have such a name."""
MARK = "SIMULATED APPROVAL"
"""What every page of a replay says."""
MARKER = "replay.json"
"""File that makes a state root a replay's."""


def played(user: str) -> bool:
    """Whether a replay plays that person."""
    return user.startswith(PREFIX)


def is_replay(root: Path) -> bool:
    """Whether a state root is a replay's."""
    return (root / MARKER).is_file()


def banner(root: Path) -> str:
    """What stands above the pages of a state root; empty outside of a replay."""
    told = f"{MARK}: a replay on history. Nothing here was decided by a person."
    return told if is_replay(root) else ""


def objection(root: Path, *users: str) -> str | None:
    """Why decisions of these people do not count in a state root; None where they do."""
    strangers = sorted({user for user in users if played(user)})
    if not strangers or is_replay(root):
        return None
    return f"{MARK}: {', '.join(strangers)} decided in a replay, which counts nowhere else."
