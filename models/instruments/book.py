"""A book of positions, batched by how they are priced, and what each is worth in every scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float

from features.positions import Position
from features.pricing_market import PricingMarket
from models.instruments.bond import bond_legs
from models.instruments.bond_future import bond_future_legs
from models.instruments.cash_flows import Legs, State, cash_flow_batch
from models.instruments.cds import cds_legs
from models.instruments.currency import Conversion, conversion
from models.instruments.frn import frn_legs
from models.instruments.hazards import CreditIndex, Hazards
from models.instruments.irs import irs_legs
from models.instruments.kinds import forward_batch, future_batch, option_batches
from models.instruments.risk_factors import Factor, FactorIndex, base_levels, levels
from models.instruments.spot import SpotBatch
from models.instruments.terms import named

_LEGS: Mapping[str, Callable[[Position, PricingMarket], Legs]] = {
    "bond": bond_legs,
    "frn": frn_legs,
    "irs": irs_legs,
    "cds": cds_legs,
    "bond_future": bond_future_legs,
}


@runtime_checkable
class Batch(Protocol):
    """Positions that are priced together."""

    @property
    def positions(self) -> tuple[int, ...]:
        """Their places in the book."""
        ...

    def values(self, state: State) -> torch.Tensor:
        """Values of shape (position, path), each in its own currency."""
        ...


@dataclass(frozen=True, slots=True)
class PricedBook:
    """Positions that can be valued in any scenario of the factors they depend on.

    The market moves at once: no time passes between today and the scenario.

    Attributes
    ----------
    positions : tuple of Position
    base_currency : str
    factors : tuple of Factor
        Everything the values depend on, in the order of the axis ``factor``.
    """

    positions: tuple[Position, ...]
    base_currency: str
    factors: tuple[Factor, ...]
    hazards: Hazards
    batches: tuple[Batch, ...]
    conversion: Conversion
    places: torch.Tensor

    def values(self, at: torch.Tensor) -> torch.Tensor:
        """Market values in the base currency, of shape (position, path).

        Parameters
        ----------
        at : tensor of shape (factor, path), float64
            Level of every factor. Differentiable in all of them.
        """
        if not self.positions:
            return at.new_zeros((0, at.shape[1]))
        state = State(at, self.hazards.knots(at))
        found = torch.cat([batch.values(state) for batch in self.batches])[self.places]
        return found * self.conversion.rates(at)

    def moved(self, moves: torch.Tensor) -> torch.Tensor:
        """Market values after moves of shape (factor, path), each in its factor's own move."""
        base, is_log = base_levels(self.factors)
        return self.values(levels(moves, base, is_log))

    def today(self) -> Float[np.ndarray, " position"]:
        """Market values in the base currency at today's levels."""
        base, _ = base_levels(self.factors)
        return self.values(base)[:, 0].numpy()


def priced_book(
    positions: Sequence[Position], market: PricingMarket, *, base_currency: str
) -> PricedBook:
    """Build the pricing of a book once, for any number of scenarios.

    Parameters
    ----------
    positions : sequence of Position
        As the gate let them through: known, alive, with finite quantities.
    market : PricingMarket
    base_currency : str
        Of the values.

    Returns
    -------
    PricedBook

    Raises
    ------
    ValueError
        If a position lacks a term, or the market lacks a price, a curve, spreads, a volatility
        or an exchange rate that it needs; the message begins with the position's name.
    """
    index = FactorIndex(market)
    credit = CreditIndex(index)
    quantities = np.array([each.quantity for each in positions], dtype=np.float64)
    kinds: dict[str, list[int]] = {}
    for place, each in enumerate(positions):
        kinds.setdefault(_kind(each), []).append(place)
    batches: list[Batch] = []
    legs: dict[int, Legs] = {}
    for kind, places in kinds.items():
        some = {place: positions[place] for place in places}
        if kind in _LEGS:
            for place, position in some.items():
                with named(position):
                    legs[place] = _LEGS[kind](position, market)
        elif kind in ("equity", "fx_spot"):
            batches.append(_spot_batch(some, quantities, index))
        elif kind == "fx_forward":
            batches.append(forward_batch(some, index))
        elif kind == "future":
            batches.append(future_batch(some, index))
        elif kind == "option":
            batches += option_batches(some, index)
        else:
            raise ValueError(f"type {kind!r} is not priced. Use one of the documented types.")
    if legs:
        batches.append(cash_flow_batch(legs, quantities, index, credit))
    order = [place for batch in batches for place in batch.positions]
    return PricedBook(
        positions=tuple(positions),
        base_currency=base_currency,
        conversion=conversion([each.currency for each in positions], base_currency, index),
        hazards=credit.hazards(),
        factors=index.factors,
        batches=tuple(batches),
        places=torch.from_numpy(np.argsort(np.array(order, dtype=np.int64))),
    )


def _kind(position: Position) -> str:
    """How a position is priced: a future with a coupon is one on a bond."""
    if position.type == "future" and position.coupon is not None:
        return "bond_future"
    return position.type


def _spot_batch(
    positions: Mapping[int, Position],
    quantities: Float[np.ndarray, " position"],
    index: FactorIndex,
) -> SpotBatch:
    places = list(positions)
    return SpotBatch(
        positions=tuple(places),
        rows=torch.tensor([index.spot(each.instrument) for each in positions.values()]),
        quantities=torch.from_numpy(quantities[places])[:, None],
    )
