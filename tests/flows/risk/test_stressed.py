"""Stressed calibration on a market whose crisis was planted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.market import MarketData
from flows.risk.lens import lens_of
from flows.risk.linear import Weights
from flows.risk.stressed import past_moves, stressed_calibration
from models.base import Asset
from validation.internal_models import BASEL_2019_MODELS as RULE

CRISIS = slice("2008-09-15", "2008-11-14")


@pytest.fixture(scope="module")
def market() -> MarketData:
    """OLD from 2005 with a crisis in 2008, NEW from 2019."""
    dates = pd.bdate_range("2005-01-03", "2021-12-31")
    generator = np.random.default_rng(7)
    moves = pd.DataFrame(
        0.01 * generator.standard_normal((len(dates), 2)), dates, columns=["OLD", "NEW"]
    )
    moves.loc[CRISIS, "OLD"] = moves.loc[CRISIS, "OLD"] * 5.0 - 0.01
    closes = 100.0 * np.exp(moves.cumsum())
    closes.loc[:"2018-12-31", "NEW"] = np.nan
    about = {
        name: Instrument(name, "equity index", "USD", "price", "log") for name in closes.columns
    }
    return MarketData(
        instruments=about,
        close=closes,
        imputed=closes.isna() & False,
        bars={},
        sessions={name: pd.DatetimeIndex(closes[name].dropna().index) for name in about},
        macro=pd.DataFrame(),
        news=pd.DataFrame(),
        portfolios={},
        snapshot="0" * 64,
        as_of=closes.index[-1],
    )


ASSETS = [Asset(name, "price", "log", "USD", 100.0) for name in ("OLD", "NEW")]


def calibrated(market: MarketData, old: float, new: float) -> dict[str, Any]:
    book = Weights({"OLD": old, "NEW": new}, market.instruments)
    return stressed_calibration(lens_of(book, ASSETS, RULE), ASSETS, market, RULE, places=range(2))


def test_the_planted_crisis_is_found_by_the_set_that_reaches_it(market: MarketData):
    found = calibrated(market, 0.9, 0.1)
    assert found["status"] == "computed"
    assert (found["reduced"], found["left_out"]) == (["OLD"], ["NEW"])
    assert found["since"] == "2007-01-01"
    assert str(found["first"]) <= "2008-10-15" <= str(found["last"])
    full, reduced = float(found["full_current"]), float(found["reduced_current"])
    assert reduced >= 0.75 * full
    assert found["scaled"] == pytest.approx(found["reduced_stressed"] * max(full / reduced, 1.0))
    assert float(found["reduced_stressed"]) > 3.0 * reduced


def test_a_set_that_says_too_little_of_the_book_is_not_the_reduced_one(market: MarketData):
    found = calibrated(market, 0.1, 0.9)
    assert (found["reduced"], found["left_out"]) == (["OLD", "NEW"], [])
    assert str(found["since"]) > "2018-12-31"
    assert found["reduced_share"] == 1.0


def test_past_moves_skip_what_was_filled_in(market: MarketData):
    imputed = market.imputed.copy()
    imputed.loc["2010-06-01", "OLD"] = True
    holed = replace(market, imputed=imputed)
    moves, dates = past_moves(ASSETS, holed, ["OLD"], over=1)
    assert pd.Timestamp("2010-06-01") not in dates
    two = np.log(market.close["OLD"]).loc[["2010-05-31", "2010-06-02"]].diff().iloc[-1]
    assert moves[dates.get_loc(pd.Timestamp("2010-06-02")), 0] == pytest.approx(two)
    assert not moves[:, 1].any()


def test_too_little_history_says_so(market: MarketData):
    close = market.close.copy()
    close.loc[:"2021-06-30", "NEW"] = np.nan
    found = calibrated(replace(market, close=close), 0.5, 0.5)
    assert "fewer than 250 moves" in str(found["status"])
