"""Getting out of a book: larger books pay more, and what has no bars is said to have none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.market import MarketData
from flows.risk.liquidity import HoldingLiquidity, holding_liquidity, liquidity_adjusted
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset

DATES = pd.bdate_range("2018-01-01", periods=1200)
NAMES = ("A", "B")
TRUE_SPREAD = 0.01


@pytest.fixture(scope="module")
def market() -> MarketData:
    """Prices that bounce between bid and ask 1% apart, 60 trades a day."""
    rng = np.random.default_rng(0)
    bars: dict[str, dict[str, np.ndarray]] = {}
    for name in NAMES:
        middle = np.exp(np.cumsum(rng.normal(0, 0.01 / np.sqrt(60), (1200 * 60))))
        price = 100 * middle * (1 + TRUE_SPREAD / 2 * rng.choice([-1, 1], 1200 * 60))
        day = price.reshape(1200, 60)
        bars[name] = {
            "open": day[:, 0],
            "high": day.max(axis=1),
            "low": day.min(axis=1),
            "close": day[:, -1],
            "dollar_volume": np.exp(rng.normal(np.log(1e8), 0.2, 1200)),
        }
    frames = {
        field: pd.DataFrame({name: bars[name][field] for name in NAMES}, index=DATES)
        for field in ("open", "high", "low", "close", "dollar_volume")
    }
    nothing = pd.DataFrame(columns=["date", "series", "value", "available_at", "vintage"])
    close = frames.pop("close").assign(C=100.0)
    return MarketData(
        instruments={
            name: Instrument(name, "equity", "USD", "price", "log") for name in (*NAMES, "C")
        },
        close=close,
        imputed=close.notna() & False,
        bars=frames,
        sessions=dict.fromkeys((*NAMES, "C"), DATES),
        macro=nothing,
        news=nothing,
        portfolios={},
        snapshot="made up",
        as_of=DATES[-1],
    )


@pytest.fixture(scope="module")
def told() -> ScenarioSet:
    moves = np.random.default_rng(1).normal(0, 0.01, (4000, 10, 2)).astype(np.float32)
    return ScenarioSet(moves, tuple(Asset(n, "price", "log", "USD", 100.0) for n in NAMES))


def test_the_spread_is_the_one_that_made_the_prices(market: MarketData):
    found = holding_liquidity(market, "A")
    assert isinstance(found, HoldingLiquidity)
    assert found.source in ("edge", "corwin_schultz", "abdi_ranaldo")
    assert found.spread == pytest.approx(TRUE_SPREAD, rel=0.25)
    assert found.volume == pytest.approx(1e8, rel=0.1)


def test_a_small_book_pays_half_the_spread_and_a_large_one_more(
    market: MarketData, told: ScenarioSet
):
    book = {"A": 0.5, "B": 0.5}
    cost: list[float] = []
    for value in (1e3, 1e8, 1e9):
        found = liquidity_adjusted(book, told, market, value=value, alphas=[0.975])
        (row,) = found["levels"]
        assert row["liquidity_adjusted_es"] > row["es"]
        cost.append(row["liquidity_adjusted_es"] - row["es"])
    assert cost[0] == pytest.approx(TRUE_SPREAD / 2, rel=0.3)
    assert cost == sorted(cost)
    assert [one["sessions"] for one in found["positions"]] == pytest.approx([50, 50], abs=5)
    assert all(one["beyond_set"] for one in found["positions"])


def test_what_cannot_be_told_is_counted_and_sold_at_no_cost(market: MarketData, told: ScenarioSet):
    assert holding_liquidity(market, "C") == "no open, high and low"
    assets = (*told.assets, Asset("C", "price", "log", "USD", 100.0))
    still = np.zeros((*told.moves.shape[:2], 1), np.float32)
    with_c = ScenarioSet(np.concatenate([told.moves, still], axis=2), assets)
    found = liquidity_adjusted({"A": 0.5, "C": 0.5}, with_c, market, value=1e6, alphas=[0.975])
    alone = liquidity_adjusted({"A": 0.5}, told, market, value=1e6, alphas=[0.975])
    assert found["untold"] == [{"position": "C", "why": "no open, high and low", "value": 0.5}]
    assert found["levels"] == alone["levels"]  # C never moves, and costs nothing
    assert liquidity_adjusted({"C": 1.0}, with_c, market, value=1e6, alphas=[])["status"] == (
        "C: no open, high and low"
    )
    assert liquidity_adjusted({}, told, market, value=1.0, alphas=[])["status"].endswith("nothing")


def test_spreads_and_depths_of_the_set_win_over_what_the_bars_say(
    market: MarketData, told: ScenarioSet
):
    wide = np.full(told.moves.shape, 0.04, np.float32)
    usual = liquidity_adjusted({"A": 1.0}, told, market, value=1e3, alphas=[0.975])
    spread = liquidity_adjusted(
        {"A": 1.0}, replace(told, spread=wide), market, value=1e3, alphas=[0.975]
    )
    assert spread["positions"][0]["spread_source"] == "scenario set"
    assert spread["positions"][0]["mean_spread_cost"] == pytest.approx(0.02)
    assert usual["positions"][0]["mean_spread_cost"] < 0.01
    shallow = replace(told, depth=np.full(told.moves.shape, 0.25, np.float32))
    dry = liquidity_adjusted({"A": 1.0}, shallow, market, value=1e3, alphas=[0.975])
    usually = np.full(told.moves.shape, 1.0, np.float32)
    wet = liquidity_adjusted(
        {"A": 1.0}, replace(told, depth=usually), market, value=1e3, alphas=[0.975]
    )
    cost = [one["positions"][0]["mean_impact_cost"] for one in (dry, wet)]
    assert cost[0] / cost[1] == pytest.approx(2.0, rel=1e-3)  # the square root of four
