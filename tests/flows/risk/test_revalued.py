"""A book of quantities on scenarios: linear where it is linear, convex where it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.positions import Position
from features.pricing_market import PricingMarket, VolSurface, ZeroCurve
from flows.refusal import RefusedError
from flows.risk.numbers import Outcomes
from flows.risk.revalued import Quantities
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset
from models.instruments.book import priced_book

AS_OF = pd.Timestamp("2024-12-31")
INSTRUMENTS = {
    "ACME": Instrument("ACME", "equity", "USD", "price", "log"),
    "EURUSD": Instrument("EURUSD", "fx", "USD", "fx", "log"),
}
EXPIRY = pd.Timestamp("2025-12-31")
PRICING = PricingMarket(
    AS_OF,
    INSTRUMENTS,
    {"ACME": 100.0, "EURUSD": 1.1},
    curves={"USD": ZeroCurve(np.array([1.0, 5.0]), np.array([0.04, 0.04]), AS_OF)},
    surfaces={
        "ACME": VolSurface(
            pd.DatetimeIndex([EXPIRY]), np.array([80.0, 100.0, 120.0]), np.full((1, 3), 0.2), AS_OF
        )
    },
)
MOVES = np.random.default_rng(0).normal(0, 0.02, (500, 10, 2)).astype(np.float32)
TOLD = ScenarioSet(
    MOVES,
    (Asset("ACME", "price", "log", "USD", 100.0), Asset("EURUSD", "fx", "log", "USD", 1.1)),
)
STOCK = Position("ACME", 10.0, "equity", "USD")
PUT = Position(
    "ACME-PUT",
    -5.0,
    "option",
    "USD",
    underlying="ACME",
    strike=100.0,
    expiry=EXPIRY,
    call_put="put",
    style="european",
)


def held(*positions: Position, base: str = "USD") -> Quantities:
    return Quantities(positions, PRICING, base, priced_book(positions, PRICING, base_currency=base))


def revalued(*positions: Position, horizon: int, base: str = "USD") -> Outcomes:
    return held(*positions, base=base).outcomes(TOLD, horizon=horizon)


def test_shares_are_worth_their_price():
    told = revalued(STOCK, horizon=10)
    total = MOVES[:, :, 0].sum(axis=1, dtype=np.float64)
    assert held(STOCK).value == pytest.approx(1000.0)
    np.testing.assert_allclose(told.total, 1000.0 * np.expm1(total), rtol=1e-6)
    assert told.unit == "USD"


def test_a_base_currency_moves_with_the_rate():
    told = revalued(STOCK, horizon=10, base="EUR")
    total = MOVES.sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(
        told.total,
        1000.0 / 1.1 * np.expm1(total[:, 0] - total[:, 1]),
        rtol=1e-5,
        atol=1e-6,
    )


def test_a_sold_put_loses_more_than_it_gains_and_parts_add_up():
    told = revalued(STOCK, PUT, horizon=10)
    put = told.pnl[:, 1]
    fall = MOVES[:, :, 0].sum(axis=1) < 0
    assert put[fall].min() < -put[~fall].max()
    assert told.groups["asset_class"] == ("equity", "equity")
    np.testing.assert_allclose(told.total, told.pnl.sum(axis=1))
    assert any("volatility" in note for note in held(PUT).notes(TOLD.assets))


def test_a_shorter_horizon_uses_the_first_steps():
    told = revalued(STOCK, horizon=1)
    np.testing.assert_allclose(
        told.total, 1000.0 * np.expm1(MOVES[:, 0, 0].astype(np.float64)), rtol=1e-6
    )


def test_what_cannot_be_moved_is_refused():
    lonely = ScenarioSet(MOVES[:, :, 1:], TOLD.assets[1:])
    with pytest.raises(RefusedError, match="ACME is held by the book and moves in no scenario"):
        held(STOCK).outcomes(lonely, horizon=1)
    with pytest.raises(RefusedError, match="Make a longer set"):
        held(STOCK).outcomes(TOLD, horizon=11)


def test_only_what_moves_the_book_counts_among_the_series_of_a_set():
    assert held(STOCK).places(TOLD.assets) == [0]
    assert held(STOCK, base="EUR").places(TOLD.assets) == [0, 1]


def test_one_unit_stands_alone_whether_it_is_held_or_listed():
    book = held(STOCK, PUT)
    one = book.alone("ACME-PUT")
    assert one is not None
    assert one.value == pytest.approx(book.priced.today()[1] / -5.0)
    euro = book.alone("EURUSD")
    assert euro is not None
    assert euro.value == pytest.approx(1.1)
    assert book.alone("GME") is None


def test_a_book_that_is_worth_less_than_nothing_is_measured_by_its_positions():
    sold = held(PUT)
    assert sold.value < 0.0
    assert sold.size == pytest.approx(-sold.value)
