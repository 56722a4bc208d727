"""Volume surprise and illiquidity by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.liquidity import amihud, amihud_surprise, volume_surprise
from features.sources.directory import read_market


def test_twice_the_usual_volume_is_log_two():
    volume = np.array([100.0, 100.0, 100.0, 200.0])
    np.testing.assert_allclose(volume_surprise(volume, window=3)[-1], np.log(2.0))


def test_no_volume_is_no_surprise_but_unknown():
    volume = np.array([100.0, 100.0, 100.0, 0.0, np.nan, 50.0])
    surprise = volume_surprise(volume, window=3)
    assert np.isnan(surprise[3:]).all()


def test_a_move_of_one_percent_on_a_million_is_ten_to_the_minus_eight():
    returns, traded = np.array([0.01, -0.02, 0.03]), np.array([1e6, 1e6, 3e6])
    shown = amihud(returns, traded, window=3)
    assert np.isnan(shown[0])
    np.testing.assert_allclose(shown[1:], [1.5e-8, (1e-8 + 2e-8 + 1e-8) / 3])


def test_a_session_without_trades_is_unknown_rather_than_infinitely_illiquid():
    shown = amihud(np.array([0.01, 0.01, 0.01]), np.array([1e6, 0.0, np.nan]), window=1)
    np.testing.assert_allclose(shown, [1e-8, np.nan, np.nan])


def test_the_unit_of_the_currency_does_not_move_the_surprise(generator: np.random.Generator):
    returns = generator.normal(0.0, 0.01, 400)
    traded = generator.lognormal(15.0, 0.5, 400)
    surprise = amihud_surprise(returns, traded)
    assert np.isfinite(surprise[-1])
    np.testing.assert_allclose(amihud_surprise(returns, 110.0 * traded), surprise, atol=1e-12)


@pytest.mark.slow
def test_high_yield_was_four_times_as_illiquid_in_march_2020(rich_market: Path):
    """From 2019 to the five weeks after 2020-02-21: a prototype's figure, held to 15%."""
    prices = read_market(rich_market).tables["prices"]
    bars = prices[prices["instrument"] == "HYG"].set_index("date").sort_index()
    returns = bars["close"].pct_change().to_numpy()
    daily = pd.Series(amihud(returns, bars["dollar_volume"].to_numpy(), window=1), bars.index)
    assert daily["2020-02-24":"2020-03-31"].mean() / daily["2019"].mean() == pytest.approx(
        4.0, rel=0.15
    )
