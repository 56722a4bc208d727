"""Bonds against QuantLib, and what algebra says of them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql

from features.positions import Position

DAY_COUNTS = {
    "ACT/360": ql.Actual360(),
    "ACT/365": ql.Actual365Fixed(),
    "ACT/ACT": ql.ActualActual(ql.ActualActual.ISMA),
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
}
CALENDARS = {"USD": ql.UnitedStates(ql.UnitedStates.Settlement), "EUR": ql.TARGET()}


def bonds(count: int, as_of: pd.Timestamp, issuers: tuple[str, ...]) -> list[Position]:
    generator = np.random.default_rng(7)
    return [
        Position(
            instrument=f"B{number}",
            quantity=1.0,
            type="bond",
            currency=str(generator.choice(["USD", "EUR"])),
            notional=100.0,
            coupon=float(generator.uniform(0.0, 0.09)),
            frequency=int(generator.choice([1, 2, 4])),
            day_count=str(generator.choice(list(DAY_COUNTS))),
            maturity=as_of + pd.Timedelta(days=int(generator.integers(10, 9000))),
            issuer=str(generator.choice(issuers)),
        )
        for number in range(count)
    ]


def reference(position: Position, quantlib) -> ql.FixedRateBond:
    calendar = CALENDARS[position.currency]
    schedule = quantlib.schedule(position.maturity, position.frequency, calendar, ql.Unadjusted)
    count = DAY_COUNTS[position.day_count]
    return ql.FixedRateBond(
        0, position.notional, schedule, [position.coupon], count, ql.Following, 100.0,
        ql.Date(), calendar,
    )  # fmt: skip


def test_government_bonds_agree_with_quantlib(count, market, values, quantlib):
    """To rounding: dates, accruals and discount factors are the same numbers."""
    held = bonds(count, market.as_of, ("",))
    engines = {each: ql.DiscountingBondEngine(quantlib.curve(each)) for each in ("USD", "EUR")}
    theirs = []
    for each in held:
        bond = reference(each, quantlib)
        bond.setPricingEngine(engines[each.currency])
        theirs.append(bond.NPV())
    np.testing.assert_allclose(values(held), theirs, rtol=0, atol=1e-9)


def test_corporate_bonds_agree_with_quantlib(count, market, values, quantlib):
    """To rounding, given the same intensities: both recover face in the middle of a period."""
    held = bonds(count, market.as_of, ("ACME", "JUNK"))
    theirs = []
    for each in held:
        bond = reference(each, quantlib)
        hazards = quantlib.hazards(each.issuer, each.currency)
        recovery = market.credit[each.issuer].recovery
        bond.setPricingEngine(ql.RiskyBondEngine(hazards, recovery, quantlib.curve(each.currency)))
        theirs.append(bond.NPV())
    np.testing.assert_allclose(values(held), theirs, rtol=0, atol=1e-9)


def test_a_bond_that_may_default_is_worth_less(market, values):
    held = [each for each in bonds(100, market.as_of, ("JUNK",)) if each.coupon]
    safe = [dataclasses.replace(each, issuer="") for each in held]
    assert (values(held) < values(safe)).all()


def test_value_is_proportional_to_quantity_and_notional(market, values):
    (one,) = bonds(1, market.as_of, ("ACME",))
    many = dataclasses.replace(one, quantity=-3.0, notional=250.0)
    assert values([many])[0] == pytest.approx(-7.5 * values([one])[0], rel=1e-14)


def test_sensitivities_are_those_of_finite_differences(market, finite_differences):
    assert finite_differences(bonds(30, market.as_of, ("", "ACME")), market) < 1e-7


def test_a_bond_whose_issuer_has_no_spreads_names_it(market, values):
    (one,) = bonds(1, market.as_of, ("NOBODY",))
    with pytest.raises(ValueError, match=r"B0: issuer 'NOBODY' is not in credit at the as-of"):
        values([one])


@pytest.mark.parametrize("term", ["notional", "coupon", "frequency", "maturity"])
def test_a_bond_without_a_term_says_which(market, values, term):
    (one,) = bonds(1, market.as_of, ("",))
    with pytest.raises(ValueError, match=f"B0: a bond needs {term}, which is empty"):
        values([dataclasses.replace(one, **{term: None})])
