"""A value against its own past: its log, its distance from its trend, and its change."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float


def log_level(values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """Natural logarithm; NaN where the value is not above zero."""
    return np.log(values, out=np.full(len(values), np.nan), where=values > 0.0)


def above_trend(values: Float[np.ndarray, " time"], *, window: int) -> Float[np.ndarray, " time"]:
    """Value less the mean of the ``window`` values before it.

    NaN where fewer than two thirds of them are known.
    """
    means = np.asarray(pd.Series(values).rolling(window, min_periods=2 * window // 3).mean())
    trend = np.full(len(values), np.nan)
    trend[1:] = means[:-1]
    return values - trend


def change(values: Float[np.ndarray, " time"], *, rows: int) -> Float[np.ndarray, " time"]:
    """Value less the value ``rows`` before; NaN where there is none."""
    before = np.full(len(values), np.nan)
    before[rows:] = values[:-rows]
    return values - before
