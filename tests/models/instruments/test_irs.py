"""Interest-rate swaps against QuantLib, and the rate at which one costs nothing."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql

from features.positions import Position
from models.instruments.discounting import discount_today
from models.instruments.frn import fixing
from models.instruments.schedules import Period, periods, year_fraction


def swaps(count: int, as_of: pd.Timestamp) -> list[Position]:
    generator = np.random.default_rng(13)
    return [
        Position(
            instrument=f"S{number}",
            quantity=1.0,
            type="irs",
            currency="USD",
            notional=1e6,
            fixed_rate=float(generator.uniform(0.01, 0.08)),
            frequency=int(generator.choice([1, 2, 4])),
            day_count="ACT/360",
            pay_receive=str(generator.choice(["", "pay", "receive"])),
            maturity=as_of + pd.Timedelta(days=int(generator.integers(400, 9000))),
            float_index=str(generator.choice(["", "USD_TERM"])),
        )
        for number in range(count)
    ]


def npv(position: Position, quantlib, market) -> float:
    assert position.frequency is not None
    calendar = ql.UnitedStates(ql.UnitedStates.Settlement)
    schedule = quantlib.schedule(
        position.maturity, position.frequency, calendar, ql.ModifiedFollowing
    )
    name = position.float_index or "USD"
    months = ql.Period(12 // position.frequency, ql.Months)
    index = ql.IborIndex(
        f"swap{name}{position.frequency}", months, 0, ql.USDCurrency(), calendar,
        ql.ModifiedFollowing, False, ql.Actual360(), quantlib.curve(name),
    )  # fmt: skip
    first, second = list(schedule)[:2]
    start, end = (pd.Timestamp(d.year(), d.month(), d.dayOfMonth()) for d in (first, second))
    period = Period(start, end, end, year_fraction("ACT/360", start, end))
    index.addFixing(first, fixing(name, period, "ACT/360", market), True)
    side = ql.VanillaSwap.Receiver if position.pay_receive == "receive" else ql.VanillaSwap.Payer
    swap = ql.VanillaSwap(
        side, position.notional, schedule, position.fixed_rate, ql.Actual360(), schedule, index,
        0.0, ql.Actual360(),
    )  # fmt: skip
    swap.setPricingEngine(ql.DiscountingSwapEngine(quantlib.curve("USD")))
    return swap.NPV()


def test_swaps_agree_with_quantlib(count, market, values, quantlib):
    """To a hundred-thousandth of the notional: a coupon here and there is a day longer."""
    held = swaps(count, market.as_of)
    theirs = [npv(each, quantlib, market) for each in held]
    np.testing.assert_allclose(values(held), theirs, rtol=0, atol=10.0)


@pytest.mark.parametrize("years", [2, 5, 10, 30])
def test_a_swap_at_the_par_rate_costs_nothing(market, values, years):
    """The par rate by the textbook: what floating pays over the value of one a year."""
    maturity = market.as_of + pd.DateOffset(years=years)
    coming = periods(
        maturity, frequency=2, day_count="30/360", currency="USD", as_of=market.as_of, adjusted=True
    )
    factors = [discount_today(market.curves["USD"], market.years(each.pay)) for each in coming]
    annuity = sum(each.accrual * factor for each, factor in zip(coming, factors, strict=True))
    par = (1.0 - factors[-1]) / annuity
    swap = Position(
        "PAR", 1.0, "irs", "USD", notional=1e6, fixed_rate=par, frequency=2, day_count="30/360",
        maturity=maturity,
    )  # fmt: skip
    assert values([swap])[0] == pytest.approx(0.0, abs=1e-6)


def test_paying_is_receiving_with_the_sign_turned(market, values):
    held = swaps(10, market.as_of)
    pay, receive = (
        [dataclasses.replace(each, pay_receive=side) for each in held]
        for side in ("pay", "receive")
    )
    negative = [dataclasses.replace(each, pay_receive="", quantity=-1.0) for each in held]
    np.testing.assert_array_equal(values(receive), -values(pay))
    np.testing.assert_array_equal(values(receive), values(negative))


def test_a_direction_that_is_said_twice_is_refused(market, values):
    twice = dataclasses.replace(swaps(1, market.as_of)[0], quantity=-1.0, pay_receive="receive")
    with pytest.raises(ValueError, match=r"S0: quantity is -1 and pay_receive is 'receive'"):
        values([twice])


def test_sensitivities_are_those_of_finite_differences(market, finite_differences):
    assert finite_differences(swaps(10, market.as_of), market) < 1e-5
