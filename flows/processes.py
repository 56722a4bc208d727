"""How many processes a piece of work is worth."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

from joblib.externals.loky import get_reusable_executor


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


def release() -> None:
    """End the worker processes that wait for more work, and give their memory back.

    Those that trained heads hold torch and a gigabyte between them; the next stage needs neither.
    This process gives back what it no longer uses: the C library keeps it for itself unasked, a
    third of a gigabyte after the forecasts of the bundled market.
    """
    get_reusable_executor().shutdown(wait=True)
    with suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
