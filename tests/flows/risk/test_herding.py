"""A crowd around a book: no impact no amplification, and more funds lose more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.market import MarketData
from flows.risk.herding import herding
from flows.risk.herding_picture import amplification_picture
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset

BOOK = {"STOCK0": 0.5, "STOCK1": 0.3, "STOCK2": 0.2}


@pytest.fixture
def traded(tiny: MarketData) -> MarketData:
    """Six stocks with bars; a million units of each are traded a day."""
    close = tiny.close
    sides = {"open": close.shift().fillna(close), "high": close * 1.01, "low": close * 0.99}
    volume = close * 0.0 + 1e6 * np.exp(0.1 * np.random.default_rng(2).standard_normal(close.shape))
    return replace(tiny, bars={**sides, "volume": volume})


def told(market: MarketData, book: dict[str, float] = BOOK, **given: Any) -> dict[str, Any]:
    moves = 0.01 * np.random.default_rng(1).standard_t(5, (4000, 1, 6)).astype(np.float32)
    assets = tuple(Asset(f"STOCK{k}", "price", "log", "USD", 100.0) for k in range(6))
    drawn = ScenarioSet(moves, assets)
    asked: dict[str, Any] = {"funds": 100, "value": None, "seed": 0, **given}
    return herding(book, drawn, market, **asked)


def test_more_funds_lose_more_and_sharing_a_fast_model_most(traded: MarketData):
    found = told(traded)
    assert found["status"] == "computed"
    curve = found["curve"]
    for key in ("own", "shared"):
        values = [one[key] for one in curve]
        assert values == sorted(values)
        assert values[0] >= 1.0
    assert [one["share"] for one in found["amplification"]] == [0.0, 0.25, 0.5, 0.75, 1.0]
    (middle,) = (one for one in curve if one["funds"] == 100.0)
    assert middle["shared"] == pytest.approx(found["amplification"][-1]["amplification"])
    reaction = {one["model"]: one["reaction"] for one in found["models"]}
    assert reaction["gjr_fhs"] > reaction["hs_500"] >= 1.0
    assert found["published"] >= 1.0
    assert found["shock"] < 0.0


def test_the_tenth_is_where_the_curve_passes_it(traded: MarketData):
    found = told(traded)
    many = round(found["tenth"]["shared"])
    again = told(traded, funds=many, value=found["value"])
    assert again["amplification"][-1]["amplification"] == pytest.approx(1.1, abs=0.01)


def test_depth_without_end_amplifies_nothing(traded: MarketData):
    deep = replace(traded, bars={**traded.bars, "volume": traded.bars["volume"] * 1e40})
    found = told(deep, value=1e6)
    assert {one["amplification"] for one in found["amplification"]} == {1.0}
    assert found["tenth"] == {"own": None, "shared": None}


def test_a_holding_without_volume_moves_no_price_and_is_named(traded: MarketData):
    volume = traded.bars["volume"].copy()
    volume["STOCK1"] = np.nan
    found = told(replace(traded, bars={**traded.bars, "volume": volume}))
    unknown = [one["position"] for one in found["holdings"] if one["days_of_volume"] is None]
    assert unknown == ["STOCK1"]


def test_what_cannot_be_told_says_why(traded: MarketData, tiny: MarketData):
    assert "no volume" in told(tiny)["status"]
    drawn = ScenarioSet(np.zeros((100, 1, 1), dtype=np.float32), ())
    nothing = herding({}, drawn, traded, funds=10, value=None, seed=0)
    assert "nothing long" in nothing["status"]
    short = replace(traded, close=traded.close.iloc[-300:], imputed=traded.imputed.iloc[-300:])
    assert "500" in told(short)["status"]


def test_the_picture_is_the_same_for_the_same_numbers(traded: MarketData):
    found = told(traded)
    assert amplification_picture(found) == amplification_picture(found)
    assert told(traded)["curve"] == found["curve"]
