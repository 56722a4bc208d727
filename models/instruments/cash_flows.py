"""Everything that pays fixed amounts on fixed days: bonds, floaters, swaps, credit default swaps.

A payment is an amount times discount factors and a survival probability. A floating payment is
the ratio of two discount factors less one, so it is two such payments. The logarithm of each is
linear in zero rates and cumulative default intensities, and one exponential prices it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float

from models.instruments.discounting import Discounts, Product, discounts
from models.instruments.hazards import CreditIndex, survival_weights
from models.instruments.risk_factors import FactorIndex

BLOCK = 8
"""Positions valued by one matrix product: more would mostly multiply zeros."""

Payment = tuple[tuple[tuple[tuple[str, float], float], ...], float | None]


@dataclass(frozen=True, slots=True)
class State:
    """Where the market stands in each scenario.

    Attributes
    ----------
    levels : tensor of shape (factor, path)
    knots : tensor of shape (knot, path)
        Cumulative default intensities that follow from the levels.
    """

    levels: torch.Tensor
    knots: torch.Tensor


@dataclass(slots=True)
class Legs:
    """What one unit of a position pays.

    Attributes
    ----------
    issuer, curve : str
        Whose default ends it, and the curve its spreads are discounted on; empty for none.
    on_default : float
        What it is worth once the issuer has defaulted.
    """

    issuer: str = ""
    curve: str = ""
    on_default: float = 0.0
    _amounts: dict[Payment, float] = field(default_factory=dict[Payment, float])

    def pay(self, amount: float, product: Product, *, alive_at: float | None = None) -> None:
        """Add a payment.

        Parameters
        ----------
        amount : float
            Received; negative is paid.
        product : mapping of (curve, years) to power
            Discount factors that multiply it; equal ones of opposite power cancel.
        alive_at : float, optional
            Time in years to which the issuer has to survive.
        """
        kept = tuple(sorted((key, power) for key, power in product.items() if power != 0.0))
        survive = alive_at if self.issuer and alive_at else None
        payment = (kept, survive)
        self._amounts[payment] = self._amounts.get(payment, 0.0) + amount

    def payments(self) -> list[tuple[Payment, float]]:
        """Every payment that is not cancelled by another, and its amount."""
        return [(payment, amount) for payment, amount in self._amounts.items() if amount != 0.0]


@dataclass(frozen=True, slots=True)
class _Block:
    """A few positions on the same curves and, if any, of the same issuer."""

    discounts: Discounts
    knot_rows: torch.Tensor
    survival: torch.Tensor
    amounts: torch.Tensor
    default_row: int | None
    on_default: torch.Tensor

    def values(self, state: State) -> torch.Tensor:
        exponents = self.discounts.log(state.levels)
        if len(self.knot_rows):
            exponents = exponents + self.survival @ state.knots[self.knot_rows]
        alive = self.amounts @ torch.exp(exponents)
        if self.default_row is None:
            return alive
        return alive + state.levels[self.default_row] * (self.on_default - alive)


@dataclass(frozen=True, slots=True)
class CashFlowBatch:
    """All positions of a book that pay fixed amounts on fixed days.

    Attributes
    ----------
    positions : tuple of int
        Their places in the book.
    """

    positions: tuple[int, ...]
    blocks: tuple[_Block, ...]

    def values(self, state: State) -> torch.Tensor:
        """Values of shape (position, path), each in its own currency."""
        return torch.cat([block.values(state) for block in self.blocks])


def cash_flow_batch(
    legs: Mapping[int, Legs],
    quantities: Float[np.ndarray, " position"],
    index: FactorIndex,
    credit: CreditIndex,
) -> CashFlowBatch:
    """Batch the legs of some positions.

    Parameters
    ----------
    legs : mapping of place in the book to Legs
    quantities : array of shape (position,)
        Of the whole book.
    index : FactorIndex
    credit : CreditIndex

    Raises
    ------
    ValueError
        If a curve or an issuer is not in the market.
    """
    alike: dict[tuple[str, ...], list[int]] = {}
    for place, each in legs.items():
        names = {name for (product, _), _ in each.payments() for (name, _), _ in product}
        alike.setdefault((each.issuer, each.curve, *sorted(names)), []).append(place)
    blocks: list[_Block] = []
    positions: list[int] = []
    for places in alike.values():
        for start in range(0, len(places), BLOCK):
            some = places[start : start + BLOCK]
            blocks.append(_block([legs[each] for each in some], quantities[some], index, credit))
            positions += some
    return CashFlowBatch(tuple(positions), tuple(blocks))


def _block(
    legs: Sequence[Legs],
    quantities: Float[np.ndarray, " position"],
    index: FactorIndex,
    credit: CreditIndex,
) -> _Block:
    lines = list(dict.fromkeys(payment for each in legs for payment, _ in each.payments()))
    place = {payment: line for line, payment in enumerate(lines)}
    amounts = np.zeros((len(legs), len(lines)))
    for row, each in enumerate(legs):
        for payment, amount in each.payments():
            amounts[row, place[payment]] = quantities[row] * amount
    issuer, curve = legs[0].issuer, legs[0].curve
    times, knots = credit.rows(issuer, curve) if issuer else (np.empty(0), [])
    survival = np.zeros((len(lines), len(knots)))
    for line, (_, alive_at) in enumerate(lines):
        if alive_at is not None:
            survival[line] = -survival_weights(times, alive_at)
    on_default = quantities * np.array([each.on_default for each in legs])
    return _Block(
        discounts=discounts([dict(product) for product, _ in lines], index),
        knot_rows=torch.tensor(knots, dtype=torch.int64),
        survival=torch.from_numpy(survival),
        amounts=torch.from_numpy(amounts),
        default_row=index.default(issuer) if issuer else None,
        on_default=torch.from_numpy(on_default)[:, None],
    )
