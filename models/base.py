"""The protocols a model meets: what a forecast is, and what makes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.splits import Window


@dataclass(frozen=True, slots=True)
class Refit:
    """Parameters of one refit window, in the form their model stores them in."""

    window: Window
    params: bytes


@dataclass(frozen=True, slots=True)
class TailForecast:
    """Walk-forward one-session forecasts of one series, one row per origin.

    Row ``t`` was made with the returns up to and including ``t`` and speaks of ``t + 1``. Rows
    before the first refit window are NaN.

    Attributes
    ----------
    alphas : tuple of float
        Confidence levels in (0.5, 1), ascending.
    var, es : array of shape (time, level)
        Losses, positive, as fractions of value.
    sigma : array of shape (time,)
        Forecast standard deviation of the simple return.
    pit : array of shape (time,)
        Forecast distribution function at the return that followed; NaN for the last row.
    unconverged : int
        Refits that found no maximum, so that the parameters before them were kept.
    refits : tuple of Refit
        What was fitted when, for the models that filter a series through fitted parameters.
    """

    alphas: tuple[float, ...]
    var: NDArray[np.float64]
    es: NDArray[np.float64]
    sigma: NDArray[np.float64]
    pit: NDArray[np.float64]
    unconverged: int = 0
    refits: tuple[Refit, ...] = ()


class TailModel(Protocol):
    """A model that forecasts the tail of one return series, walk-forward."""

    @property
    def name(self) -> str:
        """Name in the forecast table, e.g. ``gjr_fhs``."""
        ...

    def forecast(self, returns: NDArray[np.float64], *, alphas: tuple[float, ...]) -> TailForecast:
        """Forecast every origin that has enough past; uses no return after the origin."""
        ...
