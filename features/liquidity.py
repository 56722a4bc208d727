"""How much is traded, against what is usual."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from features.trend import above_trend


def volume_surprise(
    volume: Float[np.ndarray, " time"], *, window: int
) -> Float[np.ndarray, " time"]:
    """Log volume less its mean over the ``window`` sessions before.

    NaN where no volume is given or none was traded, and where fewer than two thirds of those
    sessions have one.
    """
    traded = np.log(volume, out=np.full(len(volume), np.nan), where=volume > 0.0)
    return above_trend(traded, window=window)
