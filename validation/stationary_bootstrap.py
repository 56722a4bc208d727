"""Means over resampled dates: the stationary bootstrap, one for all tables of the same length."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

BLOCK, DRAWS = 10, 5_000
"""Mean block in sessions, for forecasts of one; and bootstrap draws."""

FEWEST_DATES = 10
"""Below, resampled dates say nothing."""

_AT_A_TIME = 1_000_000  # weights held as floats at once


def mean_block(horizon: int) -> int:
    """Mean block for scores of ``horizon``-session forecasts: ``max(10, 2 h)``, as the HAC lag."""
    return max(BLOCK, 2 * horizon)


def resampled_means(
    series: Float[np.ndarray, "date column"], *, seed: int, draws: int, block: int = BLOCK
) -> Float[np.ndarray, "draw column"]:
    """Mean of each column over each resample of the dates.

    Parameters
    ----------
    series : array of shape (date, column)
        In order of date.
    seed : int
        The same for all series: those of the same length see the same resamples.
    draws : int
        Resamples.
    block : int
        Mean block in sessions, see `mean_block`.

    References
    ----------
    Politis and Romano (1994), *The stationary bootstrap*; dates are drawn by ``arch``.
    """
    times = _times_drawn(len(series), seed=seed, draws=draws, block=block)
    step = max(1, _AT_A_TIME // len(series))
    parts = [
        times[start : start + step].astype(np.float64) @ series for start in range(0, draws, step)
    ]
    return np.concatenate(parts) / len(series)


@lru_cache(maxsize=16)  # three megabytes a year and thirty for twelve years, at 5,000 draws
def _times_drawn(dates: int, *, seed: int, draws: int, block: int) -> NDArray[np.int16]:
    """How often each resample holds each date: (draw, date)."""
    from arch.bootstrap import StationaryBootstrap

    drawn = StationaryBootstrap(block, np.arange(dates), seed=seed)
    times = np.empty((draws, dates), dtype=np.int16)
    for draw, ((date,), _) in enumerate(drawn.bootstrap(draws)):
        times[draw] = np.bincount(date, minlength=dates)
    return times
