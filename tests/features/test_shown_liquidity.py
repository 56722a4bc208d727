"""Spread and depth of each series on its own sessions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.market import MarketData, truncate
from features.orderflow import session_flow
from features.shown_liquidity import USUAL, shown_liquidity
from features.spreads import corwin_schultz_spread


def of(market: MarketData, name: str) -> tuple[pd.Series, pd.Series]:
    dates = pd.DatetimeIndex(market.close.index)
    spread, depth = shown_liquidity(market, [name], dates)
    return pd.Series(spread[:, 0], dates), pd.Series(depth[:, 0], dates)


def test_what_was_quoted_wins_over_what_ranges_betray(small_market: MarketData):
    spread, _ = of(small_market, "ACME")
    sessions = pd.DatetimeIndex(small_market.close["ACME"].dropna().index)
    quoted = session_flow(small_market, "ACME", sessions).quoted_spread
    high, low = (small_market.bars[field].loc[sessions, "ACME"] for field in ("high", "low"))
    ranged = corwin_schultz_spread(high.to_numpy(np.float64), low.to_numpy(np.float64))
    expected = np.where(np.isfinite(quoted), quoted, ranged)
    assert np.isfinite(quoted).any()
    assert np.isfinite(ranged[~np.isfinite(quoted)]).any()
    np.testing.assert_array_equal(spread[sessions], expected)


def test_depth_is_what_trades_over_what_usually_does(small_market: MarketData):
    """Volume a hundred each session and three hundred on one: three times the usual, once."""
    name = "ACME"
    traded = small_market.close[name].notna()
    volume = small_market.bars["volume"].copy()
    volume[name] = np.where(traded, 100.0, np.nan)
    day = small_market.close[name].dropna().index[USUAL + 20]
    volume.loc[day, name] = 300.0
    bars = {**small_market.bars, "volume": volume}
    bars.pop("dollar_volume", None)
    _, depth = of(replace(small_market, bars=bars), name)
    known = depth.dropna()
    assert known.loc[day] == 3.0
    assert (known.drop(day) == 1.0).all()
    assert len(known) == traded.sum() - 2 * USUAL // 3


def test_a_fixing_and_a_risk_factor_have_neither(small_market: MarketData):
    factor = {
        **small_market.instruments,
        "GOLD": replace(small_market.instruments["GOLD"], move="diff"),
    }
    for name, market in (
        ("EURUSD", small_market),
        ("GOLD", replace(small_market, instruments=factor)),
    ):
        spread, depth = of(market, name)
        assert spread.isna().all()
        assert depth.isna().all()
    assert of(small_market, "GOLD")[0].notna().any()


def test_what_comes_later_changes_nothing(small_market: MarketData):
    names = [name for name in small_market.instruments if name in small_market.close]
    dates = pd.DatetimeIndex(small_market.close.index)
    cut = dates[len(dates) // 2]
    whole, before = (
        shown_liquidity(market, names, dates[dates <= cut])
        for market in (small_market, truncate(small_market, cut))
    )
    for one, other in zip(whole, before, strict=True):
        np.testing.assert_array_equal(one, other)
