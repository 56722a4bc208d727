"""Stand-ins by role: the nearest yield for a tenor, and none where nothing plays the part."""

from __future__ import annotations

from flows.risk.proxies import default_proxies
from models.base import Asset
from models.instruments.proxies import Proxy

FACTORS = ("curve:USD:1", "curve:USD:7", "credit:ACME:5", "vol:ACME:2025-12-19:100", "ACME")


def asset(name: str, kind: str = "rate") -> Asset:
    return Asset(name, kind, "diff", "USD", 4.0)  # pyright: ignore[reportArgumentType]


def test_each_tenor_follows_the_nearest_yield_in_decimals():
    found = default_proxies([asset("UST2Y"), asset("UST10Y"), asset("HY_OAS", "spread")], FACTORS)
    assert found["curve:USD:1"] == Proxy("UST2Y", 0.01)
    assert found["curve:USD:7"] == Proxy("UST10Y", 0.01)
    assert found["credit"] == Proxy("HY_OAS", 1.0)
    assert "vol" not in found


def test_one_yield_stands_for_the_whole_curve():
    found = default_proxies([asset("DGS10"), asset("^VIX", "price")], FACTORS)
    assert found["curve"] == Proxy("DGS10", 0.01)
    assert found["vol"] == Proxy("^VIX", 1.0)


def test_a_set_of_stocks_stands_for_nothing():
    assert default_proxies([asset("SPY", "price")], FACTORS) == {}
