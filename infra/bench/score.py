"""How long `foreshock score` takes on a million forecasts, and the memory it needs.

Once as a function and once as a fresh process, on a seeded synthetic table of 100 portfolios,
2,500 dates, two models and two levels with ``pit`` and ``sigma``. Simulated p-values, tail accuracy
and the model confidence set are timed apart.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit
from scipy.stats import t as student

FREEDOM = 5
SEED = 20200316
_FRESH = """
import sys
from pathlib import Path
from flows.score import score
score(Path(sys.argv[1]), json=Path(sys.argv[2]), simulated=sys.argv[3] == "yes")
"""


def forecast_table(
    *,
    portfolios: int,
    dates: int,
    knowledge: Mapping[str, float],
    alphas: Sequence[float],
    start: str = "2015-01-01",
    seed: int = SEED,
) -> pd.DataFrame:
    """Forecasts of a simulated market whose truth is known.

    Volatility clusters, returns are Student t with 5 degrees of freedom, and a third of each
    day's variance is common to all portfolios.

    Parameters
    ----------
    portfolios, dates : int
        Size of the panel; dates are weekdays.
    knowledge : mapping of model to float
        Power of the true volatility, about its mean, that a model forecasts: 1 is the truth, 0 a
        constant.
    alphas : sequence of float
        Confidence levels.
    start : str
        First origin, ISO.
    seed : int
        Determines the table.
    """
    generator = np.random.default_rng(seed)
    days = pd.bdate_range(start, periods=dates + 1).to_numpy()
    sigma = 0.01 * np.exp(_persistent(generator, dates, portfolios))
    mixed = np.sqrt(1 / 3) * generator.standard_normal((dates, 1))
    mixed = mixed + np.sqrt(2 / 3) * generator.standard_normal((dates, portfolios))
    shrink = np.sqrt(generator.chisquare(FREEDOM, (dates, 1)) / FREEDOM)
    noise = mixed / shrink
    pnl = sigma * noise
    blocks: list[pd.DataFrame] = []
    for model, power in knowledge.items():
        scale = 0.01 * (sigma / 0.01) ** power
        pit = stdtr(FREEDOM, pnl / scale)
        for alpha in alphas:
            quantile = -float(stdtrit(FREEDOM, 1 - alpha))
            excess = (FREEDOM + quantile**2) / (FREEDOM - 1)
            shortfall = float(student.pdf(quantile, FREEDOM)) / (1 - alpha) * excess
            columns = {
                "origin": np.tile(days[:-1], portfolios),
                "target": np.tile(days[1:], portfolios),
                "portfolio": np.repeat([f"P{at:03d}" for at in range(portfolios)], dates),
                "model": model,
                "alpha": alpha,
                "horizon": 1,
                "var": (quantile * scale).T.ravel(),
                "es": (shortfall * scale).T.ravel(),
                "pnl": pnl.T.ravel(),
                "pit": pit.T.ravel(),
                "sigma": (scale * np.sqrt(FREEDOM / (FREEDOM - 2))).T.ravel(),
            }
            blocks.append(pd.DataFrame(columns))
    return pd.concat(blocks, ignore_index=True)


def _persistent(generator: np.random.Generator, dates: int, portfolios: int) -> np.ndarray:
    """Log volatility about its mean: half common, with a half-life of about a month."""
    shocks = generator.standard_normal((dates, 1)) + generator.standard_normal((dates, portfolios))
    level = np.zeros(portfolios)
    path = np.empty((dates, portfolios))
    for day in range(dates):
        level = 0.97 * level + 0.07 * shocks[day]
        path[day] = level
    return path


def main() -> None:
    """Print wall and processor seconds of each part, and peak memory."""
    from validation.evidence import examine
    from validation.forecasts import read_forecasts

    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "forecasts.parquet"
        table = forecast_table(
            portfolios=100,
            dates=2500,
            knowledge={"gjr_fhs": 0.9, "combined": 1.0},
            alphas=(0.975, 0.99),
        )
        table.to_parquet(file, index=False)
        print(
            f"{len(table):,} forecasts; {platform.machine()}, {os.cpu_count()} cores, "
            f"load {os.getloadavg()[0]:.1f}"
        )
        del table
        clock = _Clock()
        read = read_forecasts(file)
        clock.tell("read and check")
        plain = examine(read, simulated=False)
        asymptotic = clock.tell("examine without simulation")
        examine(read)
        whole = clock.tell("examine with simulation")
        print(f"{'  of which simulated p-values':36} {whole - asymptotic:6.1f} s")
        print(f"{'peak memory':36} {_peak(resource.RUSAGE_SELF):6.2f} GB")
        print(f"{len(plain['groups']):,} groups of 13 tests each")
        for name, simulated in (("without simulation", "no"), ("with simulation", "yes")):
            begun, spent = time.perf_counter(), _processor(resource.RUSAGE_CHILDREN)
            command = [sys.executable, "-c", _FRESH, file, f"{temporary}/evidence.json", simulated]
            subprocess.run(command, check=True, capture_output=True)
            spent = _processor(resource.RUSAGE_CHILDREN) - spent
            wall = time.perf_counter() - begun
            print(f"{f'fresh process, {name}':36} {wall:6.1f} s wall, {spent:6.1f} s of processor")
        print(f"{'peak memory of a fresh process':36} {_peak(resource.RUSAGE_CHILDREN):6.2f} GB")
        print(f"target 30 s without simulation; load {os.getloadavg()[0]:.1f} at the end")


class _Clock:
    """Seconds since it was last asked."""

    def __init__(self) -> None:
        self._begun = time.perf_counter(), time.process_time()

    def tell(self, what: str) -> float:
        """Print wall and processor seconds; returns the wall ones."""
        wall, processor = (
            now - before
            for now, before in zip(
                (time.perf_counter(), time.process_time()), self._begun, strict=True
            )
        )
        print(f"{what:36} {wall:6.1f} s wall, {processor:6.1f} s of processor")
        self._begun = time.perf_counter(), time.process_time()
        return wall


def _processor(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _peak(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024**2


if __name__ == "__main__":
    main()
