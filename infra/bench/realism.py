"""What the examiner of scenario sets costs, what it catches, and how often it is wrong.

    python infra/bench/realism.py [--seeds N] [--weaker] [--jobs N] [--classifiers]

First the certificate of 10,000 paths of 10 sessions of 50 assets. Then, over seeded markets whose
truth is known: how many honest sets fail a gate (size), and how many planted faults are caught
(power). `--weaker` plants every fault at a fraction of its dose; `--classifiers` trains them too,
which takes five times as long: no planted fault is theirs alone to see.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from validation import redteam
from validation.certificate import failed_gates
from validation.certify import Evidence, ScenarioSet, certify
from validation.realism.sample import PathSample, windows
from validation.redteam import ATTACKS, Attempt, GoodSet, attack_report, attack_set
from validation.simulators import KnownMarket

HORIZON = 10
WEAKER = {
    "tail_truncation": partial(redteam.truncate_tails, tail=0.005),
    "mode_collapse": partial(redteam.collapse_modes, modes=400),
    "memorisation": partial(redteam.memorise, share=0.02),
    "broken_correlation": partial(redteam.break_correlation, share=0.15),
    "phantom_liquidity": partial(redteam.invent_liquidity, wild=0.95),
    "look_ahead": partial(redteam.look_ahead, share=0.02),
}


def main() -> None:
    """Print the price of a certificate, then size and power."""
    parser = argparse.ArgumentParser(description="Cost, size and power of the examiner.")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--weaker", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--classifiers", action="store_true")
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print_cost()
    begun = time.perf_counter()
    judged = Parallel(n_jobs=asked.jobs)(
        delayed(one_market)(seed, weaker=asked.weaker, classifiers=asked.classifiers)
        for seed in range(asked.first, asked.first + asked.seeds)
    )
    print(f"\n{asked.seeds} markets in {time.perf_counter() - begun:.0f} s")
    print_size([honest for honest, _ in judged])
    print_power([attempt for _, attempts in judged for attempt in attempts])


def print_cost() -> None:
    """Seconds of one certificate, beside a baseline and with liquidity; median of five."""
    issued, evidence = market(0, assets=50, paths=10_000)
    times: list[tuple[float, float]] = []
    for _ in range(6):
        begun = time.perf_counter(), time.process_time()
        certify(issued, evidence)
        times.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    wall, processor = (statistics.median(column) for column in zip(*times[1:], strict=True))
    print(
        f"certificate of 10,000 paths x {HORIZON} sessions x 50 assets: {wall:.1f} s wall, "
        f"{processor:.1f} s of processor, load {os.getloadavg()[0]:.1f}"
    )


def market(seed: int, *, assets: int = 8, paths: int = 2_000) -> tuple[ScenarioSet, Evidence]:
    """An honest set of a known market, and what it is held against: the truth itself."""
    known = KnownMarket(assets=assets)
    logarithmic = np.ones(assets, dtype=bool)
    history, _ = known.history(3_300, seed=seed)
    training, holdout, future = (
        windows(part, horizon=HORIZON, logarithmic=logarithmic)
        for part in (history[:2_000], history[2_010:2_800], history[2_810:])
    )
    mine, truth, other = (
        known.paths(paths, HORIZON, seed=1_000 * (seed + 1) + at).astype(np.float32)
        for at in range(3)
    )
    generator = np.random.default_rng(seed)
    about = [
        {"instrument": f"A{at}", "kind": "price", "move": "log", "last_close": 100.0}
        for at in range(assets)
    ]
    evidence = Evidence(
        reference=PathSample(truth, logarithmic),
        baseline=PathSample(other, logarithmic),
        training=training,
        holdout=holdout,
        future=future,
        liquid=training,
        spread=spread_of(training.moves, generator),
    )
    return ScenarioSet(mine, about, spread=spread_of(mine, generator)), evidence


def spread_of(moves: NDArray[np.floating], generator: np.random.Generator) -> NDArray[np.float64]:
    """A spread that widens with the mean absolute move of up to three sessions."""
    size = np.abs(moves.astype(np.float64))
    recent = np.stack([size[:, max(0, at - 2) : at + 1].mean(axis=1) for at in range(HORIZON)], 1)
    return 1e-4 + 0.1 * recent * np.exp(0.3 * generator.standard_normal(moves.shape))


def one_market(
    seed: int, *, weaker: bool, classifiers: bool
) -> tuple[list[str], tuple[Attempt, ...]]:
    """Gates that the honest set fails, and what became of each attack."""
    issued, evidence = market(seed)
    evidence = replace(evidence, baseline=None)
    if evidence.training is None or evidence.future is None or issued.spread is None:
        raise ValueError("market must give training, future and spread.")
    sample = PathSample(issued.moves, evidence.reference.logarithmic)
    good = GoodSet(sample, issued.spread, evidence.training, evidence.future)

    def judged(planted: GoodSet) -> list[str]:
        told = replace(issued, moves=planted.sample.moves, spread=planted.cost)
        certificate = certify(told, evidence, seed=seed, draws=100, classifiers=classifiers)
        return list(failed_gates(certificate))

    attacks = [
        replace(attack, plant=WEAKER[attack.name]) if weaker else attack for attack in ATTACKS
    ]
    return judged(good), attack_set(good, judged, seed=seed, attacks=attacks)


def print_size(honest: list[list[str]]) -> None:
    """Share of honest sets that fail."""
    by_gate = Counter(name for closed in honest for name in closed)
    wrong = sum(bool(closed) for closed in honest)
    print(f"honest sets that fail any gate: {wrong} of {len(honest)}")
    for name, count in by_gate.most_common():
        print(f"  {name:<36} {count:>4}")


def print_power(attempts: list[Attempt]) -> None:
    """Faults caught by attack, and the gates that closed most often."""
    report = attack_report(attempts)
    for line in report["attacks"]:
        closed = Counter(
            gate for one in attempts if one.attack == line["attack"] for gate in one.closed
        )
        seen = ", ".join(f"{name} {count}" for name, count in closed.most_common(4))
        print(f"{line['attack']:<20} {line['caught']:>4} of {line['tried']:<4} {seen}")
    for one in report["failures"]:
        print(f"  not caught: {one['attack']}, seed {one['seed']}")


if __name__ == "__main__":
    main()
