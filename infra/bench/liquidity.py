"""What March 2020 cost, by estimates from daily bars, and what reading a day of quotes takes.

    python infra/bench/liquidity.py

Spreads are in basis points: of 2019, and of March 2020, each the mean of single sessions (EDGE,
which needs several, over each period at once; Abdi-Ranaldo over a month). Amihud's measure is in
basis points for a billion dollars traded. The quotes are those beside the richer market, read,
judged and made into features in this process; median of five after a discarded run.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from bidask import edge
from richer_market import REMEDY, richer_market

from features.liquidity import amihud
from features.market import MarketData
from features.orderflow import session_flow
from features.sources.directory import read_market
from features.spreads import abdi_ranaldo_spread, corwin_schultz_spread
from flows.ingest import ingest
from validation.feeds import judge

BEFORE, AFTER = "2019", "2020-03"
RUNS = 5


def main() -> None:
    """Print both tables."""
    directory = richer_market()
    if directory is None:
        sys.exit(REMEDY)
    print_spreads(read_market(directory).tables["prices"])
    quotes = directory.parent / "microstructure" / "quotes_ticks.parquet"
    if quotes.is_file():
        print_costs(quotes)


def print_spreads(prices: pd.DataFrame) -> None:
    """One line for each estimate and instrument."""
    print(f"{'':>16} {'instrument':>10} {BEFORE:>8} {AFTER:>8} {'ratio':>6}")
    for name in ("SPY", "HYG", "LQD", "TLT"):
        bars = prices[prices["instrument"] == name].set_index("date").sort_index()
        high, low, close = (bars[side].to_numpy() for side in ("high", "low", "close"))
        daily = {
            "Corwin-Schultz": 1e4 * corwin_schultz_spread(high, low, window=1),
            "Amihud": 1e13
            * amihud(
                bars["close"].pct_change().to_numpy(), bars["dollar_volume"].to_numpy(), window=1
            ),
        }
        for estimate, values in daily.items():
            series = pd.Series(values, bars.index)
            line(estimate, name, series[BEFORE].mean(), series[AFTER].mean())
        rolled = pd.Series(1e4 * abdi_ranaldo_spread(high, low, close), bars.index)
        line("Abdi-Ranaldo", name, rolled[BEFORE].mean(), rolled[AFTER].iloc[-1])
        spreads = [1e4 * edge(*(part[side] for side in SIDES)) for part in parts(bars)]
        line("EDGE", name, *spreads)


SIDES = ("open", "high", "low", "close")


def parts(bars: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bars of the two periods."""
    return bars.loc[BEFORE], bars.loc[AFTER]


def line(estimate: str, name: str, before: float, after: float) -> None:
    """Print one estimate."""
    print(f"{estimate:>16} {name:>10} {before:8.2f} {after:8.2f} {after / before:6.1f}")


def print_costs(quotes: Path) -> None:
    """What a day of quotes costs to read, to judge and to make features of."""
    with tempfile.TemporaryDirectory() as folder:
        market = market_of(Path(folder), quotes)
        raw = read_market(market)
        held = ingest(market).market
        rows = len(raw.tables["quotes"])
        print(f"\n{rows:,} quotes of two stocks, load {os.getloadavg()[0]:.1f}")
        as_of = pd.Timestamp("2013-10-07")
        print(f"{'read':>10} {median(lambda: read_market(market)):6.2f} s")
        print(f"{'judge':>10} {median(lambda: judge(raw, as_of=as_of)):6.2f} s")
        print(f"{'features':>10} {median(lambda: features(held)):6.2f} s")


def features(market: MarketData) -> None:
    """Order flow of both stocks."""
    for name in market.instruments:
        session_flow(market, name, market.sessions[name])


def market_of(folder: Path, quotes: Path) -> Path:
    """The smallest market that holds both stocks."""
    dates = pd.bdate_range("2012-06-01", "2013-10-07")
    walk = 100.0 * np.exp(
        0.01 * np.cumsum(np.random.default_rng(0).normal(size=(len(dates), 2)), 0)
    )
    prices = pd.DataFrame(walk, dates, ["AIG", "BAC"]).rename_axis("date").reset_index()
    prices.melt("date", var_name="instrument", value_name="close").to_csv(
        folder / "prices.csv", index=False
    )
    listed = pd.DataFrame({"instrument": ["AIG", "BAC"], "asset_class": "stock", "currency": "USD"})
    listed.assign(kind="price", move="log", calendar="XNYS").to_csv(
        folder / "instruments.csv", index=False
    )
    (folder / "quotes.parquet").write_bytes(quotes.read_bytes())
    return folder


def median(work: Callable[[], object]) -> float:
    """Median wall time of five runs after a discarded one, in seconds."""
    seconds: list[float] = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


if __name__ == "__main__":
    main()
