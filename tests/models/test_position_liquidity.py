"""What selling costs, by hand: half a spread on what changes hands, and stated conventions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.positions import Position
from models.instruments.book import priced_book
from models.instruments.sensitivities import level_sensitivities
from models.liquidity_conventions import CONVENTIONS, SPREAD_POWER, VOLUME_POWER
from models.position_liquidity import Sale, Traded, sales
from tests.models.quantity_book import BOND, BOOK, CORPORATE, EURO, PUT, STOCK, pricing

ACME = Traded(0.002, 5e6, 0.7, 0.3, "edge")
SWAP = Position(
    "SWAP",
    1.0,
    "irs",
    "USD",
    notional=1e6,
    fixed_rate=0.03,
    frequency=2,
    day_count="ACT/360",
    maturity=BOND.maturity,
)
PROTECTION = Position(
    "CDS", 2.0, "cds", "USD", notional=1e6, issuer="FIRM", fixed_rate=0.02, maturity=BOND.maturity
)


def sale(position: Position, *, bars: bool = True) -> Sale:
    book = priced_book((position,), pricing(), base_currency="USD")
    (found,) = sales(book, {"ACME": ACME if bars else "no volume", "EURUSD": "no volume"})
    assert isinstance(found, Sale)
    return found


def by_level(position: Position, kind: str) -> float:
    book = priced_book((position,), pricing(), base_currency="USD")
    rows = [k for k, one in enumerate(book.factors) if one.name.startswith(kind)]
    return abs(float(level_sensitivities(book)[0, rows].sum()))


def test_a_share_is_sold_by_its_own_bars():
    found = sale(STOCK)
    assert found == Sale(10_000.0, 10.0, 5e6, 0.7, 0.3, "edge")


def test_a_share_without_bars_is_not_guessed():
    book = priced_book((STOCK,), pricing(), base_currency="USD")
    assert sales(book, {"ACME": "no volume"}) == ["no volume"]


def test_a_bond_costs_half_a_bid_ask_in_yield():
    found = sale(BOND)
    assert found.half_spread == pytest.approx(0.5 * 0.00005 * by_level(BOND, "curve:"))
    assert found.source == "government bond"
    assert (found.spread_power, found.volume_power) == (SPREAD_POWER, VOLUME_POWER)


def test_a_corporate_bond_costs_half_a_bid_ask_in_its_spread():
    found = sale(CORPORATE)
    assert found.half_spread == pytest.approx(0.5 * 0.0008 * by_level(CORPORATE, "credit:"))
    # 40 cents in a hundred is what a bond of five years' spread duration then costs both ways.
    assert 2.0 * found.half_spread / found.traded == pytest.approx(0.004, rel=0.2)


def test_a_swap_trades_its_notional_and_costs_basis_points_of_its_dv01():
    found = sale(SWAP)
    assert found.traded == 1e6
    assert found.half_spread == pytest.approx(0.5 * 0.00005 * by_level(SWAP, "curve:"))


def test_protection_costs_a_share_of_the_spread():
    found = sale(PROTECTION)
    assert found.traded == 2e6
    assert found.half_spread == pytest.approx(
        0.5 * 0.06 * 0.02 * by_level(PROTECTION, "credit:"), rel=1e-6
    )


def test_an_option_costs_a_volatility_point_or_the_spread_on_its_delta():
    vega = by_level(PUT, "vol:")
    found = sale(PUT)
    assert found.half_spread == pytest.approx(
        0.5 * max(0.01 * vega, 0.002 * found.traded), rel=1e-9
    )
    assert found.volume == pytest.approx(0.1 * 5e6)
    book = priced_book((PUT,), pricing(), base_currency="USD")
    acme = [one.name for one in book.factors].index("ACME")
    delta = abs(float(level_sensitivities(book)[0, acme]))
    assert found.traded == pytest.approx(100.0 * delta)


def test_a_currency_costs_a_basis_point():
    found = sale(EURO)
    assert found.traded == pytest.approx(5500.0)
    assert found.half_spread == pytest.approx(0.5 * 0.0001 * 5500.0)
    assert found.volume == CONVENTIONS["currency"].volume


def test_twice_the_book_costs_twice_the_spread():
    double = tuple(replace(one, quantity=2.0 * one.quantity) for one in BOOK)
    cost = [
        np.array(
            [
                one.half_spread
                for one in sales(priced_book(held, pricing(), base_currency="USD"), {"ACME": ACME})
                if isinstance(one, Sale)
            ]
        )
        for held in (BOOK, double)
    ]
    np.testing.assert_allclose(cost[1], 2.0 * cost[0])
