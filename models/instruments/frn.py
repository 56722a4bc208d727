"""Floating-rate notes, of governments and of issuers that may default."""

from __future__ import annotations

from collections.abc import Sequence

from features.positions import Position
from features.pricing_market import PricingMarket
from models.instruments.bond import coupon_periods, debt_legs
from models.instruments.cash_flows import Legs
from models.instruments.discounting import curve_of, discount_today
from models.instruments.schedules import Period, year_fraction
from models.instruments.terms import given


def frn_legs(position: Position, market: PricingMarket) -> Legs:
    """Floating coupons with their margin, and face, of one unit.

    Raises
    ------
    ValueError
        If a term is missing, or a curve is not in the market.
    """
    face, curve = (
        given(position, "notional"),
        curve_of(position.currency, market, named=position.curve),
    )
    coming = coupon_periods(position, market)
    legs = debt_legs(position, face, curve, coming, market)
    add_floating(
        legs, coming, position.float_index or curve, curve, face, position.day_count, market
    )
    for period in coming if position.coupon else ():
        amount = face * (position.coupon or 0.0) * period.accrual
        at = market.years(period.pay)
        legs.pay(amount, {(curve, at): 1.0}, alive_at=at)
    return legs


def add_floating(
    legs: Legs,
    coming: Sequence[Period],
    index: str,
    curve: str,
    notional: float,
    day_count: str,
    market: PricingMarket,
) -> None:
    """Add payments of the index's rate, projected by its curve, over periods to come.

    The rate of the period that is running was fixed before the as-of and is in no table: it is
    taken to be today's simple rate to the period's end, and no scenario moves it.

    Raises
    ------
    ValueError
        If the projecting curve is not in the market.
    """
    if index not in market.curves:
        known = ", ".join(sorted(market.curves)) or "none"
        raise ValueError(
            f"float_index {index!r} is not in curves at the as-of (there are: {known}). Add the "
            "curve, or leave float_index empty to project on the curve that discounts."
        )
    for period in coming:
        start, end, at = (market.years(day) for day in (period.start, period.end, period.pay))
        if start <= 0.0:
            rate = fixing(index, period, day_count, market)
            legs.pay(notional * rate * period.accrual, {(curve, at): 1.0}, alive_at=at)
            continue
        growth: dict[tuple[str, float], float] = {(index, start): 1.0}
        growth[index, end] = growth.get((index, end), 0.0) - 1.0
        growth[curve, at] = growth.get((curve, at), 0.0) + 1.0
        legs.pay(notional, growth, alive_at=at)
        legs.pay(-notional, {(curve, at): 1.0}, alive_at=at)


def fixing(index: str, period: Period, day_count: str, market: PricingMarket) -> float:
    """Simple rate from the as-of to the end of the running period, decimal a year."""
    end = market.years(period.end)
    if end <= 0.0:
        return 0.0  # over at the as-of, to be paid after a holiday: known, but in no table
    growth = 1.0 / discount_today(market.curves[index], end) - 1.0
    return growth / year_fraction(day_count, market.as_of, period.end)
