"""How long the ten baselines take, and whether a series costs the same among 10 as among 200."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from arch.univariate import GARCH, ConstantMean, StudentsT

from features.returns import History
from flows.settings import state_root
from models.baselines import NAMES, forecast_many, forecast_series
from models.garch import Params

SESSIONS = 3780  # fifteen years, of which the first four are history
ALPHAS = (0.95, 0.975, 0.99)
COUNTS = (10, 30, 100, 200)
JOBS = 2
SEED = 20200316


class Shelf:
    """Fits kept in memory."""

    def __init__(self) -> None:
        self.units: dict[str, bytes] = {}

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Those that are there."""
        return {key: self.units[key] for key in keys if key in self.units}

    def put(self, key: str, payload: bytes) -> None:
        """Keep one."""
        self.units[key] = payload


def simulate(count: int) -> list[History]:
    """Seeded GJR-GARCH-t returns, each series with a volatility of its own."""
    generator = np.random.default_rng(SEED)
    model = ConstantMean(
        None, volatility=GARCH(p=1, o=1, q=1), distribution=StudentsT(seed=generator)
    )
    dates = pd.bdate_range("2010-01-04", periods=SESSIONS)
    return [
        History(
            name=f"S{number:03d}",
            asset_class="simulated",
            dates=dates,
            returns=generator.uniform(0.002, 0.03)
            * model.simulate([0.04, 0.03, 0.03, 0.12, 0.87, 6.0], SESSIONS)["data"].to_numpy(),
            clean=np.ones(SESSIONS, dtype=bool),
            origins=dates.tz_localize("UTC") + pd.Timedelta(hours=22),
        )
        for number in range(count)
    ]


def seconds(histories: Sequence[History]) -> float:
    """Wall time of all ten models on all of them, and of handing the results back."""
    start = time.perf_counter()
    for _, answer in forecast_many(histories, alphas=ALPHAS, jobs=JOBS):
        if isinstance(answer, ValueError):
            raise answer
    return time.perf_counter() - start


def shares(returns: np.ndarray) -> tuple[float, float, int]:
    """CPU seconds of one series with its fits, and without them; how many fits there are."""
    shelf = Shelf()
    spent: list[float] = []
    for _ in range(2):
        start = time.process_time()
        forecast_series(returns, alphas=ALPHAS, store=shelf)
        spent.append(time.process_time() - start)
    unconverged = sum(Params.from_bytes(payload).carried > 0 for payload in shelf.units.values())
    if unconverged:
        print(f"{unconverged} of {len(shelf.units)} fits did not converge")
    return spent[0], spent[1], len(shelf.units)


def plot(walls: Sequence[float], slope: float) -> str:
    """Draw the wall times on logarithmic axes and say where the picture is."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 4))
    axes.loglog(COUNTS, walls, "o-", label=f"measured, slope {slope:.2f}")
    axes.loglog(COUNTS, walls[0] / COUNTS[0] * np.array(COUNTS), ":", label="slope 1")
    axes.set_xlabel("series")
    axes.set_ylabel(f"seconds, {JOBS} processes")
    axes.set_title("Ten baselines, 15 years, refit every 63 sessions")
    axes.legend()
    path = state_root() / "bench" / "baselines.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)
    return str(path)


def main() -> None:
    """Print the table; the target is 100 series in under three minutes on two cores."""
    histories = simulate(max(COUNTS))
    seconds(histories[:JOBS])  # starts the processes and compiles
    with_fits, without, fits = shares(histories[0].returns)
    print(
        f"{len(NAMES)} models, {SESSIONS} sessions, {JOBS} processes, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} (wall times mean something on a quiet machine)"
    )
    print(
        f"one series: {with_fits:.2f} s of CPU, {with_fits - without:.2f} s of it in {fits} fits "
        f"({1e3 * (with_fits - without) / fits:.1f} ms each), {without:.2f} s in everything else"
    )
    walls = [seconds(histories[:count]) for count in COUNTS]
    for count, wall in zip(COUNTS, walls, strict=True):
        print(f"{count:4d} series: {wall:6.1f} s, {wall / count:.3f} s each")
    slope = float(np.polyfit(np.log(COUNTS), np.log(walls), 1)[0])
    print(f"log-log slope {slope:.3f} (1 is a constant cost per series); {plot(walls, slope)}")
    print(f"target 180 s for 100 series; load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
