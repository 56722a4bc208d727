"""What a head reads: point-in-time features in units of the base's sigma, and the base itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy.typing import NDArray

from features.panel import Panel
from features.returns import History, compounded
from models.base import TailForecast
from models.tail.past import Past, joined
from models.tail.transport import KNOTS

LEAST_VAR = 0.1
"""A base VaR below this many sigmas (a bill fund's drift) has no tail to reshape."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The modality of every column of `Rows`; empty where it is not known."""

    own: tuple[str, ...]
    shared: tuple[str, ...]

    @classmethod
    def of(cls, panel: Panel) -> Layout:
        """As the panel says."""
        kind = {name: kind for kind, names in panel.modalities.items() for name in names}
        return cls(
            tuple(kind.get(name, "") for name in panel.own),
            tuple(kind.get(name, "") for name in panel.shared),
        )


ARRAYS = ("own", "shared", "var", "es", "move", "target")
"""Fields of `Rows` that hold one entry a row."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one or many series, one per origin that the base serves.

    Attributes
    ----------
    own : array of shape (row, own)
        Features of the series in units of sigma, single precision; NaN where not known.
    shared : array of shape (row, shared)
        Features common to all series, as known at the row's origin; NaN where not known.
    var, es : array of shape (row, knot)
        Base forecast at `transport.KNOTS`, in units of sigma.
    move : array of shape (row,)
        The simple return that follows, over the base's horizon and in units of its sigma, gain
        positive; NaN where unknown or not clean throughout.
    target : datetime64 array of shape (row,)
        Date on which that return is complete; NaT where it is in the future.
    past : Past, optional
        The sessions before each origin, for a head that reads them.
    layout : Layout, optional
        What kind of data each feature is; without it a head reads all of them.
    """

    own: Float[np.ndarray, "row own"]
    shared: Float[np.ndarray, "row shared"]
    var: Float[np.ndarray, "row knot"]
    es: Float[np.ndarray, "row knot"]
    move: Float[np.ndarray, " row"]
    target: Shaped[np.ndarray, " row"]
    past: Past | None = None
    layout: Layout | None = None

    def __len__(self) -> int:
        return len(self.move)

    def where(self, keep: Bool[np.ndarray, " row"]) -> Rows:
        """The rows marked True."""
        return self.take(keep)

    def first(self, size: int) -> Rows:
        """The first ``size`` rows."""
        return self.take(slice(size))

    def take(self, rows: NDArray[np.intp] | Bool[np.ndarray, " row"] | slice) -> Rows:
        """Some of the rows, in the order asked for."""
        return Rows(
            *(getattr(self, name)[rows] for name in ARRAYS),
            past=self.past and self.past.take(rows),
            layout=self.layout,
        )

    @property
    def reshapable(self) -> Bool[np.ndarray, " row"]:
        """Rows whose base has a tail: VaR above a tenth of sigma, and levels in order."""
        steps = np.diff(self.var, axis=1)
        return (self.var[:, 0] > LEAST_VAR) & (steps >= 0).all(axis=1) & (self.es[:, -1] > 0)


def in_order_of_target(rows: Sequence[Rows]) -> Rows:
    """Rows to learn from, of several series, by target date.

    What is known by a date is then a prefix. Rows without a target or without a tail to reshape
    are left out.
    """
    taken = [one.where(one.reshapable & np.isfinite(one.move)) for one in rows]
    pasts = [one.past for one in taken if one.past is not None]
    whole = Rows(
        *(np.concatenate([getattr(one, name) for one in taken]) for name in ARRAYS),
        past=joined(pasts) if len(pasts) == len(taken) else None,
        layout=taken[0].layout,
    )
    return whole.take(np.argsort(whole.target, kind="stable"))


def series_rows(history: History, base: TailForecast, panel: Panel) -> Rows:
    """Rows of one series, one per row of its history; NaN before the base begins.

    Parameters
    ----------
    history : History
    base : TailForecast
        The statistical base of that history, at `transport.KNOTS` among its levels. Its horizon
        is that of the rows; features are told in units of its sigma over the root of the horizon.
    panel : Panel
        Features, free of any sigma; must hold the history's name.
    """
    features = panel.values[history.name]
    at_knots = [base.alphas.index(knot) for knot in KNOTS]
    sigma = base.sigma[:, None]
    clean = np.where(history.clean, history.returns, np.nan)
    target = np.full(len(clean), np.datetime64("NaT", "ns"))
    target[: -base.horizon] = history.dates.to_numpy()[base.horizon :]
    session = base.sigma / np.sqrt(base.horizon)
    return Rows(
        own=in_units_of_sigma(features.own, panel.own, session).astype(np.float32),
        shared=features.shared.astype(np.float32),
        var=base.var[:, at_knots] / sigma,
        es=base.es[:, at_knots] / sigma,
        move=compounded(clean, horizon=base.horizon) / base.sigma,
        target=target,
        past=Past.of(features.past, session),
        layout=Layout.of(panel),
    )


def in_units_of_sigma(
    own: Float[np.ndarray, "time own"], names: Sequence[str], sigma: Float[np.ndarray, " time"]
) -> Float[np.ndarray, "time own"]:
    """Express each feature by what it is: volatilities as log ratios, returns as multiples.

    A head that sees only ratios to sigma reads every series, whatever its volatility, alike.
    """
    columns = [_SCALES[_family(name)](own[:, k], sigma) for k, name in enumerate(names)]
    return np.column_stack(columns)


def _log_ratio(value: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    # A flat stretch has volatility zero; a floor far below any real ratio keeps its log finite.
    return np.log(np.maximum(value, 1e-4 * sigma) / sigma)


def _multiple(value: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    # Large moves saturate: whether a move was eight sigmas or twelve says little of the next.
    return np.arcsinh(value / sigma)


def _as_is(value: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    del sigma
    return value


_SCALES = {"volatility": _log_ratio, "return": _multiple, "other": _as_is}
_FAMILIES = {
    "volatility": ("volatility_", "downside_", "garman_klass_", "parkinson_"),
    "return": ("last_return", "worst_", "mean_", "drawdown_"),
}


def _family(name: str) -> str:
    for family, prefixes in _FAMILIES.items():
        if name.startswith(prefixes):
            return family
    return "other"
