"""What a head is trained on: FZ0 at the knots, and the likelihood of the scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.tail.inputs import Rows
from models.tail.loss import fz0, scale_loss
from models.tail.past import WINDOW, in_sigmas, sliding
from models.tail.transport import KNOTS, knot_shares, knot_shortfall, scale, tail_map, tails

if TYPE_CHECKING:
    from models.tail.learned import Head


class Objective:
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
            *(x.float() for x in head.read(rows)),
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
        self.scale_passes, self.tail_weight = head.settings.scale_passes, 1.0
        self.tail = torch.as_tensor(tails(KNOTS), dtype=torch.float32)
        self.windows = _Windows(rows, head.settings.without) if head.reads_past else None

    def starts(self, number: int) -> None:
        """Say which pass begins: the first ones may learn the scale alone."""
        self.tail_weight = float(number >= self.scale_passes)

    def __call__(self, batch: Tensor) -> Tensor:
        """Sum over seeds of the mean loss of their rows, shape (seed, batch)."""
        if self.rows.device != batch.device:
            self.rows, self.tail = self.rows.to(batch.device), self.tail.to(batch.device)
        own, shared, var, share, excess, move, *weight = self.rows[batch].split(self.widths, dim=-1)
        past = [] if self.windows is None else [self.windows(batch)]
        raw = self.net(own, shared, *past).float()
        learned = tail_map(raw, var)
        es = knot_shortfall(learned, share, excess)
        score = fz0(move, learned.image, es, self.tail).mean(dim=-1, keepdim=True)
        value = self.tail_weight * score + self.scale_weight * scale_loss(move, scale(raw))
        if weight:
            value = value * weight[0]
        return value.mean(dim=1).sum()


class _Windows:
    """Windows of rows, gathered batch by batch from where each series is held once."""

    def __init__(self, rows: Rows, without: Sequence[str]) -> None:
        past = rows.past
        if past is None:
            raise ValueError(
                "rows must hold the past that a transformer reads, got none. "
                "Make them by models.tail.inputs.series_rows."
            )
        past = past.lacking(without)
        # A worker is handed what it may not write to, and torch warns of sharing that.
        self.sliding = sliding(torch.tensor(past.tracks))
        self.start = torch.as_tensor(past.at - (WINDOW - 1))
        self.sigma = torch.as_tensor(past.sigma)[:, None]

    def __call__(self, batch: Tensor) -> Tensor:
        if self.start.device != batch.device:
            self.sliding, self.start, self.sigma = (
                x.to(batch.device) for x in (self.sliding, self.start, self.sigma)
            )
        return in_sigmas(self.sliding[self.start[batch]], self.sigma[batch])
