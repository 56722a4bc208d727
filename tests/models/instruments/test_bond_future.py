"""Bond futures: the forward price of a bond, by QuantLib's."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql
import torch

from features.positions import Position
from models.instruments.book import priced_book
from models.instruments.risk_factors import base_levels


def futures(count: int, as_of: pd.Timestamp) -> list[Position]:
    generator = np.random.default_rng(23)
    return [
        Position(
            f"F{number}",
            1.0,
            "future",
            "USD",
            underlying="BOND",
            multiplier=1000.0,
            coupon=float(generator.uniform(0.0, 0.08)),
            frequency=2,
            day_count="ACT/ACT",
            expiry=as_of + pd.Timedelta(days=int(generator.integers(20, 250))),
            maturity=as_of + pd.Timedelta(days=int(generator.integers(700, 9000))),
        )
        for number in range(count)
    ]


def forward_price(position: Position, quantlib) -> float:
    """Clean forward price, less the accrued interest that both prices share."""
    calendar = ql.UnitedStates(ql.UnitedStates.Settlement)
    schedule = quantlib.schedule(position.maturity, 2, calendar, ql.Unadjusted)
    count = ql.ActualActual(ql.ActualActual.ISMA)
    bond = ql.FixedRateBond(
        0, 100.0, schedule, [position.coupon], count, ql.Following, 100.0, ql.Date(), calendar
    )
    curve, expiry = quantlib.curve("USD"), quantlib.date(position.expiry)
    after = [flow for flow in bond.cashflows() if flow.date() > expiry]
    worth = sum(flow.amount() * curve.discount(flow.date()) for flow in after)
    return worth / curve.discount(expiry)


def test_gains_are_the_change_of_quantlibs_forward_price(count, market, quantlib):
    """After a parallel move of half a point; to rounding."""
    held = futures(count, market.as_of)
    book = priced_book(held, market, base_currency="USD")
    np.testing.assert_allclose(book.today(), 0.0, atol=1e-8)
    base, _ = base_levels(book.factors)
    gains = book.values(base + 0.005)[:, 0].numpy()
    before = np.array([forward_price(each, quantlib) for each in held])
    usd = market.curves["USD"]
    moved = dataclasses.replace(usd, rates=usd.rates + 0.005)
    quantlib.market = dataclasses.replace(market, curves={**market.curves, "USD": moved})
    quantlib.curve.cache_clear()
    after = np.array([forward_price(each, quantlib) for each in held])
    np.testing.assert_allclose(gains, 1000.0 * (after - before), atol=1e-6)


def test_a_long_future_loses_when_rates_rise(market):
    book = priced_book(futures(20, market.as_of), market, base_currency="USD")
    up = torch.full((len(book.factors), 1), 1e-3, dtype=torch.float64)
    assert (book.moved(up) < 0.0).all()


def test_a_future_without_a_curve_in_its_currency_is_refused(market):
    odd = dataclasses.replace(futures(1, market.as_of)[0], currency="CHF")
    with pytest.raises(ValueError, match="F0: currency CHF has no curve to discount with"):
        priced_book([odd], market, base_currency="CHF")
