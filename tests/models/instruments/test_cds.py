"""Credit default swaps against QuantLib, and the swap that costs nothing."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql
import torch

from features.positions import Position
from models.instruments.book import priced_book
from models.instruments.schedules import after

CALENDARS = {"USD": ql.UnitedStates(ql.UnitedStates.Settlement), "EUR": ql.TARGET()}


def swaps(count: int, as_of: pd.Timestamp) -> list[Position]:
    generator = np.random.default_rng(9)
    return [
        Position(
            instrument=f"C{number}",
            quantity=1.0,
            type="cds",
            currency=str(generator.choice(["USD", "EUR"])),
            notional=1e6,
            issuer=str(generator.choice(["ACME", "JUNK"])),
            fixed_rate=float(generator.choice([0.01, 0.05])),
            maturity=as_of + pd.Timedelta(days=int(generator.integers(30, 4000))),
        )
        for number in range(count)
    ]


def npv(position: Position, quantlib, market) -> float:
    schedule = quantlib.schedule(
        position.maturity, 4, CALENDARS[position.currency], ql.ModifiedFollowing
    )
    swap = ql.CreditDefaultSwap(
        ql.Protection.Buyer, position.notional, position.fixed_rate, schedule, ql.Following,
        ql.Actual360(),
    )  # fmt: skip
    hazards = quantlib.hazards(position.issuer, position.currency)
    recovery = market.credit[position.issuer].recovery
    engine = ql.MidPointCdsEngine(hazards, recovery, quantlib.curve(position.currency))
    swap.setPricingEngine(engine)
    return swap.NPV()


def test_credit_default_swaps_agree_with_quantlib(count, market, values, quantlib):
    """To a millionth of the notional, given the same intensities: both use the mid-point rule."""
    held = swaps(count, market.as_of)
    theirs = [npv(each, quantlib, market) for each in held]
    np.testing.assert_allclose(values(held), theirs, rtol=0, atol=1.0)


@pytest.mark.parametrize("issuer", ["ACME", "JUNK"])
@pytest.mark.parametrize("tenor", [1.0, 3.0, 5.0, 10.0])
def test_a_swap_at_the_quoted_spread_costs_nothing(market, values, issuer, tenor):
    """To the business days that its schedule is moved by: a hundredth of a basis point a year."""
    quoted = market.credit[issuer]
    spread = float(quoted.spreads[list(quoted.tenors).index(tenor)])
    swap = Position(
        "PAR", 1.0, "cds", "USD", notional=1e6, issuer=issuer, fixed_rate=spread,
        maturity=after(market.as_of, tenor),
    )  # fmt: skip
    assert values([swap])[0] == pytest.approx(0.0, abs=1e6 * spread * 0.003)


def test_protection_gains_when_spreads_widen_and_pays_the_loss_at_default(market):
    (swap,) = [each for each in swaps(20, market.as_of) if each.instrument == "C3"]
    book = priced_book([swap], market, base_currency=swap.currency)
    moves = torch.zeros((len(book.factors), 2), dtype=torch.float64)
    for row, factor in enumerate(book.factors):
        if factor.group == "credit":
            moves[row, 0] = 0.5
        if factor.group == "default":
            moves[row, 1] = 1.0
    assert swap.fixed_rate is not None
    wider, defaulted = book.moved(moves)[0].tolist()
    assert wider > book.today()[0]
    loss = 1e6 * (1.0 - market.credit[swap.issuer].recovery)
    assert loss - 1e6 * swap.fixed_rate * 0.26 < defaulted <= loss  # less what has accrued


def test_selling_protection_is_buying_it_with_the_sign_turned(market, values):
    held = swaps(10, market.as_of)
    sold = [dataclasses.replace(each, quantity=-1.0) for each in held]
    np.testing.assert_array_equal(values(sold), -values(held))


def test_sensitivities_are_those_of_finite_differences(market, finite_differences):
    assert finite_differences(swaps(20, market.as_of), market) < 1e-5
