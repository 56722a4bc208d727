"""A day's moves by hand: changes over the size of those before, blocks, and the market's return."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from features.asof import Timeline
from features.crosssection import BLOCKS, LARGEST_MOVE, market_section
from features.daily_moves import daily_moves, market_returns, standardised_change
from features.macro import macro_readings
from features.market import MarketData, truncate
from features.roles import cast_roles


def moves_of(market: MarketData) -> Timeline:
    section = market_section(market, [])
    observed = cast_roles(market, include_revised=True).observed
    return daily_moves(section, macro_readings(observed, section))


def test_a_change_is_measured_against_those_before_it():
    level = np.array([1.0, 2.0, 1.0, 4.0, 4.0, np.nan, 4.0])
    moved = standardised_change(level)
    assert np.isnan(moved[[0, 1, 5, 6]]).all()
    assert moved[2] == pytest.approx(-1.0)  # over the one change before, of one
    assert moved[3] == pytest.approx(3.0)  # both were of one
    assert moved[4] == 0.0


def test_a_peg_that_breaks_has_a_bounded_voice():
    level = np.concatenate([np.tile([0.0, 1e-6], 20), [5.0]])
    assert standardised_change(level)[-1] == LARGEST_MOVE


def test_a_day_holds_blocks_unevenness_the_surge_and_macro(small_market: MarketData):
    moves = moves_of(small_market)
    assert moves.names[: len(BLOCKS)] == tuple(f"{block}_move" for block in BLOCKS)
    assert set(moves.names[len(BLOCKS) :]) == {
        "dispersion_log",
        "surge_change",
        "vix_change",
        "move_change",
        "high_yield_change",
        "investment_grade_change",
        "term_slope_change",
    }
    assert np.isfinite(moves.values[100:]).mean(axis=0).min() > 0.9


def test_the_future_moves_no_day(small_market: MarketData):
    whole = moves_of(small_market)
    for as_of in ("2019-01-08", "2020-05-01", "2020-09-06"):
        cut = moves_of(truncate(small_market, cast(pd.Timestamp, pd.Timestamp(as_of))))
        np.testing.assert_array_equal(cut.values, whole.values[: len(cut.values)])


def test_the_market_is_its_equity_or_else_all_of_it(small_market: MarketData):
    section = market_section(small_market, [])
    equity = section.members("equity")
    assert 0 < equity.sum() < len(equity)
    row = int(np.flatnonzero(np.isfinite(section.returns).all(axis=1))[0])
    assert market_returns(section)[row] == pytest.approx(section.returns[row, equity].mean())
    without = replace(section, blocks=("currency",) * len(section.blocks))
    assert market_returns(without)[row] == pytest.approx(section.returns[row].mean())
