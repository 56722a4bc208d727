"""Fitting a residual head, and forecasting with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from models.tail.heads import HeadKind, Heads
from models.tail.inputs import Rows
from models.tail.loss import fz0, scale_loss
from models.tail.transport import (
    KNOTS,
    TailMap,
    knot_shares,
    knot_shortfall,
    scale,
    tail_map,
    tails,
)
from models.training import Schedule, single_threaded, train

CLIP = 5.0
"""Inputs beyond five training deviations are read as five: a head does not extrapolate."""


BLOCK = 256
"""Rows forecast at a time: about a year of one series."""


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """What a head is and how it is trained; all of it enters its content key."""

    kind: HeadKind
    seeds: int = 3
    seed: int = 0
    width: int = 32
    bottleneck: int = 4
    dropout: float = 0.1
    shared_dropout: float = 0.3
    scale_weight: float = 2.0
    schedule: Schedule = field(default_factory=Schedule)


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

    def __call__(self, values: Float[np.ndarray, "row input"]) -> Float[np.ndarray, "row input"]:
        """Standardise; what is missing becomes zero, the training mean."""
        scaled = (values - self.centre) / self.spread
        return np.clip(np.where(np.isfinite(scaled), scaled, 0.0), -CLIP, CLIP)


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted ensemble with the scaling of its inputs."""

    settings: HeadSettings
    net: Heads
    own: Standard
    shared: Standard

    def map(self, rows: Rows) -> TailMap:
        """The ensemble's mean map; rows without a tail to reshape keep the base."""
        net = self.net.double().eval()
        source = torch.as_tensor(rows.var)
        inputs = [torch.as_tensor(x) for x in (self.own(rows.own), self.shared(rows.shared))]
        with torch.no_grad(), single_threaded():
            raw = torch.cat([net(*block) for block in self._blocks(inputs)], dim=1)
            learned = tail_map(raw[:, : len(rows)], source)
        keep = torch.as_tensor(rows.reshapable)[:, None]
        return TailMap(
            source,
            torch.where(keep, learned.image.mean(dim=0), source),
            torch.where(keep, learned.slope.mean(dim=0), 1.0),
        )

    def _blocks(self, inputs: list[Tensor]) -> Iterator[list[Tensor]]:
        """Rows in blocks of one size: a product's last bits may depend on how many rows it has."""
        for start in range(0, len(inputs[0]), BLOCK):
            parts = [x[start : start + BLOCK].double() for x in inputs]
            padded = [functional.pad(x, (0, 0, 0, BLOCK - len(x))) for x in parts]
            yield [x.expand(self.settings.seeds, *x.shape) for x in padded]

    def to_bytes(self) -> bytes:
        """Weights as safetensors, settings and shape as JSON in its header."""
        from safetensors.torch import save

        tensors = {name: value.float() for name, value in self.net.state_dict().items()}
        for name, standard in (("own", self.own), ("shared", self.shared)):
            tensors[f"{name}.centre"] = torch.as_tensor(standard.centre)
            tensors[f"{name}.spread"] = torch.as_tensor(standard.spread)
        header = {"settings": json.dumps(asdict(self.settings), sort_keys=True)}
        return save(tensors, metadata=header)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Head:
        """Inverse of `to_bytes`; the caller has checked the payload's hash."""
        from safetensors.torch import load

        tensors = load(payload)
        size = int.from_bytes(payload[:8], "little")
        stored: dict[str, Any] = json.loads(
            json.loads(payload[8 : 8 + size])["__metadata__"]["settings"]
        )
        stored["schedule"] = Schedule(**stored["schedule"])
        settings = HeadSettings(**stored)
        own, shared = (
            Standard(tensors.pop(f"{name}.centre").numpy(), tensors.pop(f"{name}.spread").numpy())
            for name in ("own", "shared")
        )
        net = _net(settings, own=len(own.centre), shared=len(shared.centre))
        net.load_state_dict(tensors)
        return cls(settings, net, own, shared)


def fit_head(
    rows: Rows, settings: HeadSettings, *, weights: Float[np.ndarray, " row"] | None = None
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
    net = _net(settings, own=rows.own.shape[1], shared=rows.shared.shape[1])
    head = Head(settings, net, own, shared)
    train(
        net,
        _Objective(head, rows, weights),
        rows=len(rows),
        seeds=settings.seeds,
        schedule=settings.schedule,
        generator=torch.Generator().manual_seed(settings.seed),
    )
    return head


def _net(settings: HeadSettings, *, own: int, shared: int) -> Heads:
    return Heads(
        own=own,
        shared=shared,
        kind=settings.kind,
        seeds=settings.seeds,
        width=settings.width,
        bottleneck=settings.bottleneck,
        dropout=settings.dropout,
        shared_dropout=settings.shared_dropout,
    )


class _Objective:
    """FZ0 at the knots plus the likelihood of the scale, over row numbers of shape (seed, batch).

    Only one move in forty tells of the 97.5% tail, but every move tells of the scale: judging the
    scale on all of them as well is what lets a small sample teach it.
    """

    def __init__(
        self, head: Head, rows: Rows, weights: Float[np.ndarray, " row"] | None = None
    ) -> None:
        var = torch.as_tensor(rows.var)
        # Each block goes to single precision at once: several processes hold theirs together.
        columns = [
            torch.as_tensor(head.own(rows.own)).float(),
            torch.as_tensor(head.shared(rows.shared)).float(),
            var.float(),
            *(share.float() for share in knot_shares(var, torch.as_tensor(rows.es))),
            torch.as_tensor(rows.move[:, None]).float(),
        ]
        if weights is not None:  # over their mean, so that a step is as long as without them
            columns.append(torch.as_tensor((weights / weights.mean())[:, None]).float())
        # One gather of whole rows per batch costs a fraction of one per column block.
        self.rows = torch.cat(columns, dim=1)
        self.widths = [column.shape[1] for column in columns]
        self.net, self.scale_weight = head.net, head.settings.scale_weight
        self.tail = torch.as_tensor(tails(KNOTS), dtype=torch.float32)

    def __call__(self, batch: Tensor) -> Tensor:
        own, shared, var, share, excess, move, *weight = self.rows[batch].split(self.widths, dim=-1)
        raw = self.net(own, shared)
        learned = tail_map(raw, var)
        es = knot_shortfall(learned, share, excess)
        score = fz0(move, learned.image, es, self.tail).mean(dim=-1, keepdim=True)
        value = score + self.scale_weight * scale_loss(move, scale(raw))
        if weight:
            value = value * weight[0]
        return value.mean(dim=1).sum()
