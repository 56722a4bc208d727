"""A book of quantities on scenarios: linear where it is linear, convex where it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.positions import Position
from features.pricing_market import PricingMarket, VolSurface, ZeroCurve
from flows.refusal import RefusedError
from flows.risk.revalued import revalued
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset

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


def test_shares_are_worth_their_price():
    told = revalued([STOCK], PRICING, TOLD, horizon=10, base="USD")
    total = MOVES[:, :, 0].sum(axis=1, dtype=np.float64)
    assert told.value == pytest.approx(1000.0)
    np.testing.assert_allclose(told.outcomes.total, 1000.0 * np.expm1(total), rtol=1e-6)
    assert told.outcomes.unit == "USD"


def test_a_base_currency_moves_with_the_rate():
    told = revalued([STOCK], PRICING, TOLD, horizon=10, base="EUR")
    total = MOVES.sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(
        told.outcomes.total,
        1000.0 / 1.1 * np.expm1(total[:, 0] - total[:, 1]),
        rtol=1e-5,
        atol=1e-6,
    )


def test_a_sold_put_loses_more_than_it_gains_and_parts_add_up():
    told = revalued([STOCK, PUT], PRICING, TOLD, horizon=10, base="USD")
    put = told.outcomes.pnl[:, 1]
    fall = MOVES[:, :, 0].sum(axis=1) < 0
    assert put[fall].min() < -put[~fall].max()
    assert told.outcomes.groups["asset_class"] == ("equity", "equity")
    np.testing.assert_allclose(told.outcomes.total, told.outcomes.pnl.sum(axis=1))
    assert any("volatility" in note for note in told.notes)


def test_a_shorter_horizon_uses_the_first_steps():
    told = revalued([STOCK], PRICING, TOLD, horizon=1, base="USD")
    np.testing.assert_allclose(
        told.outcomes.total, 1000.0 * np.expm1(MOVES[:, 0, 0].astype(np.float64)), rtol=1e-6
    )


def test_what_cannot_be_priced_or_moved_is_refused():
    with pytest.raises(RefusedError, match=r"portfolio: .*GME"):
        revalued([Position("GME", 1.0, "equity", "USD")], PRICING, TOLD, horizon=1, base="USD")
    lonely = ScenarioSet(MOVES[:, :, 1:], TOLD.assets[1:])
    with pytest.raises(RefusedError, match="ACME is held by the book and moves in no scenario"):
        revalued([STOCK], PRICING, lonely, horizon=1, base="USD")
