"""Forward prices by carry: parity, triangles, and QuantLib's discount factors."""

import numpy as np
import pandas as pd
import pytest
import torch

from features.positions import Position
from models.instruments.book import priced_book
from models.instruments.forwards import FutureBatch
from models.instruments.risk_factors import base_levels


def forward(market, pair: str, days: int, strike: float) -> Position:
    maturity = market.as_of + pd.Timedelta(days=days)
    return Position(
        f"F{days}", 1.0, "fx_forward", pair[3:], notional=1e6, underlying=pair, strike=strike,
        maturity=maturity,
    )  # fmt: skip


@pytest.mark.parametrize("days", [1, 30, 365, 900])
def test_a_forward_at_the_covered_rate_costs_nothing(days, market, values, quantlib):
    """Spot times the ratio of the discount factors, taken from QuantLib."""
    at = quantlib.today + days
    dollar, euro = (quantlib.curve(name).discount(at) for name in ("USD", "EUR"))
    rate = market.closes["EURUSD"] * euro / dollar
    assert values([forward(market, "EURUSD", days, rate)])[0] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("days", [30, 700])
def test_forwards_agree_with_quantlib(count, days, market, values, quantlib):
    """To rounding: a million in the first currency against its price in the second."""
    generator = np.random.default_rng(days)
    found = []
    for number in range(count):
        strike = float(generator.uniform(0.9, 1.3))
        position = forward(market, "EURUSD", days, strike)
        found.append((number, strike, position))
    at = quantlib.today + days
    dollar, euro = (quantlib.curve(name).discount(at) for name in ("USD", "EUR"))
    theirs = [1e6 * (market.closes["EURUSD"] * euro - k * dollar) for _, k, _ in found]
    np.testing.assert_allclose(values([each for *_, each in found]), theirs, atol=1e-6)


def test_a_future_on_a_share_falls_by_the_dividends_before_it(market):
    """Carry by hand: today's price less discounted dividends, grown at the zero rate."""
    expiry = market.as_of + pd.Timedelta(days=100)
    future = Position(
        "F", 1.0, "future", "USD", underlying="ACME", expiry=expiry, multiplier=10.0, curve="USD"
    )
    book = priced_book([future], market, base_currency="USD")
    assert book.today()[0] == 0.0  # what it gained until today is settled
    (batch,) = book.batches
    assert isinstance(batch, FutureBatch)
    curve = market.curves["USD"]
    rate = {days: np.interp(days / 365, curve.tenors, curve.rates) for days in (40, 100)}
    spot = 100.0 - 0.8 * np.exp(-rate[40] * 40 / 365)
    assert float(batch.settled[0, 0]) == pytest.approx(spot * np.exp(rate[100] * 100 / 365))


def test_a_future_without_a_curve_is_its_own_price(market):
    future = Position(
        "F", -2.0, "future", "USD", underlying="GOLD", multiplier=100.0,
        expiry=market.as_of + pd.Timedelta(days=100),
    )  # fmt: skip
    book = priced_book([future], market, base_currency="USD")
    assert [factor.name for factor in book.factors] == ["GOLD"]
    up = book.moved(torch.full((1, 1), float(np.log(1.01)), dtype=torch.float64))
    assert float(up) == pytest.approx(-2.0 * 100.0 * 23.0)


def test_currencies_convert_through_the_triangle(market):
    """Euros to yen by way of the dollar: one product of two rates, in every scenario."""
    share = Position("SAP", 10.0, "equity", "EUR")
    book = priced_book([share], market, base_currency="JPY")
    moves = torch.tensor([[0.1], [0.02], [-0.03]], dtype=torch.float64)
    assert [factor.name for factor in book.factors] == ["SAP", "EURUSD", "USDJPY"]
    expected = 10.0 * 180.0 * 1.07 * 160.0 * np.exp(0.1 + 0.02 - 0.03)
    assert float(book.moved(moves)) == pytest.approx(expected)


def test_a_currency_that_nothing_joins_is_refused(market):
    with pytest.raises(ValueError, match=r"currency EUR cannot be converted to SEK"):
        priced_book([Position("SAP", 1.0, "equity", "EUR")], market, base_currency="SEK")


def test_the_value_in_another_base_is_the_value_converted(market):
    held = [Position("SAP", 10.0, "equity", "EUR"), Position("ACME", -5.0, "equity", "USD")]
    dollars = priced_book(held, market, base_currency="USD")
    yen = priced_book(held, market, base_currency="JPY")
    np.testing.assert_allclose(yen.today(), 160.0 * dollars.today(), rtol=1e-14)
    base, _ = base_levels(dollars.factors)
    assert base.shape == (3, 1)
