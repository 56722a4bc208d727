"""Spreads read off bars: exact where nothing moves, near the truth where prices walk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bidask import edge

from features.sources.directory import read_market
from features.spreads import abdi_ranaldo_spread, corwin_schultz_spread, edge_spread

SPREAD = 0.004
DAYS, TRADES = 1500, 390


@pytest.fixture(scope="module")
def walked() -> dict[str, np.ndarray]:
    """Bars of trades that hit bid or ask, by a coin, of a value that walks 1% a day."""
    generator = np.random.default_rng(3)
    steps = generator.normal(0.0, 0.01 / np.sqrt(TRADES), (DAYS, TRADES))
    value = 100.0 * np.exp(np.cumsum(steps).reshape(DAYS, TRADES))
    trades = value * (1.0 + SPREAD / 2.0 * generator.choice([-1.0, 1.0], value.shape))
    return {
        "open_": trades[:, 0],
        "high": trades.max(axis=1),
        "low": trades.min(axis=1),
        "close": trades[:, -1],
    }


def test_a_value_that_stands_still_shows_its_spread_exactly():
    ask, bid = np.full(30, 100.0 * (1.0 + SPREAD / 2)), np.full(30, 100.0 * (1.0 - SPREAD / 2))
    shown = corwin_schultz_spread(ask, bid)
    np.testing.assert_allclose(shown[-1], SPREAD, rtol=1e-12)
    in_logs = abdi_ranaldo_spread(ask, bid, ask)
    np.testing.assert_allclose(in_logs[-1], np.log(ask[0] / bid[0]), rtol=1e-12)


def test_every_estimate_is_near_the_truth_of_a_walk(walked: dict[str, np.ndarray]):
    high, low, close = walked["high"], walked["low"], walked["close"]
    whole = edge_spread(walked["open_"], high, low, close, window=DAYS)
    np.testing.assert_allclose(whole[-1], SPREAD, rtol=0.1)
    np.testing.assert_allclose(
        abdi_ranaldo_spread(high, low, close, window=DAYS - 1)[-1], SPREAD, rtol=0.15
    )
    # Zero where negative lifts the mean of noisy pairs: the authors' known upward bias.
    shown = corwin_schultz_spread(high, low, window=DAYS - 1)[-1]
    assert SPREAD < shown < 1.6 * SPREAD


def test_edge_is_the_authors_own_on_each_window(walked: dict[str, np.ndarray]):
    shown = edge_spread(*walked.values(), window=21)
    for end in (21, 500, DAYS):
        bars = [bar[end - 21 : end] for bar in walked.values()]
        np.testing.assert_allclose(shown[end - 1], edge(*bars), rtol=1e-6)


Estimate = Callable[[dict[str, np.ndarray]], np.ndarray]
ESTIMATES: dict[str, Estimate] = {
    "edge": lambda bars: edge_spread(bars["open_"], bars["high"], bars["low"], bars["close"]),
    "corwin_schultz": lambda bars: corwin_schultz_spread(bars["high"], bars["low"]),
    "abdi_ranaldo": lambda bars: abdi_ranaldo_spread(bars["high"], bars["low"], bars["close"]),
}


@pytest.mark.parametrize("estimate", ESTIMATES.values(), ids=ESTIMATES)
def test_no_estimate_sees_tomorrow(walked: dict[str, np.ndarray], estimate: Estimate):
    whole = estimate(walked)
    cut = estimate({name: bar[:700] for name, bar in walked.items()})
    np.testing.assert_array_equal(cut, whole[:700])


@pytest.mark.parametrize("estimate", ESTIMATES.values(), ids=ESTIMATES)
def test_bars_that_say_nothing_are_no_spread_of_zero(estimate: Estimate):
    for price in (10.0, np.nan, -37.0):
        bars = {name: np.full(60, price) for name in ("open_", "high", "low", "close")}
        assert np.isnan(estimate(bars)).all()
        assert estimate({name: bar[:0] for name, bar in bars.items()}).shape == (0,)


@pytest.mark.slow
def test_march_2020_costs_what_it_cost(rich_market: Path):
    """Corwin-Schultz of 2019 against March 2020, in basis points: 16 to 161 and 5 to 40.

    Those are prototypes' figures, taken over windows that were not written down: held to 10%.
    """
    prices = read_market(rich_market).tables["prices"]
    for name, before, after in (("SPY", 16.0, 161.0), ("HYG", 5.0, 40.0)):
        bars = prices[prices["instrument"] == name].set_index("date").sort_index()
        shown = corwin_schultz_spread(bars["high"].to_numpy(), bars["low"].to_numpy(), window=1)
        daily = pd.Series(shown, bars.index)
        assert 1e4 * daily["2019"].mean() == pytest.approx(before, rel=0.1)
        assert 1e4 * daily["2020-03"].mean() == pytest.approx(after, rel=0.1)
