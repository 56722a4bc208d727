"""How fast scenarios are made: every generator, what others offer, memory, and how cost grows.

The market is simulated: GJR-GARCH-t with one common factor. Fits, imports and compilation are
printed apart. Each figure is the median of five after a discarded run, all in one process on two
workers unless said otherwise; memory is the peak of a fresh process.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from arch.univariate import GARCH, ConstantMean, StudentsT

from models.base import Asset, ScenarioModel
from models.garch import Params
from models.scenarios.chunks import Workers, simulate_pnl, write_moves
from models.scenarios.filtered import FilteredHistory
from models.scenarios.filtering import Filtered
from models.scenarios.marginals import fit_marginals
from models.scenarios.preparation import prepare
from models.scenarios.registry import GENERATORS, NEURAL, fit_prepared

SEED = 20200316
SESSIONS, ASSETS, PATHS, HORIZON, JOBS = 3000, 50, 50_000, 10, 2
TARGETS = {"fhs": 1_000_000, "flow": 100_000}
ON_DISK = 40_000
MORE_PATHS = (50_000, 500_000, 5_000_000)
MORE_ASSETS = (10, 50, 250, 1000)
SHARED_OUT = 1_000_000
VINE_ASSETS, VINE_SESSIONS = 20, 1000
GJR = Params(mu=3e-4, omega=2e-6, alpha=0.03, gamma=0.1, beta=0.9, nu=6.0, backcast=1e-4)


def simulated(assets: int) -> Filtered:
    """History of a market whose law is known, seen through the parameters that made it."""
    generator = np.random.default_rng(SEED)
    common = 0.6 * generator.standard_normal((SESSIONS, 1))
    residual = common + 0.8 * generator.standard_normal((SESSIONS, assets))
    residual *= np.sqrt(4.0 / generator.chisquare(6.0, SESSIONS))[:, None]
    variance = np.full((SESSIONS + 1, assets), GJR.backcast)
    for t, row in enumerate(residual):
        growth = (GJR.alpha + GJR.gamma * (row < 0)) * row**2 + GJR.beta
        variance[t + 1] = GJR.omega + growth * variance[t]
    dates = pd.bdate_range("2008-01-02", periods=SESSIONS)
    return Filtered(
        assets=tuple(Asset(f"A{i:04d}", "price", "log", "USD", 100.0) for i in range(assets)),
        dates=dates,
        residual=residual,
        known=np.ones(residual.shape, dtype=np.bool_),
        variance=variance,
        params=(GJR,) * assets,
        marginals=fit_marginals(residual),
        as_of=dates[-1],
        snapshot="simulated",
    )


def seconds(work: Callable[[], object], *, repeats: int = 5) -> float:
    """Median wall time after a discarded run."""
    work()
    spent: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def profit(model: ScenarioModel, paths: int, jobs: int = JOBS) -> Callable[[], object]:
    """P&L of one equal-weight book."""
    book = np.full((len(model.assets), 1), 1.0 / len(model.assets))
    workers = "processes" if model.name in NEURAL else "threads"
    return lambda: simulate_pnl(
        model, book, paths=paths, horizon=HORIZON, seed=SEED, jobs=jobs, workers=workers
    )


def on_disk(model: ScenarioModel) -> Callable[[], object]:
    """The same with every path written."""
    workers = "processes" if model.name in NEURAL else "threads"

    def work() -> None:
        with tempfile.TemporaryDirectory() as directory:
            write_moves(
                model, Path(directory), paths=PATHS, horizon=HORIZON, seed=SEED, jobs=JOBS,
                workers=workers,
            )  # fmt: skip

    return work


def normals(filtered: Filtered) -> Callable[[], object]:
    """The floor: correlated normal moves of constant volatility, and the same book."""
    root = np.linalg.cholesky(np.cov(filtered.residual, rowvar=False)).T.astype(np.float32)
    scale = np.sqrt(filtered.state).astype(np.float32)

    def work() -> np.ndarray:
        generator = np.random.default_rng(SEED)
        wealth = np.ones(PATHS)
        for _ in range(HORIZON):
            drawn = generator.standard_normal((PATHS, ASSETS), dtype=np.float32)
            wealth *= 1.0 + np.expm1((drawn @ root) * scale).mean(axis=1)
        return wealth

    return work


def arch_bootstrap(filtered: Filtered) -> Callable[[], object]:
    """`arch`'s bootstrap simulation of one series; a market is as many of them, unrelated."""
    moves = GJR.mu + np.sqrt(filtered.variance[:-1, 0]) * filtered.residual[:, 0]
    model = ConstantMean(
        100.0 * moves, volatility=GARCH(p=1, o=1, q=1), distribution=StudentsT(), rescale=False
    )
    fixed = model.fix([0.03, 0.02, 0.03, 0.1, 0.9, 6.0])
    return lambda: fixed.forecast(
        horizon=HORIZON, method="bootstrap", simulations=PATHS, reindex=False
    )


def vine(filtered: Filtered) -> tuple[float, Callable[[], object]]:
    """Seconds that skfolio's vine takes to fit, and its one-session draws."""
    from skfolio.distribution import VineCopula

    start = time.perf_counter()
    fitted = VineCopula(max_depth=3, random_state=0).fit(
        filtered.residual[-VINE_SESSIONS:, :VINE_ASSETS]
    )
    return time.perf_counter() - start, lambda: fitted.sample(n_samples=10_000)


def speed(filtered: Filtered) -> None:
    """Print the table of generators, then what others take for the same or less."""
    start = time.perf_counter()
    blocks = [("equity", "government", "credit")[i % 3] for i in range(ASSETS)]
    prepared = prepare(filtered, blocks=blocks, macro=np.zeros((SESSIONS + 1, 3)))
    print(f"factors and correlation fitted in {time.perf_counter() - start:.1f} s")
    print(f"{'generator':12s}{'fit s':>8s}{'P&L/s':>13s}{'target':>11s}{'on disk/s':>13s}")
    rates: dict[str, float] = {}
    for name in GENERATORS:
        start = time.perf_counter()
        model = FilteredHistory.of(filtered) if name == "fhs" else None
        model = model or fit_prepared(name, prepared, seed=SEED)
        fitted = time.perf_counter() - start
        rates[name] = PATHS / seconds(profit(model, PATHS))
        written = PATHS / seconds(on_disk(model))
        target = f"{TARGETS[name]:,}" if name in TARGETS else ""
        print(f"{name:12s}{fitted:8.1f}{rates[name]:13,.0f}{target:>11s}{written:13,.0f}")
    print(f"target on disk {ON_DISK:,}")
    rates["normals"] = PATHS / seconds(normals(filtered))
    rates["arch x 50"] = PATHS / (ASSETS * seconds(arch_bootstrap(filtered), repeats=3))
    for name in ("normals", "arch x 50"):
        ratios = "  ".join(f"{one} {rates[one] / rates[name]:.2f}x" for one in GENERATORS)
        print(f"{name:12s}{rates[name]:21,.0f}    {ratios}")
    fit, draw = vine(filtered)
    print(
        f"skfolio vine, {VINE_ASSETS} assets, fit {fit:.1f} s: "
        f"{10_000 / seconds(draw, repeats=3):,.0f} one-session draws/s"
    )


def growth() -> None:
    """Print how the time of `fhs` grows with paths and with assets; a slope of 1 is linear."""
    model = FilteredHistory.of(simulated(ASSETS))
    by_paths = [seconds(profit(model, paths), repeats=3) for paths in MORE_PATHS]
    by_assets = [
        seconds(profit(FilteredHistory.of(simulated(assets)), PATHS), repeats=3)
        for assets in MORE_ASSETS
    ]
    for what, sizes, walls in (("paths", MORE_PATHS, by_paths), ("assets", MORE_ASSETS, by_assets)):
        slope = np.polyfit(np.log(sizes), np.log(walls), 1)[0]
        shown = ", ".join(
            f"{n:,}: {1e3 * wall:.0f} ms" for n, wall in zip(sizes, walls, strict=True)
        )
        print(f"fhs by {what}: {shown}; slope {slope:.2f}")


def memory() -> None:
    """Print the peak memory of fresh processes that simulate more and more paths."""
    for paths in MORE_PATHS:
        answer = subprocess.run(
            [sys.executable, __file__, "--peak", str(paths)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        print(f"fhs, {paths:,} paths: peak {answer.stdout.strip()} MB besides the P&L itself")


def scale_out() -> None:
    """Print what two workers of a Dask cluster take for the most paths and assets, and if alike."""
    from distributed import LocalCluster

    from flows.scenario_sets.workers import sharing

    model = FilteredHistory.of(simulated(MORE_ASSETS[-1]))
    book = np.full((MORE_ASSETS[-1], 1), 1.0 / MORE_ASSETS[-1])

    def simulate(jobs: int, workers: Workers) -> np.ndarray:
        return simulate_pnl(
            model, book, paths=SHARED_OUT, horizon=HORIZON, seed=SEED, jobs=jobs, workers=workers
        )

    here = simulate(JOBS, "threads")
    alone = seconds(lambda: simulate(JOBS, "threads"), repeats=1)
    local: Any = LocalCluster  # which says that an address is never None, and takes it
    two = local(n_workers=JOBS, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
    with two, sharing(model, paths=SHARED_OUT, engine=two.scheduler_address) as (jobs, workers):
        there = simulate(jobs, workers)
        shared = seconds(lambda: simulate(jobs, workers), repeats=1)
    same = "every bit" if np.array_equal(here, there) else "NOT"
    print(
        f"fhs, {SHARED_OUT:,} paths of {MORE_ASSETS[-1]:,} assets: {alone:.1f} s on {JOBS} "
        f"threads, {shared:.1f} s on {JOBS} workers of a Dask cluster; {same} the same"
    )


def peak(paths: int) -> None:
    """Simulate in this process and print its peak memory less the answer's, in MB."""
    pnl = profit(FilteredHistory.of(simulated(ASSETS)), paths)()
    size = np.asarray(pnl).nbytes / 2**20
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10 - size:.0f}")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peak", type=int, help="only the peak memory of this many paths")
    parser.add_argument("--cluster", action="store_true", help="only two workers of a cluster")
    asked = parser.parse_args()
    if asked.cluster:
        scale_out()
        return
    if asked.peak:
        peak(asked.peak)
        return
    load = os.getloadavg()[0]
    print(
        f"{PATHS:,} paths x {HORIZON} sessions x {ASSETS} assets, {JOBS} workers, load {load:.1f}"
    )
    speed(simulated(ASSETS))
    growth()
    scale_out()
    memory()
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
