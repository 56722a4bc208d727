"""What a learned tail reads at an origin, and what it would have said had it read something else.

Everything is in units of each row's own sigma, so that what one row read can be given to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray

from features.panel import Panel
from features.returns import History
from models.base import TailForecast
from models.tail.combine import combined, pareto_map
from models.tail.inputs import Layout, Rows, series_rows
from models.tail.past import CHANNELS, Past
from models.tail.served import Served
from models.tail.transport import KNOTS, transported

_OF_A_ROW = ("own", "shared", "window", "var", "es", "evt_var", "evt_es")
_IN_RETURNS = [CHANNELS.index(channel) for channel in ("return", "range")]


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a learned tail reads, one row per origin of one or many series.

    Attributes
    ----------
    names : tuple of str
        Of the columns of ``own``, then of ``shared``.
    own, shared : array of shape (row, feature)
        As `models.tail.inputs.Rows` holds them; NaN where not known.
    window : array of shape (row, session, channel)
        The sessions before each origin, returns and ranges in units of the origin's sigma; NaN
        where not known.
    var, es : array of shape (row, knot)
        ``gjr_fhs`` at `models.tail.transport.KNOTS`, in units of sigma.
    evt_var, evt_es : array of shape (row, knot)
        ``gjr_evt`` there, in units of the same sigma.
    layout : Layout
        Modality of each column.
    """

    names: tuple[str, ...]
    own: Float[np.ndarray, "row own"]
    shared: Float[np.ndarray, "row shared"]
    window: Float[np.ndarray, "row session channel"]
    var: Float[np.ndarray, "row knot"]
    es: Float[np.ndarray, "row knot"]
    evt_var: Float[np.ndarray, "row knot"]
    evt_es: Float[np.ndarray, "row knot"]
    layout: Layout

    @classmethod
    def of(
        cls,
        history: History,
        panel: Panel,
        *,
        fhs: TailForecast,
        evt: TailForecast,
        rows: NDArray[np.intp],
    ) -> Inputs:
        """What is read of one series at some of its origins.

        Parameters
        ----------
        history : History
        panel : Panel
            With the history.
        fhs, evt : TailForecast
            ``gjr_fhs`` and ``gjr_evt`` of the history, the knots among their levels.
        rows : array of int
            Rows of the history.
        """
        taken = series_rows(history, fhs, panel).take(rows)
        if taken.past is None or taken.layout is None:
            raise ValueError("panel: its rows hold no past and no layout. Build it by build_panel.")
        sigma = fhs.sigma[rows]
        window = taken.past.windows().astype(np.float64)
        window[:, :, _IN_RETURNS] /= sigma[:, None, None]
        at_knots = [evt.alphas.index(knot) for knot in KNOTS]
        return cls(
            names=(*panel.own, *panel.shared),
            own=taken.own,
            shared=taken.shared,
            window=window,
            var=taken.var,
            es=taken.es,
            evt_var=evt.var[rows][:, at_knots] / sigma[:, None],
            evt_es=evt.es[rows][:, at_knots] / sigma[:, None],
            layout=taken.layout,
        )

    def __len__(self) -> int:
        return len(self.own)

    @property
    def features(self) -> Float[np.ndarray, "row feature"]:
        """Own and shared features side by side, in the order of ``names``."""
        return np.hstack([self.own, self.shared])

    @property
    def modalities(self) -> tuple[str, ...]:
        """Modality of each of ``names``."""
        return (*self.layout.own, *self.layout.shared)

    @property
    def reshapable(self) -> NDArray[np.bool_]:
        """Rows that have a forecast, and a tail that a head may reshape."""
        finite = np.isfinite(np.hstack([self.var, self.es, self.evt_var, self.evt_es]))
        return self.rows().reshapable & finite.all(axis=1)

    def rows(self) -> Rows:
        """The same as a head reads it; what followed each row is not among it."""
        unit = np.ones(len(self))
        return Rows(
            own=self.own,
            shared=self.shared,
            var=self.var,
            es=self.es,
            move=np.full(len(self), np.nan),
            target=np.full(len(self), np.datetime64("NaT", "ns")),
            past=Past.from_windows(self.window, unit),
            layout=self.layout,
        )

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Inputs:
        """Some of the rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _OF_A_ROW})

    def reading(self, features: Float[np.ndarray, "row feature"]) -> Inputs:
        """The first row again and again, each time with other features.

        Parameters
        ----------
        features : array of shape (row, feature)
            In the order of ``names``.
        """
        again = self.take(np.zeros(len(features), dtype=np.intp))
        own, shared = np.split(features.astype(np.float32), [self.own.shape[1]], axis=1)
        return replace(again, own=own, shared=shared)

    def having(self, values: Mapping[str, float]) -> Inputs:
        """The first row with some features put to other values.

        Raises
        ------
        ValueError
            If a name is none of ``names``.
        """
        features = self.features[:1].astype(np.float64)
        for name, value in values.items():
            if name not in self.names:
                raise ValueError(
                    f"values must name features that are read, got {name}. "
                    f"There are {', '.join(self.names)}."
                )
            features[0, self.names.index(name)] = value
        return self.reading(features)


def joined(parts: Sequence[Inputs]) -> Inputs:
    """Several series in one, on the columns of the first."""
    arrays = {name: np.concatenate([getattr(one, name) for one in parts]) for name in _OF_A_ROW}
    return replace(parts[0], **arrays)


def tail_of(
    served: Served, inputs: Inputs
) -> tuple[Float[np.ndarray, "row knot"], Float[np.ndarray, "row knot"]]:
    """VaR and ES that a version forecasts from inputs, at the knots and in units of sigma.

    Parameters
    ----------
    served : Served
    inputs : Inputs
        A row without a tail to reshape keeps its base.
    """
    rows = inputs.rows()
    maps = {kind: head.map(rows) for kind, head in served.heads.items()}
    if served.model in maps:
        said = maps[served.model]
    else:
        evt_var, evt_es = torch.as_tensor(inputs.evt_var), torch.as_tensor(inputs.evt_es)
        said = combined(maps, pareto_map(rows, evt_var, evt_es), served.weights)
    var, es = transported(
        said, torch.as_tensor(inputs.var), torch.as_tensor(inputs.es), levels=KNOTS
    )
    return var.numpy(), es.numpy()
