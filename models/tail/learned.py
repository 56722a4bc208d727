"""Fitting a residual head, and forecasting with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from models.tail.heads import HeadKind, Heads
from models.tail.inputs import Layout, Rows
from models.tail.objective import Objective
from models.tail.past import in_sigmas
from models.tail.transformer import STATE, Fusion, Transformer
from models.tail.transport import TailMap, tail_map
from models.training import Schedule, single_threaded, train

CLIP = 5.0
"""Inputs beyond five training deviations are read as five: a head does not extrapolate."""


BLOCK = 256
"""Rows forecast at a time: about a year of one series."""


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """What a head is and how it is trained; all of it enters its content key.

    Attributes
    ----------
    kind : {"linear", "mlp", "transformer"}
    seeds, seed : int
        Members of the ensemble, and where their draws start.
    width, bottleneck, dropout, shared_dropout
        See `models.tail.heads.Heads`; the transformer has its width in ``fusion``.
    scale_weight : float
        Of the likelihood of the scale beside FZ0.
    scale_passes : int
        First passes that learn the scale alone: every move tells of it, and few of the tail.
    schedule : Schedule
    without : tuple of str
        Modalities that the head does not read.
    fusion : Fusion, optional
        Of a transformer, and of no other.
    """

    kind: HeadKind
    seeds: int = 3
    seed: int = 0
    width: int = 32
    bottleneck: int = 4
    dropout: float = 0.1
    shared_dropout: float = 0.3
    scale_weight: float = 2.0
    scale_passes: int = 0
    schedule: Schedule = field(default_factory=Schedule)
    without: tuple[str, ...] = ()
    fusion: Fusion | None = None

    def lacking(self, *modalities: str) -> HeadSettings:
        """The same head without some modalities: what they bring is what it then loses."""
        return replace(self, without=(*self.without, *modalities))

    @classmethod
    def from_plain(cls, stored: dict[str, Any]) -> HeadSettings:
        """Inverse of `dataclasses.asdict`, after a way through JSON."""
        parts: dict[str, Any] = {
            "schedule": Schedule(**stored["schedule"]),
            "without": tuple(stored["without"]),
            "fusion": stored["fusion"] and Fusion(**stored["fusion"]),
        }
        return cls(**{**stored, **parts})


@dataclass(frozen=True, slots=True)
class Standard:
    """Centre and spread of the inputs over the training rows."""

    centre: Float[np.ndarray, " input"]
    spread: Float[np.ndarray, " input"]

    @classmethod
    def of(cls, values: Float[np.ndarray, "row input"]) -> Standard:
        """Robust to what is missing: a column never known has centre 0 and spread 1."""
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        filled = np.where(known, values, 0.0)
        centre = filled.sum(axis=0) / count
        spread = np.sqrt((np.where(known, values - centre, 0.0) ** 2).sum(axis=0) / count)
        return cls(centre, np.where(spread > 0.0, spread, 1.0))

    @property
    def limits(self) -> tuple[Float[np.ndarray, " input"], Float[np.ndarray, " input"]]:
        """Least and greatest input that is told from those beyond it."""
        return self.centre - CLIP * self.spread, self.centre + CLIP * self.spread

    def __call__(
        self, values: Float[np.ndarray, "row input"], *, missing: float = 0.0
    ) -> Float[np.ndarray, "row input"]:
        """Standardise; what is missing becomes zero, the training mean, or what is asked for."""
        scaled = (values - self.centre) / self.spread
        return np.clip(np.where(np.isfinite(scaled), scaled, missing), -CLIP, CLIP)


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted ensemble with the scaling of its inputs."""

    settings: HeadSettings
    net: Heads | Transformer
    own: Standard
    shared: Standard
    layout: Layout

    def map(self, rows: Rows) -> TailMap:
        """The ensemble's mean map; rows without a tail to reshape keep the base."""
        source = torch.as_tensor(rows.var)
        with torch.no_grad(), single_threaded():
            learned = tail_map(self._answers(rows, self.net), source)
        keep = torch.as_tensor(rows.reshapable)[:, None]
        return TailMap(
            source,
            torch.where(keep, learned.image.mean(dim=0), source),
            torch.where(keep, learned.slope.mean(dim=0), 1.0),
        )

    @property
    def reads_past(self) -> bool:
        """Whether the net reads the sessions before each origin one by one."""
        return isinstance(self.net, Transformer)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Names of what a transformer attends to; other heads attend to nothing."""
        return self.net.tokens if isinstance(self.net, Transformer) else ()

    def attention(self, rows: Rows) -> Float[np.ndarray, "seed row token"]:
        """How much of each of `tokens` enters each row's answer, seed by seed; sums to one.

        The mean over layers and attention heads.

        Raises
        ------
        ValueError
            If the head attends to nothing.
        """
        if not isinstance(self.net, Transformer):
            raise ValueError(
                f"kind must be transformer to attend to anything, got {self.settings.kind}. "
                "Explain it by its inputs."
            )
        with torch.no_grad(), single_threaded():
            return self._answers(rows, self.net.attention).numpy()

    def _answers(self, rows: Rows, ask: Callable[..., Tensor]) -> Tensor:
        """What a trained net says of rows, in double precision: shape (seed, row, answer)."""
        self.net.double().eval()
        said = [ask(*block) for block in self._blocks(rows)]
        return torch.cat(said, dim=1)[:, : len(rows)]

    def _blocks(self, rows: Rows) -> Iterator[list[Tensor]]:
        """Rows in blocks of one size: a product's last bits may depend on how many rows it has."""
        inputs = self.read(rows)
        rows = replace(rows, past=rows.past and rows.past.lacking(self.settings.without))
        for start in range(0, len(rows), BLOCK):
            parts = [x[start : start + BLOCK].double() for x in inputs]
            if isinstance(self.net, Transformer):
                parts.append(self._windows(rows.take(slice(start, start + BLOCK))))
            padded = [_padded(x) for x in parts]
            yield [x.expand(self.settings.seeds, *x.shape) for x in padded]

    def _windows(self, rows: Rows) -> Tensor:
        past = rows.past
        if past is None:
            raise ValueError("rows must hold the past that a transformer reads, got none.")
        windows = torch.as_tensor(past.windows()).double().transpose(1, 2)
        return in_sigmas(windows, torch.as_tensor(past.sigma).double()[:, None])

    def read(self, rows: Rows) -> list[Tensor]:
        """Own and shared features as the net reads them, those that it does not read left out."""
        if isinstance(self.net, Transformer):  # it tells what is missing from what is usual
            return [
                torch.as_tensor(standard(x, missing=np.nan))
                for standard, x in ((self.own, rows.own), (self.shared, rows.shared))
            ]
        return [
            torch.as_tensor(standard(x)[:, _kept(kinds, self.settings)])
            for standard, x, kinds in (
                (self.own, rows.own, self.layout.own),
                (self.shared, rows.shared, self.layout.shared),
            )
        ]

    def to_bytes(self) -> bytes:
        """Weights as safetensors, settings and shape as JSON in its header."""
        from safetensors.torch import save

        tensors = {name: value.float() for name, value in self.net.state_dict().items()}
        for name, standard in (("own", self.own), ("shared", self.shared)):
            tensors[f"{name}.centre"] = torch.as_tensor(standard.centre)
            tensors[f"{name}.spread"] = torch.as_tensor(standard.spread)
        told = {"settings": asdict(self.settings), "layout": asdict(self.layout)}
        # One entry alone: safetensors writes several in no fixed order.
        return save(tensors, metadata={"head": json.dumps(told, sort_keys=True)})

    @classmethod
    def from_bytes(cls, payload: bytes) -> Head:
        """Inverse of `to_bytes`; the caller has checked the payload's hash."""
        from safetensors.torch import load

        tensors = load(payload)
        size = int.from_bytes(payload[:8], "little")
        told = json.loads(json.loads(payload[8 : 8 + size])["__metadata__"]["head"])
        settings = HeadSettings.from_plain(told["settings"])
        layout = Layout(**{part: tuple(kinds) for part, kinds in told["layout"].items()})
        own, shared = (
            Standard(tensors.pop(f"{name}.centre").numpy(), tensors.pop(f"{name}.spread").numpy())
            for name in ("own", "shared")
        )
        net = _net(settings, layout)
        net.load_state_dict(tensors)
        return cls(settings, net, own, shared, layout)


def fit_head(
    rows: Rows,
    settings: HeadSettings,
    *,
    weights: Float[np.ndarray, " row"] | None = None,
    unfinished: Path | None = None,
) -> Head:
    """Train an ensemble on rows of many series.

    Parameters
    ----------
    rows : Rows
        Training rows. Those without a known target or a tail to reshape are left out.
    settings : HeadSettings
    weights : array of shape (row,), optional
        How much each row counts; they must not depend on what came of the row. By default all
        count alike.
    unfinished : Path, optional
        Where a killed training of the same head left off, see `models.training.train`.

    Raises
    ------
    ValueError
        If fewer rows are left than the head has to learn from.
    """
    learned = rows.reshapable & np.isfinite(rows.move)
    rows, weights = rows.where(learned), None if weights is None else weights[learned]
    if len(rows) < settings.schedule.batch:
        raise ValueError(
            f"rows: {len(rows)} training rows are left, fewer than one batch of "
            f"{settings.schedule.batch}. Give more series or a longer history."
        )
    torch.manual_seed(settings.seed)
    own, shared = Standard.of(rows.own), Standard.of(rows.shared)
    layout = rows.layout or Layout(("",) * rows.own.shape[1], ("",) * rows.shared.shape[1])
    every = np.hstack([rows.own, rows.shared])
    unknown = np.flatnonzero(~np.isfinite(every).any(axis=0)).tolist()
    if settings.kind == "transformer":  # a modality that never was there is none to wait for
        kinds = np.array([*layout.own, *layout.shared])
        settings = settings.lacking(*sorted(set(kinds[unknown]) - set(np.delete(kinds, unknown))))
    net = _net(settings, layout)
    if isinstance(net, Transformer):
        net.silence(_constant(every), unknown)
    head = Head(settings, net, own, shared, layout)
    objective = Objective(head, rows, weights)
    train(
        net,
        objective,
        rows=len(rows),
        seeds=settings.seeds,
        schedule=settings.schedule,
        generator=torch.Generator().manual_seed(settings.seed),
        unfinished=unfinished,
        on_pass=objective.starts,
    )
    return head


def _net(settings: HeadSettings, layout: Layout) -> Heads | Transformer:
    if settings.kind == "transformer":
        return _transformer(settings, layout)
    return Heads(
        own=len(_kept(layout.own, settings)),
        shared=len(_kept(layout.shared, settings)),
        kind=settings.kind,
        seeds=settings.seeds,
        width=settings.width,
        bottleneck=settings.bottleneck,
        dropout=settings.dropout,
        shared_dropout=settings.shared_dropout,
    )


def _transformer(settings: HeadSettings, layout: Layout) -> Transformer:
    kinds = [*layout.own, *(kind or "shared" for kind in layout.shared)]
    queried = {"", *STATE} - {*settings.without}
    state = [at for at, kind in enumerate(kinds) if kind in queried]
    told = sorted(set(kinds) - {"", *STATE, *settings.without})
    return Transformer(
        state=state,
        context={one: [at for at, kind in enumerate(kinds) if kind == one] for one in told},
        seeds=settings.seeds,
        fusion=settings.fusion or Fusion(),
        dropout=settings.dropout,
        context_dropout=settings.shared_dropout,
    )


def _kept(kinds: Sequence[str], settings: HeadSettings) -> list[int]:
    """Columns that a head reads."""
    return [at for at, kind in enumerate(kinds) if kind not in settings.without]


def _constant(values: Float[np.ndarray, "row input"]) -> list[int]:
    """Columns that have one value wherever they are known."""
    low = np.where(np.isfinite(values), values, np.inf).min(axis=0)
    high = np.where(np.isfinite(values), values, -np.inf).max(axis=0)
    return np.flatnonzero(high == low).tolist()


def _padded(x: Tensor) -> Tensor:
    """A block of fewer rows, filled up with zeros."""
    return functional.pad(x, (0, 0) * (x.ndim - 1) + (0, BLOCK - len(x)))
