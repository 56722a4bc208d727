"""The protocols a model meets: what a forecast is, and what makes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from features.instruments import Kind, Move
from features.splits import Window


@dataclass(frozen=True, slots=True)
class Refit:
    """Parameters of one refit window, in the form their model stores them in."""

    window: Window
    params: bytes


@dataclass(frozen=True, slots=True)
class TailForecast:
    """Walk-forward forecasts of one series, one row per origin.

    Row ``t`` was made with the returns up to and including ``t`` and speaks of the compounded
    return from ``t`` to ``t + horizon``. Rows before the first refit window are NaN.

    Attributes
    ----------
    alphas : tuple of float
        Confidence levels in (0.5, 1), ascending.
    var, es : array of shape (time, level)
        Losses, positive, as fractions of value.
    sigma : array of shape (time,)
        Forecast standard deviation of the simple return over the horizon.
    pit : array of shape (time,)
        Forecast distribution function at the return that followed; NaN for the last ``horizon``
        rows.
    unconverged : int
        Refits that found no maximum, so that the parameters before them were kept.
    refits : tuple of Refit
        What was fitted when, for the models that filter a series through fitted parameters.
    horizon : int
        Sessions ahead.
    seed : int
        Of the paths of several sessions; nothing is drawn for one.
    """

    alphas: tuple[float, ...]
    var: NDArray[np.float64]
    es: NDArray[np.float64]
    sigma: NDArray[np.float64]
    pit: NDArray[np.float64]
    unconverged: int = 0
    refits: tuple[Refit, ...] = ()
    horizon: int = 1
    seed: int = 0


class TailModel(Protocol):
    """A model that forecasts the tail of one return series, walk-forward."""

    @property
    def name(self) -> str:
        """Name in the forecast table, e.g. ``gjr_fhs``."""
        ...

    def forecast(self, returns: NDArray[np.float64], *, alphas: tuple[float, ...]) -> TailForecast:
        """Forecast every origin that has enough past; uses no return after the origin."""
        ...


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset of a scenario set: an entry of ``assets.json``, in axis order.

    Attributes
    ----------
    instrument : str
    kind : {"price", "fx", "rate", "spread"}
    move : {"log", "diff"}
        What its moves are: of the log price, or differences in the unit of the quote.
    currency : str
    last_close : float
        Close that the first move starts from.
    """

    instrument: str
    kind: Kind
    move: Move
    currency: str
    last_close: float


@dataclass(frozen=True, slots=True)
class Moves:
    """Joint scenarios of one chunk, or of a whole set.

    Attributes
    ----------
    paths : float32 array of shape (path, step, asset)
        Move of each session in each asset's own ``move``. Not a level, and not yet a P&L.
    spread : float32 array of the same shape, optional
        Bid-ask spread as a fraction of price.
    depth : float32 array of the same shape, optional
        What trades, in multiples of the asset's usual daily volume.
    """

    paths: NDArray[np.float32]
    spread: NDArray[np.float32] | None = None
    depth: NDArray[np.float32] | None = None


@runtime_checkable
class ScenarioModel(Protocol):
    """A generator of joint scenarios, fitted to what was known at an as-of.

    The unit is a chunk: its draws follow from the seed and its index alone, so that any chunk
    replays by itself and nothing depends on how many paths or workers there are. A shorter chunk
    holds the first paths of a longer one.
    """

    @property
    def name(self) -> str:
        """Name on the command line: ``fhs``, ``gaussian``, ``copula``, ``flow`` and so on."""
        ...

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The assets, in axis order."""
        ...

    @property
    def description(self) -> Mapping[str, object]:
        """What a manifest must state of it; JSON values only."""
        ...

    def chunk(self, index: int, *, paths: int, horizon: int, seed: int) -> Moves:
        """Scenarios of one chunk, of at most `models.scenarios.chunks.CHUNK` paths."""
        ...

    def pnl(
        self,
        index: int,
        weights: NDArray[np.float64],
        *,
        paths: int,
        horizon: int,
        seed: int,
    ) -> NDArray[np.float64]:
        """P&L over ``horizon`` of linear books on the draws of `chunk`, never holding its paths.

        Parameters
        ----------
        weights : array of shape (asset, book)
            Fractions of value, held constant by a rebalancing each session; what they leave is
            cash and earns nothing. Zero for an asset that cannot be held.

        Returns
        -------
        array of shape (path, book)
            Simple return of each book; a gain is positive.
        """
        ...
