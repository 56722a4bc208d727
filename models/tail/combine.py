"""The default forecast: the learned tails averaged with the statistical ones they start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from models.tail.inputs import Rows
from models.tail.transport import TailMap, identity, mixture


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares of the mean, fixed beforehand on targets up to 2014; they sum to one."""

    mlp: float = 0.15
    linear: float = 0.25
    transformer: float = 0.4
    fhs: float = 0.0
    evt: float = 0.2

    @property
    def heads(self) -> dict[str, float]:
        """Shares of the learned tails that have one."""
        shares = {"mlp": self.mlp, "linear": self.linear, "transformer": self.transformer}
        return {kind: share for kind, share in shares.items() if share}

    def __post_init__(self) -> None:
        total = self.mlp + self.linear + self.transformer + self.fhs + self.evt
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"weights must sum to one, got {total:g}. Rescale them.")


def pareto_map(rows: Rows, var: torch.Tensor, es: torch.Tensor) -> TailMap:
    """The extreme-value forecast as a map of the empirical one.

    Parameters
    ----------
    rows : Rows
        Of the empirical base.
    var, es : Tensor of shape (row, knot)
        ``gjr_evt`` at the knots, in units of sigma.
    """
    source = torch.as_tensor(rows.var)
    excess = torch.as_tensor(rows.es[:, -1:] - rows.var[:, -1:])
    slope = torch.where(excess > 0, (es[:, -1:] - var[:, -1:]) / excess, 1.0)
    keep = torch.as_tensor(rows.reshapable)[:, None]
    return TailMap(source, torch.where(keep, var, source), torch.where(keep, slope, 1.0))


def combined(heads: Mapping[str, TailMap], pareto: TailMap, weights: Weights) -> TailMap:
    """Mean of the learned maps, the base left as it is, and the extreme-value map."""
    base = identity(pareto.source)
    shares = weights.heads
    return mixture(
        [*(heads[kind] for kind in shares), base, pareto],
        [*shares.values(), weights.fhs, weights.evt],
    )


def joined_by(maps: Sequence[TailMap], shares: torch.Tensor) -> TailMap:
    """Mean of maps of one base by shares of shape (row, map) that differ from row to row."""
    parts = list(zip(shares.split(1, dim=1), maps, strict=True))
    image = sum(share * one.image for share, one in parts)
    slope = sum(share * one.slope for share, one in parts)
    return TailMap(maps[0].source, torch.as_tensor(image), torch.as_tensor(slope))
