"""Shares, funds and currencies: worth their quantity times the price."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from models.instruments.cash_flows import State


@dataclass(frozen=True, slots=True)
class SpotBatch:
    """All positions of a book whose value is proportional to one factor.

    Attributes
    ----------
    positions : tuple of int
    rows : int tensor of shape (position,)
        Row of each position's price.
    quantities : tensor of shape (position, 1)
    """

    positions: tuple[int, ...]
    rows: torch.Tensor
    quantities: torch.Tensor

    def values(self, state: State) -> torch.Tensor:
        """Values of shape (position, path), each in the currency of its quote."""
        return self.quantities * state.levels[self.rows]
