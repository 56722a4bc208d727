"""Bond futures on one deliverable bond, settled daily."""

from __future__ import annotations

from features.positions import Position
from features.pricing_market import PricingMarket
from models.instruments.bond import coupon_periods
from models.instruments.cash_flows import Legs
from models.instruments.discounting import curve_of, discount_today
from models.instruments.terms import given


def bond_future_legs(position: Position, market: PricingMarket) -> Legs:
    """Gain on one contract: the bond's forward clean price, per 100 of face, less today's.

    The deliverable is the bond with the position's coupon and maturity, and stays so: the option
    to deliver another is not valued. ``multiplier`` is the worth of one point, divided by the
    conversion factor.

    Raises
    ------
    ValueError
        If a term is missing, or the currency has no curve.
    """
    curve = curve_of(position.currency, market, named=position.curve)
    expiry = given(position, "expiry")
    delivery = market.years(expiry)
    contract = 1.0 if position.multiplier is None else position.multiplier
    rates = market.curves[curve]
    legs = Legs()
    today = 0.0

    def forward(amount: float, years: float) -> float:
        power = {(curve, years): 1.0, (curve, delivery): -1.0} if years != delivery else {}
        legs.pay(contract * amount, power)
        return amount * discount_today(rates, years) / discount_today(rates, delivery)

    coming = [each for each in coupon_periods(position, market) if each.pay > expiry]
    if not coming or delivery <= 0.0:
        raise ValueError(
            f"{position.instrument}: expiry {expiry:%Y-%m-%d} must lie after the as-of and before "
            f"the bond's maturity {given(position, 'maturity'):%Y-%m-%d}. Correct one of them."
        )
    for period in coming:
        coupon = 100.0 * given(position, "coupon") * period.accrual
        today += forward(coupon, market.years(period.pay))
    today += forward(100.0, market.years(coming[-1].pay))
    legs.pay(-contract * today, {})  # accrued interest at delivery is the same in both prices
    return legs
