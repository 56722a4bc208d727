"""What the three neural laws share: drawing in blocks, and keeping the training moments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from models.scenarios.standard import Standard
from models.training import single_threaded

BLOCK = 4096
"""Paths pushed through a net at a time: what they need stays in a core's cache."""

MATCHED = 200_000
"""Draws whose moments are set to those of the training factors; sampling error 0.2%."""


MOVED = (Standard, torch.nn.Module)


@dataclass(frozen=True, eq=False)
class NeuralLaw(ABC):
    """A generator of near Gaussian vectors, and the map from those to factors."""

    standard: Standard

    @property
    @abstractmethod
    def name(self) -> str:
        """Name in manifests and tables."""

    @abstractmethod
    def vectors(self, known: Tensor, generator: torch.Generator) -> Tensor:
        """One block of Gaussian-like vectors of shape (path, factor), from standardised conditions.

        They become factors by ``standard``.
        """

    def draw(
        self, condition: Float[Tensor, "path condition"], *, generator: torch.Generator
    ) -> Float[Tensor, "path factor"]:
        """One session's factor moves of each path, each under its own condition.

        Parameters
        ----------
        condition : Tensor of shape (path, condition)
            Raw; beyond the training range it is read as the end of that range.
        generator : torch.Generator
            On the condition's device. The same seed and conditions give the same draw.
        """
        moves: list[Tensor] = []
        with torch.inference_mode(), single_threaded():
            for block in condition.split(BLOCK):
                known = self.standard.moments.known(block)
                moves.append(self.standard(self.vectors(known, generator), known))
            return torch.cat(moves)

    def to(self, device: torch.device | str) -> NeuralLaw:
        """The law on another device, where its conditions and generator must then be.

        Its nets are moved, not copied.
        """
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(
            self, **{name: x.to(device) for name, x in own.items() if isinstance(x, MOVED)}
        )

    @abstractmethod
    def to_bytes(self) -> bytes:
        """Weights as safetensors, settings as JSON in the header."""


Law = TypeVar("Law", bound=NeuralLaw)


def matched(law: Law, known: Tensor, generator: torch.Generator) -> Law:
    """The law whose draws over all training conditions have the training moments."""
    repeated = known.repeat(-(-MATCHED // len(known)), 1)
    with torch.inference_mode(), single_threaded():
        drawn = torch.cat([law.vectors(block, generator) for block in repeated.split(BLOCK)])
        return replace(law, standard=law.standard.matched(drawn, repeated))
