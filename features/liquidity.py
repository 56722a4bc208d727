"""How much is traded, against what is usual."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from features.trend import above_trend, log_level


def volume_surprise(
    volume: Float[np.ndarray, " time"], *, window: int
) -> Float[np.ndarray, " time"]:
    """Log volume less its mean over the ``window`` sessions before.

    NaN where no volume is given or none was traded, and where fewer than two thirds of those
    sessions have one.
    """
    return above_trend(log_level(volume), window=window)
