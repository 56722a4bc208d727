"""What models say of the market joins the panel as known at each origin, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.market import MarketData, truncate
from features.panel import Panel, build_panel
from features.returns import History, book_history
from flows.ingest import ingest
from flows.market_state import MODALITY
from flows.monitor import typical_features
from flows.panels import panel_of

NAMES = (
    "regime_high",
    "regime_crisis",
    "regime_confirmed",
    "anomaly_score",
    "drawdown_probability",
)


@pytest.fixture(scope="module")
def market(tiny_market: Path) -> MarketData:
    return ingest(tiny_market).market


def book(market: MarketData) -> History:
    return book_history(market, market.portfolios["all"], name="all")


@pytest.fixture(scope="module")
def panel(market: MarketData) -> Panel:
    return panel_of(market, [book(market)])


def test_the_features_are_as_they_were_and_the_state_comes_after_them(
    market: MarketData, panel: Panel
):
    plain = build_panel(market, [book(market)])
    assert panel.shared == (*plain.shared, *NAMES)
    assert panel.modalities[MODALITY] == NAMES
    size = len(plain.shared)
    np.testing.assert_array_equal(panel.values["all"].shared[:, :size], plain.values["all"].shared)
    np.testing.assert_array_equal(panel.values["all"].own, plain.values["all"].own)


def test_each_column_is_known_in_the_end_and_is_what_it_says(panel: Panel):
    told = panel.values["all"].shared[-1, -len(NAMES) :]
    assert np.isfinite(told).all()
    high, crisis, confirmed, score, fall = told
    assert 0.0 <= high + crisis <= 1.0
    assert confirmed in (0.0, 1.0)
    assert score > 0.0
    assert 0.0 < fall < 1.0


def test_the_future_changes_no_state_of_the_past(market: MarketData, panel: Panel):
    cut = truncate(market, pd.Timestamp("2021-10-15"))
    then = panel_of(cut, [book(cut)]).values["all"].shared
    np.testing.assert_array_equal(then, panel.values["all"].shared[: len(then)])


def test_drift_is_not_told_twice_of_what_is_made_from_the_same_returns(
    market: MarketData, panel: Panel
):
    table = typical_features(panel, [book(market)])
    assert not set(NAMES) & set(table.columns)
    assert len(table.columns) == len(panel.own) + len(panel.shared) - len(NAMES)
