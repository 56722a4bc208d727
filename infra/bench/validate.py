"""How long `foreshock validate` takes on a million price rows, and the memory it needs.

Each measurement is a process of its own, as a user starts it: imports, reading the CSV, the gate,
`feeds.json` and the Data Docs. Memory is the peak of its resident set, children included. Wall
times mean something on a quiet machine: the load is shown beside them, and the processor time.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import exchange_calendars
import numpy as np
import pandas as pd

SERIES, SESSIONS = 250, 4000
RUNS = 5
MISSING = 0.01
SEED = 20200316
COMMAND = Path(sys.executable).with_name("foreshock")
_MEASURED = """
import resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
seconds = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def write_market(directory: Path) -> int:
    """A directory of random walks with bars, one close in a hundred missing; its rows of prices."""
    generator = np.random.default_rng(SEED)
    sessions = exchange_calendars.get_calendar("XNYS", start="2005-01-01").sessions[:SESSIONS]
    names = [f"S{number:03d}" for number in range(SERIES)]
    moves = generator.standard_t(5, (SESSIONS, SERIES)) * 0.01
    close = 100 * np.exp(np.cumsum(moves, axis=0))
    wide = np.where(generator.random(close.shape) < MISSING, np.nan, close).T.ravel()
    rows = pd.DataFrame(
        {
            "date": np.tile(sessions.strftime("%Y-%m-%d"), SERIES),
            "instrument": np.repeat(names, SESSIONS),
            "open": wide * 0.999,
            "high": wide * 1.01,
            "low": wide * 0.99,
            "close": wide,
            "volume": generator.integers(100_000, 10_000_000, wide.size),
        }
    )
    rows.round(6).to_csv(directory / "prices.csv", index=False)
    listed = pd.DataFrame({"instrument": names, "asset_class": "equity", "currency": "USD"})
    listed.assign(kind="price", move="log", calendar="XNYS").to_csv(
        directory / "instruments.csv", index=False
    )
    return len(rows)


def main() -> None:
    """Print the median wall time of five runs after a discarded one, and the peak memory."""
    with tempfile.TemporaryDirectory() as temporary:
        market, home = Path(temporary) / "market", Path(temporary) / "home"
        market.mkdir()
        rows = write_market(market)
        command = [sys.executable, "-c", _MEASURED, COMMAND, "validate", "--data", market]
        seconds: list[float] = []
        processor: list[float] = []
        peak = 0
        load = os.getloadavg()[0]
        for run in range(RUNS + 1):
            done = subprocess.run(
                [str(part) for part in command],
                env={**os.environ, "FORESHOCK_HOME": str(home)},
                check=True,
                capture_output=True,
                text=True,
            )
            code, taken, spent, kilobytes = done.stdout.split()
            if code != "0":
                raise SystemExit(f"validate ended with {code}.\n{done.stderr}")
            if run:
                seconds.append(float(taken))
                processor.append(float(spent))
                peak = max(peak, int(kilobytes))
    print(
        f"validate {rows:,} rows ({SERIES} series, CSV with bars): "
        f"median {statistics.median(seconds):.1f} s of {RUNS} "
        f"({min(seconds):.1f} to {max(seconds):.1f}), "
        f"{statistics.median(processor):.1f} s of processor, peak {peak / 2**20:.2f} GiB; "
        f"targets 15 s and 1.5 GB; {os.cpu_count()} cores, load {load:.1f} at the start and "
        f"{os.getloadavg()[0]:.1f} at the end"
    )


if __name__ == "__main__":
    main()
