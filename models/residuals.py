"""Standardised residuals: a filtered series, the tail of its next residual, both as forecast."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr, ndtri

from features.splits import Window
from models.base import TailForecast
from models.measures import TailRanks, tail_probability

_INSIDE = (np.finfo(np.float64).tiny, 1.0 - np.finfo(np.float64).epsneg)


@dataclass(frozen=True, slots=True)
class FilteredPath:
    """A series seen through one set of parameters.

    Attributes
    ----------
    sigma : array of shape (time + 1,)
        Standard deviation of each simple return given the ones before; the last is the forecast.
    residual : array of shape (time,)
        ``(return - mean) / sigma``.
    mean : float
        Mean of the simple return.
    """

    sigma: Float[np.ndarray, " sigmas"]
    residual: Float[np.ndarray, " time"]
    mean: float


@dataclass(frozen=True, slots=True)
class ResidualTail:
    """What is forecast of the residual that follows each origin of a window.

    Attributes
    ----------
    quantile, shortfall : array of shape (origin, level), or (1, level) where all origins share it
        Its quantile at the tail probability, and its mean beyond; negative in any ordinary tail.
    pit : array of shape (origin,)
        Forecast distribution function at the residual that came; NaN where it is not known yet.
    """

    quantile: Float[np.ndarray, "origins level"]
    shortfall: Float[np.ndarray, "origins level"]
    pit: Float[np.ndarray, " origin"]


def next_residuals(
    residual: Float[np.ndarray, " time"], window: Window
) -> Float[np.ndarray, " origin"]:
    """Residual that followed each origin of the window; NaN for one that has not come yet."""
    following = np.full(window.stop - window.start, np.nan)
    known = residual[window.start + 1 : window.stop + 1]
    following[: known.size] = known
    return following


def empirical_tail(
    residual: Float[np.ndarray, " time"],
    window: Window,
    *,
    ranks: TailRanks,
    memory: int | None = None,
    at: Float[np.ndarray, " origin"] | None = None,
) -> ResidualTail:
    """Tail of the past residuals, all or the last few, taken anew at each origin.

    VaR by the rank rule, ES with the boundary weight. The PIT is the mid-rank of the next
    residual among those of the past and itself, ``(below + ties / 2 + 1 / 2) / (n + 1)``: inside
    (0, 1), and uniform where the residuals are exchangeable.

    Parameters
    ----------
    residual : array of shape (time,)
        Up to the last origin of the window at least; nothing later than the row after is used.
    window : Window
        Origins to serve.
    ranks : TailRanks
        For sample sizes up to ``window.stop`` at least.
    memory : int, optional
        Residuals to look back on; by default all.
    at : array of shape (origin,), optional
        Where to take the distribution function instead of at the next residual; NaN for nowhere.

    Raises
    ------
    ValueError
        If the sample at the first origin is too small for a level.
    """
    n = window.start + 1 if memory is None else min(memory, window.start + 1)
    if ranks.mass[n].min() < 1.0:
        raise ValueError(
            f"alphas: {n} past observations cannot resolve the tail probability "
            f"{ranks.mass[n].min() / n:.4g}: the tail holds less than one of them. "
            "Ask for lower levels or start with a longer past."
        )
    oldest = window.start + 1 - n
    sample = np.empty(window.stop)
    sample[:n] = np.sort(residual[oldest : window.start + 1])
    return ResidualTail(
        *_roll(
            residual,
            next_residuals(residual, window) if at is None else at,
            sample,
            window.start,
            window.stop,
            window.stop if memory is None else memory,
            ranks.whole,
            ranks.boundary,
            ranks.mass,
        )
    )


@numba.njit(cache=True, nogil=True)
@no_type_check
def _roll(
    residual: Float[np.ndarray, " time"],
    following: Float[np.ndarray, " origin"],
    ordered: Float[np.ndarray, " time"],
    start: int,
    stop: int,
    memory: int,
    whole: Int[np.ndarray, "size level"],
    boundary: Float[np.ndarray, "size level"],
    mass: Float[np.ndarray, "size level"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Insert one residual a day into the sorted sample, and drop the oldest: O(n) a day."""
    levels = whole.shape[1]
    quantile = np.empty((stop - start, levels))
    shortfall = np.empty((stop - start, levels))
    pit = np.full(stop - start, np.nan)
    n = min(start + 1, memory)
    worst_sum = np.empty(whole[min(stop, memory)].max() + 1)

    for origin in range(start, stop):
        if origin > start:
            if n == memory:
                for i in range(_below(ordered, n, residual[origin - memory], False), n - 1):
                    ordered[i] = ordered[i + 1]
                n -= 1
            at = _below(ordered, n, residual[origin], True)
            for i in range(n, at, -1):
                ordered[i] = ordered[i - 1]
            ordered[at] = residual[origin]
            n += 1

        worst_sum[0] = 0.0
        for i in range(worst_sum.size - 1):
            worst_sum[i + 1] = worst_sum[i] + ordered[i]
        for level in range(levels):
            k = whole[n, level]
            mean = (worst_sum[k] + boundary[n, level] * ordered[k]) / mass[n, level]
            quantile[origin - start, level] = ordered[k]
            shortfall[origin - start, level] = min(mean, ordered[k])  # rounding, where all tie

        after = following[origin - start]
        if not np.isnan(after):
            ranks = _below(ordered, n, after, False) + _below(ordered, n, after, True)
            pit[origin - start] = 0.5 * (ranks + 1) / (n + 1)
    return quantile, shortfall, pit


@numba.njit(cache=True, nogil=True)
@no_type_check
def _below(ordered: Float[np.ndarray, " time"], n: int, value: float, ties: bool) -> int:
    """How many of the first ``n`` ordered values are below ``value``, its ties included or not."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < value or (ties and ordered[middle] == value):
            low = middle + 1
        else:
            high = middle
    return low


def normal_tail(
    residual: Float[np.ndarray, " time"],
    window: Window,
    *,
    alphas: tuple[float, ...],
    at: Float[np.ndarray, " origin"] | None = None,
) -> ResidualTail:
    """Tail of a standard normal residual, in closed form: ES is the density over the tail.

    ``at`` is as in `empirical_tail`.
    """
    tails = np.array([float(tail_probability(alpha)) for alpha in alphas])
    quantile = ndtri(tails)
    density = np.exp(-0.5 * quantile**2) / np.sqrt(2.0 * np.pi)
    return ResidualTail(
        quantile=quantile[None],
        shortfall=-(density / tails)[None],
        pit=ndtr(next_residuals(residual, window) if at is None else at),
    )


def assemble(
    size: int,
    *,
    alphas: tuple[float, ...],
    served: Iterable[tuple[Window, FilteredPath, ResidualTail]],
) -> TailForecast:
    """Forecast of a series of ``size`` rows: the mean plus sigma times the residual's tail.

    Rows that no window serves are NaN. A PIT that rounds to 0 or 1 is moved to the nearest float
    inside, so that its normal quantile is finite.
    """
    var, es = np.full((2, size, len(alphas)), np.nan)
    sigma, pit = np.full((2, size), np.nan)
    for window, path, tail in served:
        rows = slice(window.start, window.stop)
        sigma[rows] = path.sigma[window.start + 1 : window.stop + 1]
        var[rows] = -(path.mean + sigma[rows, None] * tail.quantile)
        es[rows] = -(path.mean + sigma[rows, None] * tail.shortfall)
        pit[rows] = np.clip(tail.pit, *_INSIDE)
    return TailForecast(alphas, var, es, sigma, pit)
