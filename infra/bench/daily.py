"""What a session's full daily cycle costs: ingest, gate, forecast, drift, shadow, monitor, record.

    python infra/bench/daily.py

Every book of the richer market, a champion and a challenger speaking, served warm: their fits are
in the unit store and no net is trained. Each session is a fresh process that imports everything,
on a date of its own, because a session that was done is not done again; median of five after a
discarded one. Champion and challenger are trained first, which takes minutes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.daily import MODEL
from flows.ledger.champions import move
from flows.ledger.ledger import Ledger
from flows.settings import checkout
from infra.bench.richer_market import REMEDY, richer_market
from infra.bench.run import COMMAND, Peak

LIMIT = 60.0
"""Seconds."""
TRAINED_TO = "2024-06-28"
SESSIONS = 6
_ONE = """
import sys
from pathlib import Path
from flows.settings import quiet_libraries, state_root
quiet_libraries(state_root())
import pandas as pd
from flows.cycle import STEPS, cycle
from flows.desk_settings import read_desk_settings
from flows.steps import Steps
from flows.terminal import Terminal
done = cycle(
    root=state_root(), desk=read_desk_settings(), steps=Steps(Terminal(total=STEPS)),
    data=Path(sys.argv[1]), as_of=pd.Timestamp(sys.argv[2]),
)
print(done.as_of, done.fresh, len(done.numbers), "numbers")
"""


def main() -> None:
    """Measure and print; the exit code is 1 where the target is missed."""
    market = richer_market()
    if market is None:
        sys.exit(REMEDY)
    print(f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f} at the start")
    days = pd.bdate_range(end="2024-12-30", periods=SESSIONS)
    with tempfile.TemporaryDirectory(prefix="foreshock-bench-") as name:
        root = Path(name)
        for seed in (0, 1):
            train(root, market, seed=seed)
        taken = [session(root, market, day) for day in days]
    seconds = [each for each, _ in taken[1:]]
    print(
        f"daily cycle  {statistics.median(seconds):.1f} s (from {min(seconds):.1f} to "
        f"{max(seconds):.1f}), peak {max(peak for _, peak in taken[1:]):.0f} MB; "
        f"the first, with its fits, {taken[0][0]:.1f} s (target {LIMIT:.0f} s)"
    )
    sys.exit(0 if statistics.median(seconds) <= LIMIT else 1)


def session(root: Path, market: Path, day: pd.Timestamp) -> tuple[float, float]:
    """Seconds and peak megabytes of one session as a fresh process."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", _ONE, str(market), f"{day:%Y-%m-%d}"]
    with subprocess.Popen(command, env=_env(root)) as process:
        peak = Peak(process.pid)
        peak.start()
        code = process.wait()
    seconds, megabytes = time.perf_counter() - begun, peak.end()
    if code != 0:
        sys.exit(f"the session of {day:%Y-%m-%d} failed")
    return seconds, megabytes


def train(root: Path, market: Path, *, seed: int) -> None:
    """Train a version; the first is put in office, without the gates that a bench cannot pass."""
    asked = ["train", "--model", "combined", "--data", str(market), "--as-of", TRAINED_TO]
    subprocess.run([COMMAND, *asked, "--seed", str(seed)], check=True, env=_env(root))
    if seed > 0:
        return
    ledger = Ledger.open(root)
    with ledger.transaction() as tx:
        champion = tx.rows("version")[-1]["seq"]
        move(tx, MODEL, to=champion, cause="rollback", after=0, actor="bench", reason="measured")
    ledger.close()


def _env(root: Path) -> dict[str, str]:
    private = {"FORESHOCK_HOME": str(root), "PREFECT_HOME": str(root / "prefect")}
    return os.environ | private | {"PYTHONPATH": str(checkout())}


if __name__ == "__main__":
    main()
