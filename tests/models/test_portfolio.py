"""P&L of books: its sign, and that it adds up."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.instruments import Instrument
from features.positions import Position
from features.pricing_market import CreditCurve, PricingMarket, VolSurface, ZeroCurve
from models.instruments.book import priced_book
from models.instruments.risk_factors import FactorScenarios
from models.portfolio import asset_class, factor_pnl, grouped_pnl, position_pnl

AS_OF = pd.Timestamp("2024-06-28")
LATER = pd.Timestamp("2025-06-27")
NODES = np.array([1.0, 3.0, 10.0])
STRIKES = np.array([80.0, 100.0, 120.0])
MARKET = PricingMarket(
    as_of=AS_OF,
    instruments={
        "AAA": Instrument("AAA", "stock", "USD", "price", "log"),
        "OIL": Instrument("OIL", "commodity", "USD", "price", "diff"),
        "EURUSD": Instrument("EURUSD", "fx", "USD", "fx", "log"),
    },
    closes={"AAA": 100.0, "OIL": 3.0, "EURUSD": 1.1},
    curves={"USD": ZeroCurve(NODES, np.array([0.05, 0.045, 0.04]), AS_OF)},
    credit={"X": CreditCurve("senior", NODES, np.array([0.01, 0.015, 0.02]), 0.4, AS_OF)},
    surfaces={
        "AAA": VolSurface(pd.DatetimeIndex([LATER]), STRIKES, np.array([[0.3, 0.25, 0.22]]), AS_OF)
    },
)
SHARE = Position("AAA", 10.0, "equity", "USD")
PUT = Position(
    "P", 5.0, "option", "USD", underlying="AAA", strike=95.0, expiry=LATER, call_put="put",
    style="american", multiplier=10.0,
)  # fmt: skip
BOND = Position(
    "B", 3.0, "bond", "USD", notional=100.0, coupon=0.05, frequency=2, day_count="30/360",
    maturity=pd.Timestamp("2029-03-15"), issuer="X",
)  # fmt: skip
CDS = Position(
    "C", 1.0, "cds", "USD", notional=1000.0, issuer="X", fixed_rate=0.01,
    maturity=pd.Timestamp("2029-06-20"),
)  # fmt: skip
EURO = Position("EURUSD", -40.0, "fx_spot", "USD")
OIL = Position("OILFUT", 2.0, "future", "USD", underlying="OIL", expiry=LATER, multiplier=100.0)
HELD = (SHARE, PUT, BOND, CDS, EURO, OIL)


def booked(*positions):
    return priced_book(positions, MARKET, base_currency="USD")


def scenarios(book, paths=50, seed=1):
    """Moves drawn by factor name, so that any two books see the same ones."""
    columns = [
        np.random.default_rng([seed, *factor.name.encode()]).normal(size=paths)
        * {"rate": 0.005, "default": 0.0}.get(factor.group, 0.1)
        for factor in book.factors
    ]
    return FactorScenarios(book.factors, np.array(columns).T.reshape(paths, -1))


def pnl(*positions, **options):
    book = booked(*positions)
    return position_pnl(book, scenarios(book, **options))


def test_a_long_share_gains_when_its_price_rises_and_a_short_one_loses():
    long, short = booked(SHARE), booked(dataclasses.replace(SHARE, quantity=-10.0))
    up = FactorScenarios(long.factors, np.array([[np.log(1.1)]]))
    assert position_pnl(long, up)[0, 0] == pytest.approx(100.0)
    assert position_pnl(short, up)[0, 0] == pytest.approx(-100.0)


def test_nothing_moves_nothing_is_gained():
    book = booked(*HELD)
    still = FactorScenarios(book.factors, np.zeros((3, len(book.factors))))
    np.testing.assert_allclose(position_pnl(book, still), 0.0, atol=1e-9)


def test_oil_may_turn_negative():
    book = booked(OIL)
    crash = FactorScenarios(book.factors, np.array([[-40.0]]))
    assert position_pnl(book, crash)[0, 0] == pytest.approx(2.0 * 100.0 * -40.0)


def test_the_book_is_the_sum_of_its_positions():
    alone = [pnl(each)[:, 0] for each in HELD]
    np.testing.assert_allclose(pnl(*HELD), np.array(alone).T, atol=1e-9)


@settings(max_examples=8)
@given(share=st.floats(0.1, 0.9), factor=st.floats(-100.0, 100.0))
def test_parts_add_up_and_quantities_scale(share, factor):
    """Two half positions are one; c times the quantity is c times the P&L."""
    for position in (PUT, BOND):
        part, rest = (
            dataclasses.replace(position, instrument=name, quantity=position.quantity * size)
            for name, size in (("part", share), ("rest", 1.0 - share))
        )
        whole = pnl(position)[:, 0]
        np.testing.assert_allclose(pnl(part, rest).sum(axis=1), whole, rtol=1e-9, atol=1e-9)
        scaled = dataclasses.replace(position, quantity=factor * position.quantity)
        np.testing.assert_allclose(pnl(scaled)[:, 0], factor * whole, rtol=1e-9, atol=1e-7)


def test_the_order_of_positions_changes_nothing():
    np.testing.assert_allclose(pnl(*HELD)[:, ::-1], pnl(*HELD[::-1]), atol=1e-9)


def test_a_path_alone_is_worth_what_it_is_among_many():
    book = booked(*HELD)
    many = scenarios(book, paths=2500)
    whole = position_pnl(book, many)
    one = FactorScenarios(book.factors, many.moves[1777:1778])
    np.testing.assert_allclose(position_pnl(book, one)[0], whole[1777], rtol=0, atol=1e-9)


def test_groups_over_chunks_are_sums_of_columns():
    book = booked(*HELD)
    whole = scenarios(book)
    by_class = [asset_class(each, MARKET) for each in HELD]
    assert by_class == ["equity", "equity", "credit", "credit", "fx", "commodity"]
    found = grouped_pnl(book, whole.chunks(7), by_class)
    full = position_pnl(book, whole)
    np.testing.assert_allclose(found["equity"], full[:, :2].sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(sum(found.values()), full.sum(axis=1), atol=1e-9)


def test_factor_groups_and_what_they_do_jointly_add_up_to_the_whole():
    book = booked(*HELD)
    whole = scenarios(book)
    found = factor_pnl(book, whole)
    assert set(found) == {
        *("equity", "rate", "credit", "volatility", "fx", "commodity", "default"),
        "joint",
    }
    full = position_pnl(book, whole).sum(axis=1)
    np.testing.assert_allclose(sum(found.values()), full, atol=1e-9)
    np.testing.assert_allclose(found["fx"], position_pnl(book, whole)[:, 4], atol=1e-9)


def test_a_default_ripples_through_bond_and_protection_at_once():
    book = booked(BOND, CDS)
    moves = np.array([[1.0 if each.group == "default" else 0.0 for each in book.factors]])
    bond, protection = position_pnl(book, FactorScenarios(book.factors, moves))[0]
    assert bond == pytest.approx(3.0 * 40.0 - book.today()[0])
    assert protection == pytest.approx(600.0 - book.today()[1], abs=1.0)  # less what accrued


def test_a_book_without_positions_has_no_pnl():
    book = booked()
    found = position_pnl(book, FactorScenarios((), np.zeros((4, 0))))
    assert found.shape == (4, 0)


def test_scenarios_of_other_factors_are_refused():
    book, other = booked(*HELD), booked(SHARE)
    with pytest.raises(ValueError, match="scenarios must hold the book's"):
        position_pnl(book, scenarios(other))


def test_labels_are_one_a_position():
    book = booked(*HELD)
    with pytest.raises(ValueError, match="labels must hold one group a position, got 1 for 6"):
        grouped_pnl(book, [scenarios(book)], ["desk"])


def test_a_price_that_is_not_finite_names_its_position():
    book = booked(SHARE)
    wild = FactorScenarios(book.factors, np.array([[np.inf]]))
    with pytest.raises(ValueError, match="pnl of AAA is inf on path 0"):
        position_pnl(book, wild)
