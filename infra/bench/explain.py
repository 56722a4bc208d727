"""What an explanation costs: `foreshock explain` of one book, with its fits found again.

    python infra/bench/explain.py

A combined version is trained first, which takes minutes. Each explanation is a fresh process that
imports everything; median of five after a discarded one, which makes the fits. The target leaves
out ingest and fits, which other commands have made by then. Processor time of the whole process is
printed beside the clock, which other work on the machine disturbs.
"""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.bench.daily import TRAINED_TO, train
from infra.bench.richer_market import REMEDY, richer_market

LIMIT = 30.0
"""Seconds of the steps after ingest and forecast."""
BOOK, DAY = "multi_asset", "2024-12-30"
RUNS = 6
_ONE = "from flows.commands.explain import app; app()"


def main() -> None:
    """Measure and print; the exit code is 1 where the target is missed."""
    market = richer_market()
    if market is None:
        sys.exit(REMEDY)
    print(f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f} at the start")
    print(f"version trained to {TRAINED_TO}, {BOOK} explained on {DAY}")
    with tempfile.TemporaryDirectory(prefix="foreshock-bench-") as name:
        root = Path(name)
        train(root, market, seed=0)
        taken, used = zip(*(steps_of(root, market) for _ in range(RUNS)), strict=True)
        told = json.loads((root / "out" / "explanation.json").read_text())
    for step in taken[0]:
        each = [one[step] for one in taken[1:]]
        print(f"{step:<10}{statistics.median(each):6.1f} s  (first {taken[0][step]:.1f} s)")
    print(f"processor {statistics.median(used[1:]):6.1f} s, imports included")
    after = statistics.median(one["explain"] + one["page"] for one in taken[1:])
    print(
        f"explained in {after:.1f} s besides ingest and fits (target {LIMIT:.0f} s): "
        f"{len(told['shap']['inputs'])} inputs, {sum(told['passes'].values()):,} forward passes"
    )
    sys.exit(0 if after <= LIMIT else 1)


def steps_of(root: Path, market: Path) -> tuple[dict[str, float], float]:
    """Seconds of each step of one explanation, as it shows them, and of processors in all."""
    before = _processor()
    asked = ["--portfolio", BOOK, "--data", str(market), "--as-of", DAY, "--out", str(root / "out")]
    private = {"FORESHOCK_HOME": str(root), "PREFECT_HOME": str(root / "prefect")}
    done = subprocess.run(
        [sys.executable, "-c", _ONE, *asked],
        check=True,
        env=os.environ | private,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = re.findall(r"\d/\d +(\w+) +(?:(\d+)m )?([\d.]+) s", done.stderr)
    steps = {step: 60 * float(minutes or 0) + float(rest) for step, minutes, rest in found}
    return steps, _processor() - before


def _processor() -> float:
    """Seconds that processes which have ended took of processors."""
    taken = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken.ru_utime + taken.ru_stime


if __name__ == "__main__":
    main()
