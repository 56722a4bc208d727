"""What is not of today is said, with its age; what only had a weekend is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.positions import Position
from features.pricing_market import CreditCurve, PricingMarket, VolSurface, ZeroCurve
from flows.ingest import Ingested, ingest
from flows.risk.page import page_of
from flows.risk.request import risk_request
from flows.risk.run import risk
from flows.risk.stale import stale
from flows.steps import Steps
from flows.terminal import Terminal


def with_bars(market: Path, out: Path, *, last: str) -> Path:
    """The market with hourly bars of one stock up to an hour of the last session (UTC)."""
    out.mkdir()
    for file in market.rglob("*.csv"):
        target = out / file.relative_to(market)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.read_bytes())
    prices = pd.read_csv(out / "prices.csv", dtype={"instrument": str})
    day = str(prices["date"].max())
    ends = pd.date_range(f"{day}T15:00Z", f"{day}T{last}Z", freq="h")
    bars = pd.DataFrame({"time": ends.strftime("%Y-%m-%dT%H:%M:%SZ"), "instrument": "STOCK0"})
    for name in ("open", "high", "low", "close"):
        bars[name] = 100.0
    bars.assign(volume=10.0).to_csv(out / "intraday.csv", index=False)
    return out


@pytest.mark.parametrize(("last", "marked"), [("19:00", True), ("20:00", False), ("21:00", False)])
def test_bars_that_end_an_hour_before_the_close_mark_the_number(
    tiny_market: Path, tmp_path: Path, last: str, marked: bool
):
    """The close is 16:00 in New York, in December 21:00 UTC."""
    directory = with_bars(tiny_market, tmp_path / "market", last=last)
    request = risk_request(portfolio="all", data=directory, paths=1000, horizon=1, alphas=(0.95,))
    told = risk(request, root=tmp_path / "state", steps=Steps(Terminal(quiet=True)))
    page = page_of(told)
    assert bool(told["stale"]) == marked
    assert ("STALE STOCK0: stopped at 2021-12-31T19:00Z" in page) == marked
    assert ("STALE</span>" in page) == marked


def quoted(date: str) -> PricingMarket:
    day = pd.Timestamp(date)
    node = np.array([1.0])
    surface = VolSurface(pd.DatetimeIndex(["2023-01-01"]), node, np.array([[0.2]]), day)
    return PricingMarket(
        pd.Timestamp("2021-12-31"),
        {},
        {},
        curves={"USD": ZeroCurve(node, node, day), "EUR": ZeroCurve(node, node, day)},
        credit={"ACME": CreditCurve("senior", node, node, 0.4, day)},
        surfaces={"STOCK0": surface},
    )


@pytest.fixture(scope="module")
def found(tiny_market: Path) -> Ingested:
    return ingest(tiny_market)


def test_curves_spreads_and_volatilities_of_yesterday_are_said(found: Ingested):
    positions = (
        Position("cds", 1.0, "cds", "USD", issuer="ACME"),
        Position("call", 1.0, "option", "USD", underlying="STOCK0"),
    )
    for date, expected in (("2021-12-31", 0), ("2021-12-30", 3)):
        verdicts = replace(found.verdicts, pricing=quoted(date))
        said = stale(replace(found, verdicts=verdicts), None, positions, base="USD")
        assert len(said) == expected
    assert said[0] == "curve USD: last quoted 2021-12-30, 1 weekday ago"


def test_a_weekend_makes_nothing_old(found: Ingested):
    pricing = replace(quoted("2021-12-31"), as_of=pd.Timestamp("2022-01-02"))
    held = (Position("cds", 1.0, "cds", "USD", issuer="ACME"),)
    weekend = replace(found, verdicts=replace(found.verdicts, pricing=pricing))
    assert stale(weekend, None, held, base="USD") == []
    monday = replace(pricing, as_of=pd.Timestamp("2022-01-03"))
    later = replace(found, verdicts=replace(found.verdicts, pricing=monday))
    assert len(stale(later, None, held, base="USD")) == 2


def test_an_option_is_as_old_as_what_it_is_on(found: Ingested):
    market = found.market
    close = market.close.copy()
    close.iloc[-2:, close.columns.get_loc("STOCK1")] = np.nan
    late = replace(found, market=replace(market, close=close))
    held = (Position("call", 1.0, "option", "USD", underlying="STOCK1"),)
    (said,) = stale(late, None, held, base="USD")
    assert said == "STOCK1: last close 2021-12-29, 2 sessions ago"
    assert stale(late, {"STOCK0": 1.0}, (), base="USD") == []
