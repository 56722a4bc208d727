"""Credit default swaps: protection on an issuer against a running spread."""

from __future__ import annotations

from features.positions import Position
from features.pricing_market import PricingMarket
from models.instruments.cash_flows import Legs
from models.instruments.discounting import curve_of
from models.instruments.schedules import accrued, periods
from models.instruments.terms import given


def cds_legs(position: Position, market: PricingMarket) -> Legs:
    """Protection bought and spread paid of one unit, by the mid-point rule.

    On default in the middle of a period the protection pays the face less recovery, and the
    spread accrued in the period is due. Quarterly and ACT/360 unless the position says otherwise.

    Raises
    ------
    ValueError
        If a term is missing, or the issuer or a curve is not in the market.
    """
    notional, spread = given(position, "notional"), given(position, "fixed_rate")
    curve = curve_of(position.currency, market, named=position.curve)
    if position.issuer not in market.credit:
        known = ", ".join(sorted(market.credit)) or "none"
        raise ValueError(
            f"issuer {position.issuer!r} is not in credit at the as-of (there are: {known}). "
            "Add its spreads to credit, or remove the position."
        )
    day_count = position.day_count or "ACT/360"
    coming = periods(
        given(position, "maturity"),
        frequency=position.frequency or 4,
        day_count=day_count,
        currency=position.currency,
        as_of=market.as_of,
        adjusted=True,
    )
    loss = notional * (1.0 - market.credit[position.issuer].recovery)
    owed = accrued(day_count, coming[0], max(coming[0].start, market.as_of))
    legs = Legs(position.issuer, curve, on_default=loss - notional * spread * owed)
    for period in coming:
        at = market.years(period.pay)
        legs.pay(-notional * spread * period.accrual, {(curve, at): 1.0}, alive_at=at)
        first = max(period.start, market.as_of)
        if period.end <= first:
            continue  # accrued to the full: only its payment is left
        middle = (first + (period.end - first) / 2).floor("D")
        on_default = loss - notional * spread * accrued(day_count, period, middle)
        paid = {(curve, market.years(middle)): 1.0}
        legs.pay(on_default, paid, alive_at=market.years(first))
        legs.pay(-on_default, paid, alive_at=market.years(period.end))
    return legs
