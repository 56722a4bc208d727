"""Interest-rate swaps: a fixed rate against a floating one on the same notional."""

from __future__ import annotations

from features.positions import Position
from features.pricing_market import PricingMarket
from models.instruments.cash_flows import Legs
from models.instruments.discounting import curve_of
from models.instruments.frn import add_floating
from models.instruments.schedules import periods
from models.instruments.terms import given


def irs_legs(position: Position, market: PricingMarket) -> Legs:
    """Both legs of one unit, on the same periods and day count; pays fixed unless it says receive.

    Raises
    ------
    ValueError
        If a term is missing, a curve is not in the market, or the direction is said twice.
    """
    if position.pay_receive and position.quantity < 0.0:
        raise ValueError(
            f"{position.instrument}: quantity is {position.quantity:g} and pay_receive is "
            f"{position.pay_receive!r}, so that the direction is said twice. Make the quantity "
            "positive, or leave pay_receive empty (above zero pays fixed)."
        )
    curve = curve_of(position.currency, market, named=position.curve)
    coming = periods(
        given(position, "maturity"),
        frequency=given(position, "frequency"),
        day_count=position.day_count,
        currency=position.currency,
        as_of=market.as_of,
        adjusted=True,
    )
    side = -1.0 if position.pay_receive == "receive" else 1.0
    notional, fixed = side * given(position, "notional"), given(position, "fixed_rate")
    legs = Legs()
    index = position.float_index or curve
    add_floating(legs, coming, index, curve, notional, position.day_count, market)
    for period in coming:
        at = market.years(period.pay)
        legs.pay(-notional * fixed * period.accrual, {(curve, at): 1.0})
    return legs
