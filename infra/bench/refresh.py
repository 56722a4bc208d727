"""What a refresh after a price tick costs: regimes, 50,000 scenarios, 500 positions, all numbers.

    python infra/bench/refresh.py

The book of `mixed_book` and ten years of an invented market, written as a market directory. Each
refresh changes the last closes of the prices and starts from the files: it reads and judges them,
tells the regime, fits and draws scenarios of one and ten sessions, revalues every position on every
path for both, and writes the morning page. The process is warm, as a service's would be; the first
refresh, with imports and compiling, is shown apart. Seconds are those of the wall, and of all
processors; wall times mean something on a quiet machine.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from mixed_book import AS_OF, market, positions

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from features.positions import Position
from features.pricing_market import PricingMarket
from flows.ingest import ingest
from flows.market_state import market_state
from flows.risk.request import risk_request
from flows.risk.run import risk
from flows.steps import Steps
from flows.terminal import Terminal

Answer = TypeVar("Answer")
LIMIT = 30.0
"""Seconds on two cores."""
POSITIONS, PATHS = 500, 50_000
SESSIONS = 2_500
TICKS = 3
SEED = 20200316
RATES = {
    "UST2Y": ("rate", 4.5, 0.05),
    "UST10Y": ("rate", 4.2, 0.05),
    "HY_OAS": ("spread", 3.3, 0.04),
}
"""Kind, last level in percent and daily deviation of what curves and spreads follow."""


def main() -> None:
    """Measure and print; the exit code is 1 where the target is missed."""
    processors = len(os.sched_getaffinity(0))
    print(f"{processors} processors, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory(prefix="foreshock-bench-") as name:
        root = Path(name)
        directory = root / "market"
        closes = write(directory)
        clock = Clock()
        told: dict[str, Any] = {}
        for tick in range(TICKS + 1):
            move(directory, closes, tick)
            with clock.part("whole"):
                told = refresh(directory, root / "state", clock)
            if tick == 0:
                wall = clock.spent["whole"][0][0]
                print(f"first refresh, with imports and compiling: {wall:.1f} s")
                clock.spent.clear()
        for part, spent in clock.spent.items():
            wall, used = (statistics.median(one) for one in zip(*spent, strict=True))
            print(f"{part:>10} {wall:6.1f} s, {used:6.1f} s of processors")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        whole = statistics.median(wall for wall, _ in clock.spent["whole"])
        print(
            f"{len(told['parts'][0]['parts'])} positions, {told['scenarios']['paths']:,} paths of "
            f"{told['scenarios']['horizon']} sessions, peak {peak:.2f} GB: {whole:.1f} s "
            f"(target {LIMIT:.0f} s), load {os.getloadavg()[0]:.1f} at the end"
        )
    sys.exit(0 if whole <= LIMIT else 1)


class Clock:
    """Wall and processor seconds of each part of each refresh."""

    def __init__(self) -> None:
        self.spent: dict[str, list[tuple[float, float]]] = {}

    def __call__(self, name: str, work: Callable[[], Answer]) -> Answer:
        """Do a step's work and measure it."""
        with self.part(name):
            return work()

    @contextmanager
    def part(self, name: str) -> Generator[None]:
        """Measure what happens inside."""
        wall, used = time.perf_counter(), time.process_time()
        yield
        taken = (time.perf_counter() - wall, time.process_time() - used)
        self.spent.setdefault(name, []).append(taken)


def refresh(directory: Path, root: Path, clock: Clock) -> dict[str, Any]:
    """Everything that depends on the last prices."""
    with clock.part("regimes"):
        market_state(ingest(directory).market, [])
    request = risk_request(portfolio="mixed", data=directory, paths=PATHS, seed=SEED)
    return risk(request, root=root, steps=Steps(Terminal(quiet=True), clock))


def move(directory: Path, closes: pd.DataFrame, tick: int) -> None:
    """Write prices with a last session that is a little different each time."""
    generator = np.random.default_rng((SEED, tick))
    moved = closes.copy()
    moved.iloc[-1] *= np.exp(0.0005 * generator.standard_normal(closes.shape[1]))
    long = moved.rename_axis("date").reset_index().melt("date", None, "instrument", "close")
    long.to_csv(directory / "prices.csv", index=False, date_format="%Y-%m-%d")


def write(directory: Path) -> pd.DataFrame:
    """A market directory around the mixed book; the closes of its prices."""
    (directory / "portfolios").mkdir(parents=True)
    generator = np.random.default_rng(SEED)
    quotes = market(generator)
    book = distinct(positions(2 * POSITIONS, quotes, generator))
    table = pd.DataFrame([{f.name: getattr(one, f.name) for f in fields(Position)} for one in book])
    table = table.drop(columns="row")  # an empty text is written as nothing, like what is not there
    table.to_csv(directory / "portfolios" / "mixed.csv", index=False, date_format="%Y-%m-%d")
    listed = [
        (one.name, one.asset_class, one.currency, one.kind, one.move)
        for one in quotes.instruments.values()
    ]
    listed += [(name, "yield", "USD", kind, "diff") for name, (kind, *_) in RATES.items()]
    columns = ["instrument", "asset_class", "currency", "kind", "move"]
    pd.DataFrame(listed, columns=columns).assign(calendar="24/5").to_csv(
        directory / "instruments.csv", index=False
    )
    quoted(quotes, directory)
    return history(quotes, generator)


def distinct(book: list[Position]) -> list[Position]:
    """The first positions of each name, in the proportions of the kinds, as many as are asked."""
    once = list({one.instrument: one for one in book}.values())
    step = len(once) / POSITIONS
    return [once[int(k * step)] for k in range(POSITIONS)]


def quoted(quotes: PricingMarket, directory: Path) -> None:
    """Curves, spreads, surfaces and dividends of the as-of."""
    day = f"{AS_OF:%Y-%m-%d}"
    curves = [
        (day, name, tenor, rate)
        for name, one in quotes.curves.items()
        for tenor, rate in zip(one.tenors, one.rates, strict=True)
    ]
    credit = [
        (day, name, one.seniority, tenor, spread, one.recovery)
        for name, one in quotes.credit.items()
        for tenor, spread in zip(one.tenors, one.spreads, strict=True)
    ]
    vols = [
        (day, name, f"{expiry:%Y-%m-%d}", strike, one.vols[i, j])
        for name, one in quotes.surfaces.items()
        for i, expiry in enumerate(one.expiries)
        for j, strike in enumerate(one.strikes)
    ]
    paid = [
        (name, f"{date:%Y-%m-%d}", amount)
        for name, dividends in quotes.dividends.items()
        for date, amount in dividends
    ]
    for table, rows, columns in (
        ("curves", curves, ["date", "curve", "tenor_years", "zero_rate"]),
        ("credit", credit, ["date", "issuer", "seniority", "tenor_years", "spread", "recovery"]),
        ("vols", vols, ["date", "underlying", "expiry", "strike", "vol"]),
        ("dividends", paid, ["underlying", "ex_date", "amount"]),
    ):
        pd.DataFrame(rows, columns=columns).to_csv(directory / f"{table}.csv", index=False)


def history(quotes: PricingMarket, generator: np.random.Generator) -> pd.DataFrame:
    """Closes that end at today's, with a common move, fat tails and clustered volatility."""
    names = [*quotes.closes, *RATES]
    dates = pd.bdate_range(end=AS_OF, periods=SESSIONS)
    smooth = np.convolve(generator.standard_normal(SESSIONS), np.full(20, 20**-0.5), "same")
    cluster = np.exp(0.25 * smooth)
    shared = generator.standard_t(5, (SESSIONS, 1))
    own = generator.standard_t(5, (SESSIONS, len(names)))
    moves = cluster[:, None] * (0.5 * shared + 0.8 * own)
    paths: dict[str, np.ndarray] = {}
    for k, name in enumerate(names):
        if name in RATES:
            _, last, deviation = RATES[name]
            walk = np.cumsum(0.1 * deviation * moves[:, k])
            paths[name] = np.abs(last + walk - walk[-1]) + 0.01
        else:
            deviation = 0.006 if name in ("EURUSD", "GBPUSD", "USDJPY") else 0.012
            walk = np.cumsum(deviation * moves[:, k])
            paths[name] = quotes.closes[name] * np.exp(walk - walk[-1])
    return pd.DataFrame(paths, dates)


if __name__ == "__main__":
    main()
