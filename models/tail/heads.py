"""The residual heads: several seeds of one small net, held and trained side by side."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from models.tail.transport import OUTPUTS

HeadKind = Literal["linear", "mlp", "transformer"]


class SeededLinear(nn.Module):
    """One linear layer per seed, applied as a single batched product.

    The layers are small, so on a CPU the cost is the call, not the arithmetic: five seeds side by
    side take about as long as two in turn.
    """

    def __init__(self, seeds: int, inputs: int, outputs: int, *, zero: bool = False) -> None:
        super().__init__()
        bound = 0.0 if zero else max(inputs, 1) ** -0.5
        self.weight = nn.Parameter(torch.empty(seeds, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(seeds, 1, outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """Map (seed, row, input) to (seed, row, output)."""
        return torch.baddbmm(self.bias, x, self.weight)


class ByteDropout(nn.Module):
    """Dropout that takes eight decisions from one random draw.

    Drawing a number per unit costs more than all products of these small nets together. A byte
    decides instead, so that the rate is rounded to the nearest 256th.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.dropped = round(256 * rate)

    def forward(self, x: Tensor) -> Tensor:
        """Drop units while training and scale up those that stay; pass through otherwise."""
        if not self.training or self.dropped == 0:
            return x
        draws = torch.randint(-(2**63), 2**63 - 1, (-(-x.numel() // 8),), device=x.device)
        kept = draws.view(torch.uint8)[: x.numel()].view(x.shape) >= self.dropped
        return x * kept * (256 / (256 - self.dropped))


class Heads(nn.Module):
    """An ensemble of residual heads; its outputs are the raw parameters of `transport.tail_map`.

    The output layer starts at zero, so an untrained head is the statistical base.

    Parameters
    ----------
    own, shared : int
        Number of per-series inputs, and of inputs common to all series.
    kind : {"linear", "mlp"}
        The third kind is `models.tail.transformer.Transformer`.
        ``linear`` maps all inputs at once. ``mlp`` squeezes the shared inputs first: they vary
        only by date, so there are few independent observations of them and a wide net would
        memorise the dates.
    seeds : int
        Heads in the ensemble, each from its own start and shuffle.
    width, bottleneck : int
        Hidden units, and units that the shared inputs are squeezed to (``mlp`` only).
    dropout, shared_dropout : float
        Share of hidden units, and of shared inputs, dropped in training (``mlp`` only).
    """

    def __init__(
        self,
        *,
        own: int,
        shared: int,
        kind: HeadKind,
        seeds: int,
        width: int = 32,
        bottleneck: int = 4,
        dropout: float = 0.1,
        shared_dropout: float = 0.3,
    ) -> None:
        super().__init__()
        if kind == "linear":
            self.context: nn.Module | None = None
            self.trunk: nn.Module = nn.Identity()
            self.out = SeededLinear(seeds, own + shared, OUTPUTS, zero=True)
            return
        self.context = nn.Sequential(
            ByteDropout(shared_dropout), SeededLinear(seeds, shared, bottleneck), nn.Tanh()
        )
        self.trunk = nn.Sequential(
            SeededLinear(seeds, own + bottleneck, width),
            nn.SiLU(),
            ByteDropout(dropout),
            SeededLinear(seeds, width, width),
            nn.SiLU(),
            ByteDropout(dropout),
        )
        self.out = SeededLinear(seeds, width, OUTPUTS, zero=True)

    def forward(self, own: Tensor, shared: Tensor) -> Tensor:
        """Map (seed, row, input) arrays to raw outputs of shape (seed, row, output)."""
        context = shared if self.context is None else self.context(shared)
        return self.out(self.trunk(torch.cat([own, context], dim=-1)))
