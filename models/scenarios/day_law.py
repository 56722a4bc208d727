"""What a neural generator learns: the law of one session, given what was known before it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from features.crosssection import BLOCKS

MACRO = ("implied_volatility", "high_yield_spread", "term_slope")
"""Readings that a path holds at their value at the as-of."""

CONDITION = (
    "volatility_market",
    *(f"volatility_{block}" for block in BLOCKS),
    "regime_low",
    "regime_high",
    "regime_crisis",
    *(f"macro_{reading}" for reading in MACRO),
    *(f"stress_{block}" for block in BLOCKS),
)
"""Columns of a condition, all known before the session they condition.

``volatility_*`` are means over assets of the log of conditional volatility over its long-run level,
market wide and by block; ``regime_*`` probabilities that sum to one; ``macro_*`` readings of
published series, zero where a market has none; ``stress_*`` exponentially weighted sums of a
block's latest standardised moves. Standardised by the fit: the law is handed raw values.
"""


@runtime_checkable
class DayLaw(Protocol):
    """The law of one session's Gaussianised, whitened factor moves given what was known before."""

    @property
    def name(self) -> str:
        """``flow``, ``diffusion`` or ``vae``."""
        ...

    def draw(
        self, condition: Float[Tensor, "path condition"], *, generator: torch.Generator
    ) -> Float[Tensor, "path factor"]:
        """One session of each path: float32, near standard normal over all of history.

        Parameters
        ----------
        condition : Tensor of shape (path, condition)
            float32, columns in the order of `CONDITION`, raw; clipped to the training range by
            the law.
        generator : torch.Generator
            The chunk's. The same seed and condition give the same draw.
        """
        ...

    def to_bytes(self) -> bytes:
        """Weights as safetensors with settings as JSON in the header; never a pickle."""
        ...
