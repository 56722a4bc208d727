"""Bonds with a fixed coupon, of governments and of issuers that may default."""

from __future__ import annotations

from collections.abc import Sequence

from features.positions import Position
from features.pricing_market import PricingMarket
from models.instruments.cash_flows import Legs
from models.instruments.discounting import curve_of
from models.instruments.schedules import Period, periods
from models.instruments.terms import given


def bond_legs(position: Position, market: PricingMarket) -> Legs:
    """Coupons and face of one unit, or the recovery of face once the issuer defaults.

    The price is the one the curves imply, accrued interest included; spread between it and a
    quoted price is no part of this version.

    Raises
    ------
    ValueError
        If a term is missing, or the currency has no curve.
    """
    face, curve = (
        given(position, "notional"),
        curve_of(position.currency, market, named=position.curve),
    )
    coming = coupon_periods(position, market)
    legs = debt_legs(position, face, curve, coming, market)
    for period in coming:
        amount = face * given(position, "coupon") * period.accrual
        at = market.years(period.pay)
        legs.pay(amount, {(curve, at): 1.0}, alive_at=at)
    return legs


def coupon_periods(position: Position, market: PricingMarket) -> list[Period]:
    """Interest periods of a bond or floater that still pay."""
    return periods(
        given(position, "maturity"),
        frequency=given(position, "frequency"),
        day_count=position.day_count,
        currency=position.currency,
        as_of=market.as_of,
    )


def debt_legs(
    position: Position, face: float, curve: str, coming: Sequence[Period], market: PricingMarket
) -> Legs:
    """Face at maturity, and its recovery in the middle of the period of a default."""
    end = market.years(coming[-1].pay)
    if not position.issuer:
        legs = Legs()
        legs.pay(face, {(curve, end): 1.0})
        return legs
    recovery = _recovery(position.issuer, market)
    legs = Legs(issuer=position.issuer, curve=curve, on_default=recovery * face)
    legs.pay(face, {(curve, end): 1.0}, alive_at=end)
    first = market.as_of
    for period in coming:
        middle = market.years((first + (period.pay - first) / 2).floor("D"))
        paid = {(curve, middle): 1.0}
        legs.pay(recovery * face, paid, alive_at=market.years(first))
        legs.pay(-recovery * face, paid, alive_at=market.years(period.pay))
        first = period.pay
    return legs


def _recovery(issuer: str, market: PricingMarket) -> float:
    if issuer not in market.credit:
        known = ", ".join(sorted(market.credit)) or "none"
        raise ValueError(
            f"issuer {issuer!r} is not in credit at the as-of (there are: {known}). "
            "Add its spreads to credit, or leave issuer empty for a bond that cannot default."
        )
    return market.credit[issuer].recovery
