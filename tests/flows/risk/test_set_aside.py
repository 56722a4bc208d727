"""What was set aside is stated, and refused where it is too much to leave out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.positions import Position
from features.pricing_market import PricingMarket
from flows.refusal import RefusedError
from flows.risk.set_aside import rate, stated

PRICING = PricingMarket(
    pd.Timestamp("2024-12-31"),
    {"ACME": Instrument("ACME", "equity", "USD", "price", "log")},
    {"ACME": 100.0, "EURUSD": 1.25, "USDJPY": 160.0},
)


def shares(count: float, currency: str = "USD") -> Position:
    return Position("ACME", count, "equity", currency)


def test_a_little_is_stated_and_more_is_refused():
    (said,) = stated("desk", [shares(1000.0)], [shares(-4.0)], PRICING, base="USD")
    assert said == ("desk has 400 of 100,400 USD gross market value set aside (0.40%): ACME.")
    with pytest.raises(RefusedError, match=r"limit 0\.5%"):
        stated("desk", [shares(1000.0)], [shares(6.0)], PRICING, base="USD")


def test_nothing_set_aside_is_nothing_to_say():
    assert stated("desk", [shares(1.0)], [], PRICING, base="USD") == ()


def test_sizes_are_compared_in_one_currency():
    with pytest.raises(RefusedError, match="625 of 100,625"):
        stated("desk", [shares(1000.0)], [shares(5.0, "EUR")], PRICING, base="USD")
    with pytest.raises(RefusedError, match="nan"):
        stated("desk", [shares(1000.0)], [shares(1.0, "SEK")], PRICING, base="USD")


def test_rates_go_both_ways():
    assert rate("EUR", "USD", PRICING.closes) == 1.25
    assert rate("USD", "EUR", PRICING.closes) == 0.8
    assert rate("JPY", "USD", PRICING.closes) == 1 / 160
    assert rate("EUR", "JPY", PRICING.closes) == 1.25 * 160.0
    assert np.isnan(rate("SEK", "USD", PRICING.closes))


def test_what_has_ended_is_named_with_its_date():
    option = Position(
        "put", 10.0, "option", "USD", underlying="ACME", expiry=pd.Timestamp("2024-12-20")
    )
    with pytest.raises(RefusedError, match=r"portfolio: desk .* put \(ended 2024-12-20\)\. Repair"):
        stated("desk", [shares(100.0)], [option], PRICING, base="USD")
