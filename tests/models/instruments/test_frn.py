"""Floating-rate notes against QuantLib, and the one that is worth its face."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql

from features.positions import Position
from models.instruments.frn import fixing
from models.instruments.schedules import Period, year_fraction


def notes(count: int, as_of: pd.Timestamp, issuers: tuple[str, ...]) -> list[Position]:
    generator = np.random.default_rng(11)
    return [
        Position(
            instrument=f"N{number}",
            quantity=1.0,
            type="frn",
            currency="USD",
            notional=100.0,
            coupon=float(generator.uniform(0.0, 0.03)),
            frequency=int(generator.choice([1, 2, 4])),
            day_count="ACT/360",
            maturity=as_of + pd.Timedelta(days=int(generator.integers(400, 5000))),
            issuer=str(generator.choice(issuers)),
            float_index=str(generator.choice(["", "USD_TERM"])),
        )
        for number in range(count)
    ]


def reference(position: Position, quantlib, market) -> ql.Instrument:
    """QuantLib's note; the running coupon is fixed at the rate that ours assumes."""
    assert position.frequency is not None
    calendar = ql.UnitedStates(ql.UnitedStates.Settlement)
    schedule = quantlib.schedule(position.maturity, position.frequency, calendar, ql.Unadjusted)
    months = ql.Period(12 // position.frequency, ql.Months)
    name = position.float_index or "USD"
    index = ql.IborIndex(
        f"{name}{position.frequency}", months, 0, ql.USDCurrency(), ql.NullCalendar(),
        ql.Unadjusted, False, ql.Actual360(), quantlib.curve(name),
    )  # fmt: skip
    first, second = list(schedule)[:2]
    start, end = (pd.Timestamp(d.year(), d.month(), d.dayOfMonth()) for d in (first, second))
    period = Period(start, end, end, year_fraction("ACT/360", start, end))
    index.addFixing(first, fixing(name, period, "ACT/360", market), True)
    return ql.FloatingRateBond(
        0, position.notional, schedule, index, ql.Actual360(), ql.Following, 0,
        spreads=[position.coupon],
    )  # fmt: skip


@pytest.mark.parametrize("issuers", [("",), ("ACME", "JUNK")])
def test_floaters_agree_with_quantlib(count, issuers, market, values, quantlib):
    """To a thousandth of a percent of face: it projects whole months, ours whole periods."""
    held = notes(count, market.as_of, issuers)
    theirs = []
    for each in held:
        note = reference(each, quantlib, market)
        discount = quantlib.curve("USD")
        if each.issuer:
            hazards = quantlib.hazards(each.issuer, "USD")
            recovery = market.credit[each.issuer].recovery
            note.setPricingEngine(ql.RiskyBondEngine(hazards, recovery, discount))
        else:
            note.setPricingEngine(ql.DiscountingBondEngine(discount))
        theirs.append(note.NPV())
    np.testing.assert_allclose(values(held), theirs, rtol=0, atol=1e-3)


def test_a_floater_without_margin_is_worth_its_face(market, values):
    """Projected and discounted on one curve: whatever the curve, by telescoping."""
    note = dataclasses.replace(
        notes(1, market.as_of, ("",))[0],
        coupon=None,
        float_index="",
        frequency=4,
        maturity=market.as_of + pd.DateOffset(years=3),
    )
    assert values([note])[0] == pytest.approx(100.0, abs=0.02)  # holidays delay some payments


def test_sensitivities_are_those_of_finite_differences(market, finite_differences):
    assert finite_differences(notes(10, market.as_of, ("", "ACME")), market) < 1e-7
