"""Forward prices of shares, currencies and futures, and what follows linearly from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import torch

from models.instruments.cash_flows import State
from models.instruments.discounting import Discounts, Product, curve_of, discounts
from models.instruments.risk_factors import FactorIndex


@dataclass(frozen=True, slots=True)
class Delivery:
    """One underlying to be delivered on one day.

    Attributes
    ----------
    underlying : str
        A price or an FX rate.
    date : pandas.Timestamp
    curve : str
        Curve that discounts payments in the currency of the quote; empty where none are.
    carried : bool
        Whether the forward price follows from the spot price by carry. That of a future, or of a
        commodity, is the price itself.
    """

    underlying: str
    date: pd.Timestamp
    curve: str
    carried: bool


@dataclass(frozen=True, slots=True)
class Forwards:
    """Forward prices, one a line.

    A share is worth its price less the present value of dividends before delivery; that of a
    currency earns its own interest; a future is carried by nothing.

    Attributes
    ----------
    spot_rows : int tensor of shape (line,)
    discount : Discounts
        To delivery, in the currency of the quote.
    yields : Discounts
        What one unit of the underlying shrinks by while its income is given away: the foreign
        discount factor of a currency, and the domestic one of a future.
    dividend : Discounts
        To every ex-date of every line.
    amounts : tensor of shape (line, dividend)
    """

    spot_rows: torch.Tensor
    discount: Discounts
    yields: Discounts
    dividend: Discounts
    amounts: torch.Tensor

    def parts(self, state: State) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Price without dividends to come, and logarithms of discount factor and yield.

        The forward price is the first, times the ratio of the last two's exponentials. All of
        shape (line, path).
        """
        spot = state.levels[self.spot_rows]
        if self.amounts.shape[1]:
            spot = spot - self.amounts @ torch.exp(self.dividend.log(state.levels))
        return spot, self.discount.log(state.levels), self.yields.log(state.levels)


def forwards(deliveries: Sequence[Delivery], index: FactorIndex) -> Forwards:
    """Forward prices, and the factors they need.

    Raises
    ------
    ValueError
        If an underlying or a curve is not in the market.
    """
    market = index.market
    paid: list[Product] = []
    dues: list[tuple[int, float]] = []
    domestic: list[Product] = []
    foreign: list[Product] = []
    for line, each in enumerate(deliveries):
        years = market.years(each.date)
        domestic.append({(each.curve, years): 1.0} if each.curve else {})
        if not each.carried:
            foreign.append(domestic[-1])
            continue
        if market.instruments[each.underlying].kind == "fx":
            foreign.append({(curve_of(each.underlying[:3], market), years): 1.0})
            continue
        foreign.append({})
        for date, amount in market.dividends.get(each.underlying, ()):
            if date <= each.date:
                paid.append({(each.curve, market.years(date)): 1.0})
                dues.append((line, amount))
    amounts = torch.zeros((len(deliveries), len(dues)), dtype=torch.float64)
    for column, (line, amount) in enumerate(dues):
        amounts[line, column] = amount
    return Forwards(
        spot_rows=torch.tensor(
            [index.spot(each.underlying) for each in deliveries], dtype=torch.int64
        ),
        discount=discounts(domestic, index),
        yields=discounts(foreign, index),
        dividend=discounts(paid, index),
        amounts=amounts,
    )


@dataclass(frozen=True, slots=True)
class ForwardBatch:
    """FX forwards: one currency received for another at an agreed rate.

    Attributes
    ----------
    positions : tuple of int
    forwards : Forwards
    quantities, strikes : tensor of shape (position, 1)
        Units of the underlying, and what is paid for one.
    """

    positions: tuple[int, ...]
    forwards: Forwards
    quantities: torch.Tensor
    strikes: torch.Tensor

    def values(self, state: State) -> torch.Tensor:
        """Values of shape (position, path), each in the currency of the quote."""
        spot, discount, yields = self.forwards.parts(state)
        return self.quantities * (spot * torch.exp(yields) - self.strikes * torch.exp(discount))


@dataclass(frozen=True, slots=True)
class FutureBatch:
    """Futures on shares, currencies and commodities, settled daily.

    Attributes
    ----------
    positions : tuple of int
    forwards : Forwards
    quantities : tensor of shape (position, 1)
        Units of the underlying.
    settled : tensor of shape (position, 1)
        Futures price today: gains up to it are paid, so that the value today is zero.
    """

    positions: tuple[int, ...]
    forwards: Forwards
    quantities: torch.Tensor
    settled: torch.Tensor

    def values(self, state: State) -> torch.Tensor:
        """Variation margin of shape (position, path), each in the currency of the quote."""
        return self.quantities * (futures_price(self.forwards, state) - self.settled)


def futures_price(forwards: Forwards, state: State) -> torch.Tensor:
    """Forward prices of shape (line, path); rates are not correlated with the price."""
    spot, discount, yields = forwards.parts(state)
    return spot * torch.exp(yields - discount)
