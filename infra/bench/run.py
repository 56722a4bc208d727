"""What the main job costs: `foreshock run` on the bundled market, and `foreshock --help`.

Each measurement is a fresh process; the run starts from a fresh state root, so nothing is resumed.
Memory is that of the whole process tree, a page shared by several processes counted once. Wall
times mean something on a quiet machine: the load is shown beside them, and the processor time.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

COMMAND = Path(sys.executable).with_name("foreshock")
RUN_LIMIT, MEMORY_LIMIT, HELP_LIMIT = 240.0, 3000.0, 0.5
"""Seconds, MB and seconds."""


def main() -> None:
    """Measure and print; the exit code is 1 where a target is missed."""
    print(f"{len(os.sched_getaffinity(0))} processors, load {load()} at the start")
    help_seconds = measure_help()
    print(f"foreshock --help   {help_seconds:6.2f} s    (target {HELP_LIMIT} s, median of 5)")
    root = Path(tempfile.mkdtemp(prefix="foreshock-bench-"))
    try:
        first = measure_run(root)
        print(
            f"foreshock run      {first.seconds:6.0f} s    (target {RUN_LIMIT:.0f} s), "
            f"exit code {first.code}, load {load()} at its end"
        )
        print(f"  processor time   {first.processor:6.0f} s")
        print(
            f"  peak memory      {first.megabytes:6.0f} MB   (target {MEMORY_LIMIT:.0f} MB), "
            f"after {first.peak_at:.0f} s"
        )
        again = measure_run(root)
        print(f"  once more        {again.seconds:6.0f} s    (every fit and head found again)")
    finally:
        shutil.rmtree(root)
    met = (
        first.seconds <= RUN_LIMIT
        and first.megabytes <= MEMORY_LIMIT
        and help_seconds <= HELP_LIMIT
    )
    sys.exit(0 if met and first.code == again.code == 0 else 1)


def load() -> str:
    """Mean number of processes that wanted a processor in the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def measure_help() -> float:
    """Median seconds of five after one that fills the caches."""
    seconds: list[float] = []
    for _ in range(6):
        begun = time.perf_counter()
        subprocess.run([COMMAND, "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds[1:])


class Run(NamedTuple):
    """One run: wall and processor seconds, peak memory and when it was, exit code."""

    seconds: float
    processor: float
    megabytes: float
    peak_at: float
    code: int


def measure_run(root: Path) -> Run:
    """Run once and measure the command with all its descendants."""
    environment = os.environ | {"FORESHOCK_HOME": str(root), "PREFECT_HOME": str(root / "prefect")}
    begun, spent = time.perf_counter(), _processor()
    process = subprocess.Popen([COMMAND, "run"], env=environment)
    peak = Peak(process.pid)
    peak.start()
    code = process.wait()
    seconds = time.perf_counter() - begun
    peak.ended.set()
    peak.join()
    return Run(seconds, _processor() - spent, peak.megabytes, peak.at - begun, code)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Peak(threading.Thread):
    """Watches the memory of a process and all its descendants.

    Attributes
    ----------
    megabytes : float
        The most so far.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.ended = pid, threading.Event()
        self.megabytes, self.at = 0.0, time.perf_counter()

    def end(self) -> float:
        """Stop watching; the most megabytes there were."""
        self.ended.set()
        self.join()
        return self.megabytes

    def run(self) -> None:
        """Look twice a second."""
        while not self.ended.wait(0.5):
            megabytes = sum(map(_megabytes, _tree(self.pid)))
            if megabytes > self.megabytes:
                self.megabytes, self.at = megabytes, time.perf_counter()


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue  # it has ended
        children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found.extend(children.get(each, []))
    return found


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0  # it has ended
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


if __name__ == "__main__":
    main()
