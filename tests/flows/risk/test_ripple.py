"""One default on a book: its bond pays the recovery, its peers widen, the market falls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.positions import Position
from features.pricing_market import PricingMarket
from flows.ingest import Ingested, ingest
from flows.refusal import RefusedError
from flows.risk.ripple import LEFT, default_ripple, issuers_of, market_moves
from flows.scenario_sets.files import ScenarioSet
from flows.settings import checkout
from models.base import Asset

MOVES = np.random.default_rng(0).normal(0, 0.01, (4000, 10, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def example() -> Ingested:
    return ingest(Path(checkout() / "infra" / "examples" / "market"))


@pytest.fixture(scope="module")
def pricing(example: Ingested) -> PricingMarket:
    found = example.verdicts.pricing
    assert found is not None
    return found


@pytest.fixture(scope="module")
def told(pricing: PricingMarket) -> ScenarioSet:
    names = ("INDEX_FUND", "STOCK", "EURUSD", "OIL", "TREASURY")
    held = [name for name in names if name in pricing.closes]
    moves = np.repeat(MOVES[:, :, :1], len(held), axis=2)
    assets = tuple(
        Asset(
            name,
            pricing.instruments[name].kind,
            pricing.instruments[name].move,
            "USD",
            pricing.closes[name],
        )
        for name in held
    )
    return ScenarioSet(moves, assets)


def test_everything_that_is_alike_falls_by_the_shift(told: ScenarioSet):
    moved = market_moves(told, -2.0)
    deviation = MOVES[:, :, 0].sum(axis=1, dtype=np.float64).std()
    np.testing.assert_allclose(moved, -2.0 * deviation, rtol=1e-6)


def test_what_goes_its_own_way_hardly_moves():
    own = ScenarioSet(
        MOVES,
        (
            Asset("SPY", "price", "log", "USD", 400.0),
            Asset("EURUSD", "fx", "log", "USD", 1.1),
        ),
    )
    spy, euro = market_moves(own, -2.0)[0]
    assert spy == pytest.approx(-2.0 * 0.01 * np.sqrt(10), rel=0.05)
    assert abs(euro) < 0.1 * abs(spy)


@pytest.mark.parametrize("issuer", ["BANK", "INDUSTRIAL", "RETAILER"])
def test_the_whole_desk_is_revalued(
    example: Ingested, pricing: PricingMarket, told: ScenarioSet, issuer: str
):
    positions = example.verdicts.positions["desk"]
    found = default_ripple(positions, pricing, told, issuer=issuer, base="USD", proxies={})
    assert found["issuers"][0]["issuer"] == issuer
    assert found["issuers"][0]["probability_after"] == 1.0
    for other in found["issuers"][1:]:
        assert other["spread_after"] >= other["spread_before"]
        assert other["equity"] <= 0.0
    assert found["pnl"] == pytest.approx(sum(one["pnl"] for one in found["positions"]))
    assert found["market"] < 0.0
    pnl = {one["position"]: one["pnl"] for one in found["positions"]}
    if issuer == "INDUSTRIAL":  # 150 bonds of 1,000 that pay 40%
        assert pnl["INDUSTRIAL_2029"] == pytest.approx(-0.6 * 150_000, rel=0.15)
    if issuer == "RETAILER":  # protection bought on 500,000, of which 75% is lost
        assert pnl["RETAILER_CDS"] > 0.6 * 500_000


def test_shares_of_the_defaulted_are_all_but_gone(pricing: PricingMarket, told: ScenarioSet):
    shares = Position("STOCK", 100.0, "equity", "USD", issuer="BANK")
    found = default_ripple([shares], pricing, told, issuer="BANK", base="USD", proxies={})
    assert found["pnl"] == pytest.approx(-(1.0 - LEFT) * 100.0 * pricing.closes["STOCK"])


def test_an_issuer_without_spreads_is_refused(pricing: PricingMarket, told: ScenarioSet):
    with pytest.raises(RefusedError, match="LEHM is no issuer here"):
        default_ripple([], pricing, told, issuer="LEHM", base="USD", proxies={})
    with pytest.raises(ValueError, match="no issuer has spreads"):
        issuers_of(replace(pricing, credit={}))
