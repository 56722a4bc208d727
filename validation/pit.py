"""What a test may make of a PIT column that is absent, incomplete, or exactly 0 or 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from validation.exceedances import Series

SMALLEST = 1e-4
"""A PIT below this, or above one less this, counts as this.

A distribution made of past residuals answers 0 or 1 to anything beyond what it has seen. That
means "once in some thousands of sessions", not "impossible"; 1e-4 is once in forty years.
"""


def unusable_pit(pit: Series) -> str | None:
    """Why ``pit`` cannot be tested, or None where it can."""
    if pit.size == 0:
        return "no forecasts"
    missing = int(np.count_nonzero(np.isnan(pit)))
    return f"pit missing in {missing} of {pit.size} forecasts" if missing else None


def clip_pit(pit: NDArray[np.float64]) -> NDArray[np.float64]:
    """``pit`` kept `SMALLEST` away from 0 and 1."""
    return np.clip(pit, SMALLEST, 1 - SMALLEST)
