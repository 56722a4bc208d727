"""Stand-ins by role: the nearest yield for a tenor, and none where nothing plays the part."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from features.pricing_market import StatedProxy
from flows.ingest import Ingested, ingest
from flows.refusal import RefusedError
from flows.risk.proxies import default_proxies, with_proxies
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


def test_what_the_user_states_wins_over_a_role_for_all_it_names():
    stated = {
        "curve:USD": StatedProxy("UST10Y", 0.008, "swaps move less"),
        "credit:ACME": StatedProxy("IG_OAS", 1.4, "rated A"),
    }
    assets = [asset("UST2Y"), asset("UST10Y"), asset("HY_OAS", "spread"), asset("IG_OAS", "spread")]
    found = default_proxies(assets, (*FACTORS, "curve:EUR:1"), stated=stated)
    assert found["curve:USD"] == Proxy("UST10Y", 0.008, "swaps move less")
    assert "curve:USD:1" not in found  # a role would have been closer, and would have won
    assert found["curve:EUR:1"] == Proxy("UST2Y", 0.01)
    assert (found["credit"].source, found["credit:ACME"].source) == ("HY_OAS", "IG_OAS")


def test_a_node_with_a_series_of_its_own_follows_no_role():
    own = asset("curve:USD:1")
    assert "curve:USD:1" not in default_proxies([asset("UST2Y"), own], FACTORS)


def market(found: Ingested, *rows: str, out: Path) -> Path:
    out.write_text("\n".join(["factor,proxy,beta,reason", *rows]) + "\n")
    return out


def test_a_file_of_proxies_is_held_to_the_rules(tiny_market: Path, tmp_path: Path):
    found = ingest(tiny_market)
    good = market(found, "STOCK0,STOCK1,1.2,newly listed", out=tmp_path / "mine.csv")
    both = with_proxies(found, good)
    assert both.verdicts.pricing is not None
    assert both.verdicts.pricing.proxies == {"STOCK0": StatedProxy("STOCK1", 1.2, "newly listed")}
    for row, reason in (
        ("STOCK9,STOCK1,1,x", "STOCK9 is no instrument"),
        ("STOCK0,GME,1,x", "follow GME, which instruments does not describe"),
        ('STOCK0,STOCK1,"1,2",x', "row 1"),
        ("STOCK0,STOCK1,1,", "reason"),
    ):
        bad = market(found, row, out=tmp_path / "bad.csv")
        with pytest.raises(RefusedError, match=reason):
            with_proxies(found, bad)
    with pytest.raises(RefusedError, match=r"--proxies: none\.csv"):
        with_proxies(found, tmp_path / "none.csv")


def test_a_table_of_proxies_with_a_fault_is_not_passed_over(tiny_market: Path, tmp_path: Path):
    directory = tmp_path / "market"
    shutil.copytree(tiny_market, directory)
    market(ingest(tiny_market), "STOCK0,GME,1,x", out=directory / "proxies.csv")
    found = ingest(directory)
    assert found.verdicts.rejected == ("proxies: STOCK0",)
    with pytest.raises(RefusedError, match=r"proxies.csv: STOCK0 is said to follow GME"):
        with_proxies(found, None)
