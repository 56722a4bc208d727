"""European and American options on shares, currencies and futures."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from models.instruments.american import Premiums
from models.instruments.cash_flows import State
from models.instruments.forwards import Forwards
from models.instruments.surface import Variances

TINY = 1e-300
"""Stands for a price that is not positive: an option cannot take its logarithm."""


@dataclass(frozen=True, slots=True)
class OptionBatch:
    """All options of a book of one style.

    The price net of dividends to come is lognormal (for a future or a forward, itself), which is
    Black's formula on the forward price. The right to exercise early adds a premium.

    Attributes
    ----------
    positions : tuple of int
    forwards : Forwards
    variances : Variances
    quantities, strikes : tensor of shape (position, 1)
        Units of the underlying.
    signs : tensor of shape (position, 1)
        1 for a call, -1 for a put.
    premiums : Premiums or None
        What exercising early is worth; None for European options.
    """

    positions: tuple[int, ...]
    forwards: Forwards
    variances: Variances
    quantities: torch.Tensor
    strikes: torch.Tensor
    signs: torch.Tensor
    premiums: Premiums | None = None

    def values(self, state: State) -> torch.Tensor:
        """Values of shape (position, path), each in the currency of the quote."""
        spot, discount, yields = self.forwards.parts(state)
        variance = self.variances.total(state.levels)
        price = black(spot, discount, yields, variance, self.strikes, self.signs)
        if self.premiums is not None:
            early = self.premiums.values(spot, discount, yields, variance)
            exercised = self.signs * (state.levels[self.forwards.spot_rows] - self.strikes)
            price = torch.maximum(price + early, exercised)
        return self.quantities * price


def black(
    spot: torch.Tensor,
    discount: torch.Tensor,
    yields: torch.Tensor,
    variance: torch.Tensor,
    strikes: torch.Tensor,
    signs: torch.Tensor,
) -> torch.Tensor:
    """Price of European options.

    Parameters
    ----------
    spot : tensor
        Price net of dividends to come. Where it is not positive a call is worth nothing and a
        put what put-call parity says.
    discount, yields : tensor
        Logarithms of the discount factor and of what a unit of the underlying shrinks to.
    variance : tensor
        Total variance to expiry, positive.
    strikes, signs : tensor
        ``signs`` is 1 for a call, -1 for a put.

    References
    ----------
    Black (1976), *The pricing of commodity contracts*.
    """
    delivered, paid = spot * torch.exp(yields), strikes * torch.exp(discount)
    positive = torch.clamp(delivered, min=TINY)
    deviation = torch.sqrt(variance)
    upper = torch.log(positive / paid) / deviation + 0.5 * deviation
    ndtr = torch.special.ndtr
    price = signs * (positive * ndtr(signs * upper) - paid * ndtr(signs * (upper - deviation)))
    return torch.where(delivered > 0.0, price, torch.clamp(signs, max=0.0) * (delivered - paid))
