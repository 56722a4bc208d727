"""Getting out of a book of quantities: costs by hand, pace by volume, and what is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.market import MarketData
from flows.risk.getting_out import quantities_liquidity
from flows.scenario_sets.files import ScenarioSet
from models.measures import expected_shortfall
from tests.flows.risk import desk_book

TOLD = desk_book.scenarios(4000)
VOLUME = 1e6
SPREAD = 0.01


def with_bars() -> MarketData:
    """ACME bounces between bid and ask a percent apart."""
    market = desk_book.market()
    rng = np.random.default_rng(5)
    dates = market.close.index
    close = market.close["ACME"].to_numpy()
    path = np.exp(rng.normal(0, 0.001, (len(dates), 60)))
    day = close[:, None] * path * (1.0 + SPREAD / 2.0 * rng.choice([-1, 1], (len(dates), 60)))
    bars = {
        "open": day[:, 0],
        "high": day.max(axis=1),
        "low": day.min(axis=1),
        "dollar_volume": VOLUME * np.exp(rng.normal(0, 0.2, len(dates))),
    }
    closes = market.close.copy()
    closes["ACME"] = day[:, -1]
    frames = {name: pd.DataFrame({"ACME": one}, index=dates) for name, one in bars.items()}
    return replace(market, close=closes, bars=frames)


MARKET = with_bars()


def adjusted(*positions, market: MarketData = MARKET, told: ScenarioSet = TOLD):
    book = desk_book.book(*positions)
    near = book.outcomes(told, horizon=1)
    return quantities_liquidity(book, told, near, market, alphas=(0.975,)), near


def test_a_small_position_pays_half_its_spread_within_a_session():
    told, near = adjusted(desk_book.STOCK)
    (row,), (position,) = told["levels"], told["positions"]
    assert position["sessions"] == 1
    assert row["es"] == pytest.approx(expected_shortfall(near.total, alpha=0.975), rel=1e-9)
    assert row["liquidity_adjusted_es"] > row["es"]
    assert 0.0 < position["spread"] < 2.0 * SPREAD
    assert position["mean_spread_cost"] == pytest.approx(
        0.5 * position["spread"] * 10_000.0, rel=0.15
    )


def test_ten_times_the_volume_takes_the_whole_set_and_costs_more_than_ten_times():
    small, _ = adjusted(desk_book.STOCK)
    large, _ = adjusted(replace(desk_book.STOCK, quantity=100_000.0))
    (one,), (many,) = small["positions"], large["positions"]
    assert many["sessions"] == pytest.approx(100, rel=0.1)
    assert many["beyond_set"]
    assert many["mean_impact_cost"] > 1000.0 * one["mean_impact_cost"]


def test_a_slow_position_loses_while_it_waits():
    slow = replace(desk_book.STOCK, quantity=3_000.0)
    told, near = adjusted(slow)
    assert told["positions"][0]["sessions"] == 3
    moves = np.cumsum(TOLD.moves[:, :3, 0], axis=1, dtype=np.float64)
    # Sold in thirds at the end of each session.
    waited = 300_000.0 * np.expm1(moves).mean(axis=1)
    assert told["levels"][0]["es"] == pytest.approx(
        expected_shortfall(waited, alpha=0.975), rel=1e-6
    )
    assert told["levels"][0]["es"] > expected_shortfall(near.total, alpha=0.975)


def test_what_is_not_known_is_counted_with_its_value():
    told, _ = adjusted(market=desk_book.market())
    assert told["untold"] == [
        {"position": "ACME", "why": "no open, high and low", "value": pytest.approx(10_000.0)}
    ]
    assert {one["position"] for one in told["positions"]} == {
        "ACME_PUT",
        "GOVERNMENT",
        "CORPORATE",
        "EURUSD",
    }


def test_costs_rise_where_volatility_does():
    calm, _ = adjusted(desk_book.CORPORATE)
    wild = ScenarioSet(TOLD.moves * np.float32(1.0), TOLD.assets)
    stormy = np.array(wild.moves)
    stormy[:, 0] *= np.where(np.arange(len(stormy)) % 2, 3.0, 0.1)[:, None].astype(np.float32)
    mixed, _ = adjusted(desk_book.CORPORATE, told=ScenarioSet(stormy, TOLD.assets))
    extra = [
        one["levels"][0]["liquidity_adjusted_es"] - one["levels"][0]["es"] for one in (calm, mixed)
    ]
    assert extra[0] > calm["positions"][0]["mean_spread_cost"]  # in the tail volatility is high
    assert extra[1] > 0.0


def test_a_position_of_nothing_costs_nothing_and_breaks_nothing():
    told, _ = adjusted(replace(desk_book.STOCK, quantity=0.0), desk_book.CORPORATE)
    nothing, _ = told["positions"]
    assert nothing["sessions"] == 1
    assert nothing["mean_spread_cost"] == nothing["mean_impact_cost"] == 0.0
    assert np.isfinite(told["levels"][0]["liquidity_adjusted_es"])


def test_a_series_that_nobody_trades_is_not_sold_by_its_bars():
    still = replace(MARKET, bars={**MARKET.bars, "dollar_volume": 0.0 * MARKET.bars["open"]})
    told, _ = adjusted(desk_book.STOCK, desk_book.EURO, market=still)
    assert [(one["position"], one["why"]) for one in told["untold"]] == [("ACME", "no volume")]
