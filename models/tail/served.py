"""A registered learned tail, read back from its files: a table of inputs becomes VaR and ES.

The directory holds safetensors and one JSON file that names the digest of each; nothing in it is
executed, and nothing is opened whose digest is another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from features.panel import Panel
from features.returns import History
from models.base import TailForecast
from models.tail.combine import Weights, combined, pareto_map
from models.tail.inputs import Rows, in_units_of_sigma, series_rows
from models.tail.learned import Head
from models.tail.mapped import mapped_forecast, pareto_of
from models.tail.past import CHANNELS, WINDOW, Past
from models.tail.score_walk import ScoreWalk, walked
from models.tail.transport import KNOTS, TailMap, transported, unserved

SCHEMA = "foreshock.served/2"
INDEX = "served.json"
OUTPUTS = tuple(f"{measure}_{level}" for measure in ("var", "es") for level in KNOTS)
"""Columns of the answer: losses, positive, as fractions of value."""
_BASES = ("fhs", "evt")


_PAST = tuple(f"past_{channel}_{ago}" for ago in range(WINDOW - 1, -1, -1) for channel in CHANNELS)
"""Columns of a row's window, the oldest session first."""


def input_columns(
    own: Sequence[str], shared: Sequence[str], *, past: bool = False
) -> tuple[str, ...]:
    """Columns a served model reads: sigma, both bases at the knots, and the panel's features.

    With ``past`` also the sessions before each origin, which a transformer reads.
    """
    bases = [f"{base}_{output}" for base in _BASES for output in OUTPUTS]
    return ("sigma", *bases, *own, *shared, *(_PAST if past else ()))


def inputs_of(
    name: str, panel: Panel, *, fhs: TailForecast, evt: TailForecast, past: bool = False
) -> pd.DataFrame:
    """Inputs of one series, one row per row of its history, in its own units.

    Parameters
    ----------
    name : str
        Of the history, in the panel.
    panel : Panel
    fhs, evt : TailForecast
        ``gjr_fhs`` and ``gjr_evt`` with the knots among their levels.
    past : bool
        Whether a transformer is to read it.
    """
    features = panel.values[name]
    at_knots = [fhs.alphas.index(knot) for knot in KNOTS]
    bases = [base[:, at_knots] for one in (fhs, evt) for base in (one.var, one.es)]
    parts = [fhs.sigma, *bases, features.own, features.shared]
    if past:
        windows = Past.of(features.past, fhs.sigma).windows()
        parts.append(windows.reshape(len(windows), len(_PAST)))
    columns = input_columns(panel.own, panel.shared, past=past)
    return pd.DataFrame(np.column_stack(parts), columns=pd.Index(columns))


def save(
    directory: Path,
    *,
    model: str,
    heads: Mapping[str, bytes],
    weights: Weights,
    own: Sequence[str],
    shared: Sequence[str],
    walk: ScoreWalk | None = None,
) -> None:
    """Write what `load` reads.

    Parameters
    ----------
    directory : Path
        Made, and must not exist.
    model : one of `models.tail.walk_forward.NAMES`
    heads : mapping of kind to bytes
        As `models.tail.walk_forward` returns them.
    weights : Weights
        Of the combination.
    own, shared : sequence of str
        Names of the panel's columns that the heads were trained on.
    walk : ScoreWalk, optional
        Of the factor on what the heads say.
    """
    directory.mkdir(parents=True)
    files = {f"{kind}.safetensors": payload for kind, payload in sorted(heads.items())}
    for name, payload in files.items():
        (directory / name).write_bytes(payload)
    index = {
        "schema": SCHEMA,
        "model": model,
        "weights": asdict(weights),
        "walk": walk and asdict(walk),
        "own": list(own),
        "shared": list(shared),
        "sha256": {name: hashlib.sha256(payload).hexdigest() for name, payload in files.items()},
    }
    (directory / INDEX).write_text(json.dumps(index, indent=1, sort_keys=True), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Domain:
    """Where inputs lay in training.

    Attributes
    ----------
    features : tuple of str
    lower, upper : array of shape (feature,)
        In the units that the heads read.
    """

    features: tuple[str, ...]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Served:
    """A learned tail that forecasts from a table of inputs."""

    model: str
    heads: Mapping[str, Head]
    weights: Weights
    own: tuple[str, ...]
    shared: tuple[str, ...]
    walk: ScoreWalk | None = None

    def forecast(
        self,
        history: History,
        panel: Panel,
        *,
        fhs: TailForecast,
        evt: TailForecast,
        alphas: Sequence[float],
        first: int = 0,
    ) -> TailForecast:
        """Forecasts of one series at its origins, as a backtest makes them.

        Parameters
        ----------
        history : History
        panel : Panel
            With the history, and the columns that the heads were trained on.
        fhs, evt : TailForecast
            ``gjr_fhs`` and ``gjr_evt`` of the history, the knots among their levels.
        alphas : sequence of float
            Confidence levels of the answer, each a level of ``fhs``.
        first : int
            Row of the first origin that is asked for; those before it are NaN. A walk begins
            there, and has nearly caught up with a longer one after a year.

        Raises
        ------
        ValueError
            If the panel has other columns than the heads were trained on.
        """
        if (reason := self.unreadable(panel)) is not None:
            raise ValueError(reason)
        rows = series_rows(history, fhs, panel)
        wanted = np.isfinite(rows.var[:, 0]) & (np.arange(len(rows)) >= first)
        asked = rows.where(wanted)
        said = self._map(asked, pareto_of(evt, fhs.sigma, rows).where(torch.as_tensor(wanted)))
        if self.walk is not None:
            said = walked(said, asked, self.walk, horizon=fhs.horizon)
        whole = unserved(torch.as_tensor(rows.var))
        at = torch.as_tensor(np.flatnonzero(wanted))
        whole.image[at], whole.slope[at] = said.image, said.slope
        return mapped_forecast(history.returns, fhs, whole, alphas=alphas)

    def unreadable(self, panel: Panel) -> str | None:
        """Why the heads cannot read a panel; None where its columns are those of training."""
        if (panel.own, panel.shared) == (self.own, self.shared):
            return None
        changed = {*panel.own, *panel.shared} ^ {*self.own, *self.shared}
        return (
            f"panel: {', '.join(sorted(changed)) or 'the order of its columns'} is not what "
            f"{self.model} was trained on. Serve it with the data and code that trained it, or "
            f"retrain."
        )

    def domain(self) -> Domain:
        """Where each input lay in training; beyond it a head reads the nearest end.

        Returns
        -------
        Domain
            Of the net with the widest limits, where several are combined.
        """
        heads = list(self.heads.values())
        lower, upper = (
            np.concatenate(
                [
                    widest([one.limits[end] for one in standards], axis=0)
                    for standards in ([h.own for h in heads], [h.shared for h in heads])
                ]
            )
            for end, widest in ((0, np.min), (1, np.max))
        )
        return Domain((*self.own, *self.shared), lower, upper)

    def read_inputs(
        self, history: History, panel: Panel, fhs: TailForecast, row: int
    ) -> NDArray[np.float64]:
        """What the heads read of a series at one origin, in the order of `domain`."""
        rows = series_rows(history, fhs, panel)
        return np.concatenate([rows.own[row], rows.shared[row]]).astype(np.float64)

    def predict(self, frame: pd.DataFrame, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """VaR and ES at the knots for each row, before any walk: a row brings no past results.

        Parameters
        ----------
        frame : DataFrame
            Columns of `input_columns`; features may be NaN where they are not known.
        params : mapping, optional
            Passed by MLflow; there are none.

        Returns
        -------
        DataFrame
            Columns of `OUTPUTS`, with the index of ``frame``.
        """
        del params
        sigma = frame["sigma"].to_numpy(dtype=np.float64)
        fhs_var, fhs_es, evt_var, evt_es = (
            _knots(frame, f"{base}_{measure}") / sigma[:, None]
            for base in _BASES
            for measure in ("var", "es")
        )
        rows = Rows(
            own=in_units_of_sigma(_columns(frame, self.own), self.own, sigma).astype(np.float32),
            shared=_columns(frame, self.shared).astype(np.float32),
            var=fhs_var,
            es=fhs_es,
            move=np.full(len(frame), np.nan),
            target=np.full(len(frame), np.datetime64("NaT", "ns")),
            past=self._past(frame, sigma),
        )
        var, es = transported(
            self._map(rows, pareto_map(rows, torch.as_tensor(evt_var), torch.as_tensor(evt_es))),
            torch.as_tensor(fhs_var),
            torch.as_tensor(fhs_es),
            levels=KNOTS,
        )
        values = np.column_stack([var.numpy(), es.numpy()]) * sigma[:, None]
        return pd.DataFrame(values, index=frame.index, columns=pd.Index(OUTPUTS))

    @property
    def reads_past(self) -> bool:
        """Whether a head reads the sessions before each origin one by one."""
        return any(head.reads_past for head in self.heads.values())

    def _past(self, frame: pd.DataFrame, sigma: NDArray[np.float64]) -> Past | None:
        if not self.reads_past:
            return None
        windows = _columns(frame, _PAST).reshape(len(frame), WINDOW, len(CHANNELS))
        return Past.from_windows(windows, sigma)

    def _map(self, rows: Rows, pareto: TailMap) -> TailMap:
        maps = {kind: head.map(rows) for kind, head in self.heads.items()}
        if self.model in maps:
            return maps[self.model]
        return combined(maps, pareto, self.weights)


def load(directory: Path) -> Served:
    """Read a served model back.

    Raises
    ------
    ValueError
        If a file is missing or is not the one that was saved, or was saved by older code.
    """
    index = json.loads((directory / INDEX).read_text(encoding="utf-8"))
    if index["schema"] != SCHEMA:
        raise ValueError(
            f"{directory / INDEX}: was written as {index['schema']}, and this code reads {SCHEMA}. "
            "Retrain, or serve it with the code that trained it."
        )
    heads: dict[str, Head] = {}
    for name, digest in index["sha256"].items():
        path = directory / Path(name).name
        payload = path.read_bytes() if path.is_file() else b""
        found = hashlib.sha256(payload).hexdigest()
        if found != digest:
            raise ValueError(
                f"{path}: has SHA-256 {found[:12]} and was saved with {digest[:12]}. "
                "Restore the file or train again."
            )
        heads[path.stem] = Head.from_bytes(payload)
    return Served(
        model=index["model"],
        heads=heads,
        weights=Weights(**index["weights"]),
        walk=None if index.get("walk") is None else ScoreWalk(**index["walk"]),
        own=tuple(index["own"]),
        shared=tuple(index["shared"]),
    )


def _load_pyfunc(path: str) -> Served:  # pyright: ignore[reportUnusedFunction] - MLflow calls it
    return load(Path(path))


def _columns(frame: pd.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    return frame[list(names)].to_numpy(dtype=np.float64)


def _knots(frame: pd.DataFrame, prefix: str) -> NDArray[np.float64]:
    return _columns(frame, [f"{prefix}_{level}" for level in KNOTS])
