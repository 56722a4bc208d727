"""Crises replayed on today's book: compounded by hand, shared out, and named where not covered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.market import MarketData
from flows.risk.crises import crisis_losses

DATES = pd.bdate_range("2020-01-02", "2022-11-30")


def market() -> MarketData:
    rng = np.random.default_rng(0)
    close = pd.DataFrame(
        100 * np.exp(np.cumsum(rng.normal(0, 0.01, (len(DATES), 2)), axis=0)),
        index=DATES,
        columns=["A", "B"],
    )
    nothing = pd.DataFrame(columns=["date", "series", "value", "available_at", "vintage"])
    return MarketData(
        instruments={name: Instrument(name, "equity", "USD", "price", "log") for name in "AB"},
        close=close,
        imputed=pd.DataFrame(False, index=DATES, columns=["A", "B"]),
        bars={},
        sessions=dict.fromkeys("AB", DATES),
        macro=nothing,
        news=nothing,
        portfolios={},
        snapshot="made up",
        as_of=DATES[-1],
    )


def test_the_covid_window_is_compounded_session_by_session():
    told = {one["crisis"]: one for one in crisis_losses(market(), {"A": 0.7, "B": -0.2})}
    covid = told["covid_2020"]
    close = market().close.loc["2020-02-19":"2020-04-30"]
    simple = close.pct_change().iloc[1:]
    returns = 0.7 * simple["A"] - 0.2 * simple["B"]
    assert covid["sessions"] == len(returns)
    assert covid["pnl"] == pytest.approx(np.prod(1 + returns) - 1)
    assert covid["worst_session"] == pytest.approx(returns.min())
    ten = (1 + returns).rolling(10).apply(np.prod).min() - 1
    assert covid["worst_ten_sessions"] == pytest.approx(ten)
    assert sum(part["pnl"] for part in covid["parts"]) == pytest.approx(covid["pnl"])
    assert covid["parts"][0]["pnl"] <= covid["parts"][1]["pnl"]
    (equity,) = covid["classes"]
    assert equity == {"asset_class": "equity", "pnl": pytest.approx(covid["pnl"])}


def test_what_cannot_be_replayed_says_why():
    told = {one["crisis"]: one["status"] for one in crisis_losses(market(), {"A": 1.0})}
    assert told["rates_2022"] == "covered"
    assert told["yen_2024"] == "lies after the as-of 2022-11-30"
    young = market()
    close = young.close.copy()
    close.loc[:"2020-06-01", "B"] = np.nan
    late = crisis_losses(replace(young, close=close), {"A": 0.5, "B": 0.5})
    assert late[0]["status"] == "B had no price before 2020-02-20"
    assert late[1]["status"] == "covered"


def test_an_empty_book_has_no_crises():
    assert crisis_losses(market(), {}) == []
