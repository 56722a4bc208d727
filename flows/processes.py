"""How many processes a piece of work is worth."""

from __future__ import annotations

import os


def processes(parts: int, *, worth: int) -> int:
    """One for every ``worth`` parts of the work, at least one, at most what the machine has.

    Parameters
    ----------
    parts : int
        Pieces that can be shared out.
    worth : int
        Pieces whose work costs about what starting a process costs.
    """
    return max(1, min(len(os.sched_getaffinity(0)), parts // worth))
