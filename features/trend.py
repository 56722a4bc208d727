"""A value against its own past: above its trend, and its change."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float


def above_trend(values: Float[np.ndarray, " time"], *, window: int) -> Float[np.ndarray, " time"]:
    """Value less the mean of the ``window`` values before it.

    NaN where fewer than two thirds of them are known.
    """
    past = pd.Series(values).rolling(window, min_periods=2 * window // 3).mean().shift(1)
    return values - past.to_numpy(dtype=np.float64)


def change(values: Float[np.ndarray, " time"], *, rows: int) -> Float[np.ndarray, " time"]:
    """Value less the value ``rows`` before; NaN where there is none."""
    before = np.full(len(values), np.nan)
    before[rows:] = values[:-rows]
    return values - before
