"""The stage of a replay on a market that is made by hand: two features, and no forecasts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from features.market import MarketData
from features.panel import Panel, SeriesFeatures
from features.returns import History, book_history
from flows.market_state import market_state
from flows.plan import Plan
from flows.replay.stage import Stage
from flows.serving import Serving
from tests.flows.conftest import as_market, synthetic_closes


def small_market(*, sessions: int = 30) -> MarketData:
    """Three stocks and a book of all of them, up to the end of 2021."""
    return as_market(synthetic_closes(instruments=3, sessions=sessions))


def book_of(market: MarketData) -> History:
    return book_history(market, market.portfolios["all"], name="all")


def small_stage(root: Path, market: MarketData, *histories: History) -> Stage:
    """A stage whose features count the rows of each history."""
    values = {
        one.name: SeriesFeatures(
            own=np.arange(float(len(one.dates)))[:, None],
            shared=np.arange(float(len(one.dates)))[:, None],
        )
        for one in histories
    }
    start, end = histories[0].dates[0], histories[0].dates[-1]
    serving = Serving(
        market=market,
        plan=Plan(histories, (), start, end, {}, {}),
        panel=Panel(own=("gap",), shared=("vix",), values=values),
        alphas=(0.975, 0.99),
        base={},
        sessions={},
        health={"checked": 1, "rejected": {}},
        state=market_state(market, histories),
        falls={},
    )
    return Stage(root, root / "market", serving, (0.975, 0.99))
