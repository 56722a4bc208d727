"""The one net of the neural generators, and how a fitted one is kept as bytes."""

from __future__ import annotations

import json
import math
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

WAVES = 2
"""Frequencies of the time embedding: a sine and a cosine of each."""


class ResidualNet(nn.Module):
    """A small residual net of a point, a condition and perhaps a time, which starts at zero.

    The last layer is zero until it is trained: whatever is built from the net's output is then its
    own untrained form, here the Gaussian copula.

    Parameters
    ----------
    inputs, condition, outputs : int
        Size of a point, of a standardised condition and of an answer.
    width, depth : int
        Hidden units, and residual layers between the first and the last.
    haze : float
        Spread of the noise put on the condition while training. The states of a market change
        slowly: 4,000 sessions hold few independent ones, and a net that sees them sharply learns
        dates by heart. Drawn from torch's global state, as dropout is.
    """

    def __init__(
        self,
        *,
        inputs: int,
        condition: int,
        outputs: int,
        width: int,
        depth: int,
        haze: float = 0.0,
    ) -> None:
        super().__init__()
        self.haze = haze
        self.point = nn.Linear(inputs, width)
        self.state = nn.Linear(condition, width, bias=False)
        self.time = nn.Linear(2 * WAVES, width, bias=False)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.last = nn.Linear(width, outputs)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    @property
    def device(self) -> torch.device:
        """Where the weights are; training may move them."""
        return self.last.weight.device

    def context(self, known: Tensor) -> Tensor:
        """What the condition adds to the first layer: computed once for all steps of a draw."""
        if self.training and self.haze > 0.0:
            known = known + self.haze * torch.randn_like(known)
        return self.state(known)

    def forward(self, point: Tensor, context: Tensor, time: Tensor | None = None) -> Tensor:
        """Answer at points of shape (row, input) and times of shape (row, 1) or (1, 1)."""
        first = self.point(point) + context
        if time is not None:
            turns = torch.cat([math.pi * wave * time for wave in range(1, WAVES + 1)], dim=-1)
            first = first + self.time(torch.cat([turns.cos(), turns.sin()], dim=-1))
        hidden = functional.silu(first)
        for layer in self.hidden:
            hidden = hidden + functional.silu(layer(hidden))
        return self.last(hidden)

    @classmethod
    def stored(cls, tensors: dict[str, Tensor], prefix: str) -> ResidualNet:
        """The net whose weights are stored under a prefix; their shapes say what it is."""
        own = {
            name.removeprefix(prefix): value
            for name, value in tensors.items()
            if name.startswith(prefix)
        }
        width, inputs = own["point.weight"].shape
        net = cls(
            inputs=inputs,
            condition=own["state.weight"].shape[1],
            outputs=len(own["last.bias"]),
            width=width,
            depth=sum(name.endswith(".bias") for name in own) - 2,
        )
        net.load_state_dict(own)
        return net.eval()


def to_payload(settings: dict[str, object], tensors: dict[str, Tensor]) -> bytes:
    """Weights as safetensors, settings as JSON in the header."""
    from safetensors.torch import save

    stored = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    return save(stored, metadata={"settings": json.dumps(settings, sort_keys=True)})


def from_payload(payload: bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Inverse of `to_payload`; the caller has checked the payload's hash."""
    from safetensors.torch import load

    tensors = load(payload)
    size = int.from_bytes(payload[:8], "little")
    header = json.loads(payload[8 : 8 + size])["__metadata__"]["settings"]
    return cast("dict[str, Any]", json.loads(header)), tensors
