"""Standardised residuals: a filtered series, the tail of its residuals, and the forecast of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Int

from features.splits import Window
from models.base import TailForecast
from models.measures import TailRanks


@dataclass(frozen=True, slots=True)
class FilteredPath:
    """A series seen through one window's parameters.

    Attributes
    ----------
    sigma : array of shape (time + 1,)
        Standard deviation of each simple return given the ones before; the last is the forecast.
    residual : array of shape (time,)
        ``(return - mean) / sigma``.
    mean : float
        Mean of the simple return.
    """

    sigma: Float[np.ndarray, " times"]
    residual: Float[np.ndarray, " time"]
    mean: float


@dataclass(frozen=True, slots=True)
class ResidualTail:
    """What the past residuals say of the next one, for each origin of a window.

    Attributes
    ----------
    quantile, shortfall : array of shape (origin, level)
        Residual at the VaR rank and weighted mean of the worst; negative in any ordinary tail.
    pit : array of shape (origin,)
        Mid-rank of the next residual among the past ones and itself, in (0, 1):
        ``(below + ties / 2 + 1 / 2) / (n + 1)``; NaN where it is not known yet.
    """

    quantile: Float[np.ndarray, "origin level"]
    shortfall: Float[np.ndarray, "origin level"]
    pit: Float[np.ndarray, " origin"]


def expanding_tail(
    residuals: Float[np.ndarray, " time"], window: Window, *, ranks: TailRanks
) -> ResidualTail:
    """Empirical tail at each origin of all residuals up to and including that origin.

    Parameters
    ----------
    residuals : array of shape (time,)
        Standardised residuals under the window's parameters, at least up to the row after its
        last origin where there is one; later rows are not looked at.
    window : Window
        Origins to serve.
    ranks : TailRanks
        For sample sizes up to ``window.stop`` at least.
    """
    known = residuals[: window.stop + 1]
    return ResidualTail(
        *_expand(known, window.start, window.stop, ranks.whole, ranks.boundary, ranks.mass)
    )


@numba.njit(cache=True, nogil=True)
@no_type_check
def _expand(
    residuals: Float[np.ndarray, " time"],
    start: int,
    stop: int,
    whole: Int[np.ndarray, "size level"],
    boundary: Float[np.ndarray, "size level"],
    mass: Float[np.ndarray, "size level"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort once, then insert one residual a day: O(n) a day instead of O(n log n)."""
    levels = whole.shape[1]
    quantile = np.empty((stop - start, levels))
    shortfall = np.empty((stop - start, levels))
    pit = np.full(stop - start, np.nan)
    ordered = np.empty(residuals.size)
    ordered[: start + 1] = np.sort(residuals[: start + 1])
    worst_sum = np.empty(whole[stop].max() + 1)

    for origin in range(start, stop):
        n = origin + 1
        if origin > start:
            at = np.searchsorted(ordered[:origin], residuals[origin])
            for i in range(origin, at, -1):
                ordered[i] = ordered[i - 1]
            ordered[at] = residuals[origin]

        worst_sum[0] = 0.0
        for i in range(whole[n].max()):
            worst_sum[i + 1] = worst_sum[i] + ordered[i]
        for level in range(levels):
            k = whole[n, level]
            quantile[origin - start, level] = ordered[k]
            mean = (worst_sum[k] + boundary[n, level] * ordered[k]) / mass[n, level]
            shortfall[origin - start, level] = min(mean, ordered[k])  # rounding of equal residuals

        if n < residuals.size:
            below = np.searchsorted(ordered[:n], residuals[n], side="left")
            not_above = np.searchsorted(ordered[:n], residuals[n], side="right")
            pit[origin - start] = (0.5 * (below + not_above) + 0.5) / (n + 1)
    return quantile, shortfall, pit


def assemble(
    size: int,
    *,
    alphas: tuple[float, ...],
    served: Iterable[tuple[Window, FilteredPath, ResidualTail]],
) -> TailForecast:
    """Forecast of a series of ``size`` rows: mean plus sigma times the residual's tail.

    Rows that no window serves are NaN.
    """
    var, es = np.full((2, size, len(alphas)), np.nan)
    sigma, pit = np.full((2, size), np.nan)
    for window, path, tail in served:
        rows = slice(window.start, window.stop)
        sigma[rows] = path.sigma[window.start + 1 : window.stop + 1]
        var[rows] = -(path.mean + sigma[rows, None] * tail.quantile)
        es[rows] = -(path.mean + sigma[rows, None] * tail.shortfall)
        pit[rows] = tail.pit
    return TailForecast(alphas=alphas, var=var, es=es, sigma=sigma, pit=pit)
