"""A mixed book revalued in 50,000 scenarios: how long, how much memory, and against QuantLib.

Run from the repository root: ``python infra/bench/revaluation.py``.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from mixed_book import market, positions
from quantlib_loop import QuantLibLoop

from models.instruments.book import PricedBook, priced_book
from models.instruments.risk_factors import Factor, FactorScenarios
from models.instruments.sensitivities import quadratic
from models.measures import expected_shortfall, value_at_risk
from models.portfolio import position_pnl, revaluation_gap

POSITIONS, SCENARIOS = 500, 50_000
SEED = 20200316
SCALE = {"rate": 0.0007, "volatility": 0.05, "credit": 0.03, "fx": 0.006, "default": 0.0}
"""Standard deviation of a session's move by group; that of a price is 0.015."""
SAMPLE = 20
REPEATS = 5


def scenarios(
    factors: tuple[Factor, ...], paths: int, generator: np.random.Generator
) -> FactorScenarios:
    """Student-t moves, half of each shared by its group."""
    groups = [factor.group for factor in factors]
    shared = {group: generator.standard_t(5, paths) for group in dict.fromkeys(groups)}
    moves = np.empty((paths, len(factors)))
    for column, group in enumerate(groups):
        own = generator.standard_t(5, paths)
        moves[:, column] = SCALE.get(group, 0.015) * (0.7 * shared[group] + 0.7 * own)
    return FactorScenarios(factors, moves)


def risk(book: PricedBook, at: FactorScenarios) -> tuple[float, float, np.ndarray]:
    """VaR, ES and each position's share of ES, by full revaluation."""
    pnl = position_pnl(book, at)
    total = pnl.sum(axis=1)
    tail = np.argsort(total, kind="stable")[: len(total) // 40]
    return (
        value_at_risk(total, alpha=0.975),
        expected_shortfall(total, alpha=0.975),
        -pnl[tail].mean(axis=0),
    )


def seconds(work: Callable[[], object]) -> float:
    """Median wall time of five runs after one that is thrown away."""
    work()
    spent: list[float] = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def print_slope(what: str, sizes: list[int], walls: list[float]) -> None:
    """Wall times and their log-log slope; 1 is a constant cost each."""
    slope = float(np.polyfit(np.log(sizes), np.log(walls), 1)[0])
    print(f"{what} {sizes}: {', '.join(f'{wall:.2f}' for wall in walls)} s, slope {slope:.3f}")


def main() -> None:
    """Print the table; the target is 5 s and 3 GB on two cores."""
    torch.set_num_threads(2)
    generator = np.random.default_rng(SEED)
    quotes = market(generator)
    held = positions(POSITIONS, quotes, generator)
    start = time.perf_counter()
    book = priced_book(held, quotes, base_currency="USD")
    print(
        f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f} "
        "(wall times mean something on a quiet machine)"
    )
    print(
        f"{len(held)} positions, {len(book.factors)} factors; built once, with compiling, in "
        f"{time.perf_counter() - start:.1f} s"
    )
    start = time.perf_counter()
    priced_book(held, quotes, base_currency="USD")
    print(f"built again in {time.perf_counter() - start:.2f} s")
    whole = scenarios(book.factors, SCENARIOS, generator)
    wall = seconds(lambda: risk(book, whole))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{SCENARIOS} scenarios, VaR, ES and contributions: {wall:.2f} s, peak {peak:.2f} GB")
    used = time.process_time()
    alone = seconds(lambda: position_pnl(book, whole))
    used = (time.process_time() - used) / (REPEATS + 1)
    each = alone / (POSITIONS * SCENARIOS)
    print(
        f"of it revaluation {alone:.2f} s ({used:.2f} s of processor time), "
        f"{1e9 * each:.0f} ns a price"
    )

    loop = QuantLibLoop(held, quotes, book.factors)
    loop.values(whole.levels()[0])
    start = time.perf_counter()
    theirs = np.array([loop.values(level) for level in whole.levels()[:SAMPLE]])
    per_price = (time.perf_counter() - start) / theirs.size
    print(
        f"QuantLib's loop over {SAMPLE} of the scenarios: {1e6 * per_price:.1f} us a price, "
        f"{per_price * POSITIONS * SCENARIOS:.0f} s for all; ratio {per_price / each:.0f}"
    )

    fast = quadratic(book)
    start = time.perf_counter()
    fast.total(whole.moves)
    quick = time.perf_counter() - start
    gap = revaluation_gap(book, fast, whole)
    total = position_pnl(book, whole).sum(axis=1)
    es, es_fast = (expected_shortfall(x, alpha=0.975) for x in (total, total + gap))
    print(
        f"delta-gamma-vega: {len(fast.pairs)} pairs, {quick:.2f} s; ES off by "
        f"{100 * (es_fast / es - 1):+.2f}%, the worst path by {100 * np.abs(gap).max() / es:.1f}%"
    )

    paths = [12_500, 25_000, 50_000]
    walls = [
        seconds(lambda n=n: position_pnl(book, FactorScenarios(book.factors, whole.moves[:n])))
        for n in paths
    ]
    print_slope("scenarios", paths, walls)
    sizes, walls = [125, 250, 500], []
    for size in sizes:
        again = np.random.default_rng(SEED)
        part = priced_book(positions(size, quotes, again), quotes, base_currency="USD")
        some = scenarios(part.factors, 10_000, again)
        walls.append(seconds(lambda part=part, some=some: position_pnl(part, some)))
    print_slope("positions", sizes, walls)


if __name__ == "__main__":
    main()
