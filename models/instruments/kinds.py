"""Batches of the positions that depend on a forward price: forwards, futures and options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import torch

from features.positions import Position
from models.instruments.american import Contract, premiums
from models.instruments.cash_flows import State
from models.instruments.discounting import curve_of
from models.instruments.forwards import (
    Delivery,
    ForwardBatch,
    Forwards,
    FutureBatch,
    forwards,
    futures_price,
)
from models.instruments.option import OptionBatch
from models.instruments.risk_factors import FactorIndex, base_levels
from models.instruments.surface import Variances, variances
from models.instruments.terms import given, named

UNCARRIED = ("commodity", "future")
"""Words in an asset class: its price is already that of delivery later."""


def forward_batch(positions: Mapping[int, Position], index: FactorIndex) -> ForwardBatch:
    """FX forwards of a book, by their place in it."""
    held = list(positions.values())
    lines = forwards([_delivery(each, given(each, "maturity"), index) for each in held], index)
    units = [each.quantity * (1.0 if each.notional is None else each.notional) for each in held]
    return ForwardBatch(
        positions=tuple(positions),
        forwards=lines,
        quantities=column(units),
        strikes=column([given(each, "strike") for each in held]),
    )


def future_batch(positions: Mapping[int, Position], index: FactorIndex) -> FutureBatch:
    """Futures of a book on prices and currencies, by their place in it.

    Where no curve is given the underlying's price is taken to be the futures price itself.
    """
    held = list(positions.values())
    deliveries: list[Delivery] = []
    for each in held:
        if each.curve:
            deliveries.append(_delivery(each, given(each, "expiry"), index))
        else:
            deliveries.append(Delivery(given(each, "underlying"), given(each, "expiry"), "", False))
    lines = forwards(deliveries, index)
    return FutureBatch(
        positions=tuple(positions),
        forwards=lines,
        quantities=column([each.quantity * _contract(each) for each in held]),
        settled=futures_price(lines, _today(index)),
    )


def option_batches(positions: Mapping[int, Position], index: FactorIndex) -> list[OptionBatch]:
    """Options of a book, the European ones and the American ones, by their place in it."""
    found: list[OptionBatch] = []
    for style in ("european", "american"):
        some = {place: each for place, each in positions.items() if given(each, "style") == style}
        if some:
            found.append(_option_batch(some, index, american=style == "american"))
    return found


def _option_batch(
    positions: Mapping[int, Position], index: FactorIndex, *, american: bool
) -> OptionBatch:
    held = list(positions.values())
    deliveries = [_delivery(each, given(each, "expiry"), index) for each in held]
    lines = forwards(deliveries, index)
    points = [(given(p, "underlying"), given(p, "expiry"), given(p, "strike")) for p in held]
    levels = variances(points, index)
    batch = OptionBatch(
        positions=tuple(positions),
        forwards=lines,
        variances=levels,
        quantities=column([each.quantity * _contract(each) for each in held]),
        strikes=column([given(each, "strike") for each in held]),
        signs=column([1.0 if given(each, "call_put") == "call" else -1.0 for each in held]),
    )
    if not american:
        return batch
    grids = premiums(_contracts(held, deliveries, lines, levels, index))
    return OptionBatch(
        batch.positions,
        lines,
        levels,
        batch.quantities,
        batch.strikes,
        batch.signs,
        grids,
    )


def _contracts(
    held: Sequence[Position],
    deliveries: Sequence[Delivery],
    lines: Forwards,
    levels: Variances,
    index: FactorIndex,
) -> list[Contract]:
    """American options as their grids are solved: at today's rates and volatilities."""
    market, state = index.market, _today(index)
    _, discount, yields = (each[:, 0].tolist() for each in lines.parts(state))
    total = levels.total(state.levels)[:, 0].tolist()
    found: list[Contract] = []
    for line, (position, delivery) in enumerate(zip(held, deliveries, strict=True)):
        years = market.years(delivery.date)
        fx = market.instruments[delivery.underlying].kind == "fx"
        paid = market.dividends.get(delivery.underlying, ()) if delivery.carried else ()
        found.append(
            Contract(
                years=years,
                strike=given(position, "strike"),
                sign=1 if position.call_put == "call" else -1,
                vol=(total[line] / years) ** 0.5,
                rate=-discount[line] / years,
                yield_rate=-yields[line] / years,
                carried=("yield" if fx else "rate") if delivery.carried else "none",
                dividends=tuple(
                    (market.years(date), amount) for date, amount in paid if date <= delivery.date
                ),
            )
        )
    return found


def _delivery(position: Position, date: pd.Timestamp, index: FactorIndex) -> Delivery:
    """What a forward or an option delivers; that on a future or a commodity is not carried."""
    with named(position):
        underlying = given(position, "underlying")
        index.spot(underlying)
        if date <= index.market.as_of:
            raise ValueError(f"it ended on {date:%Y-%m-%d}. Remove what has matured.")
        curve = curve_of(position.currency, index.market, named=position.curve)
    asset_class = index.market.instruments[underlying].asset_class
    carried = position.type != "option" or not any(word in asset_class for word in UNCARRIED)
    return Delivery(underlying, date, curve, carried)


def _today(index: FactorIndex) -> State:
    base, _ = base_levels(index.factors)
    return State(base, base[:0])


def _contract(position: Position) -> float:
    return 1.0 if position.multiplier is None else position.multiplier


def column(values: Sequence[float]) -> torch.Tensor:
    """One value a position, of shape (position, 1)."""
    return torch.tensor(values, dtype=torch.float64)[:, None]
