"""What the main job costs: `foreshock run` on the bundled market, and `foreshock --help`.

Each measurement is a fresh process; the run starts from a fresh state root, so nothing is resumed.
Memory is that of the whole process tree, a page shared by several processes counted once.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

COMMAND = Path(sys.executable).with_name("foreshock")
RUN_LIMIT, MEMORY_LIMIT, HELP_LIMIT = 240.0, 3000.0, 0.5
"""Seconds, MB and seconds."""


def main() -> None:
    """Measure and print; the exit code is 1 where a target is missed."""
    print(f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f} at the start")
    help_seconds = measure_help()
    print(f"foreshock --help   {help_seconds:6.2f} s    (target {HELP_LIMIT} s, median of 5)")
    root = Path(tempfile.mkdtemp(prefix="foreshock-bench-"))
    try:
        seconds, memory, code = measure_run(root)
        print(
            f"foreshock run      {seconds:6.0f} s    (target {RUN_LIMIT:.0f} s), exit code {code}"
        )
        print(f"  peak memory      {memory:6.0f} MB   (target {MEMORY_LIMIT:.0f} MB)")
        again, _, _ = measure_run(root)
        print(f"  once more        {again:6.0f} s    (every fit and head found again)")
    finally:
        shutil.rmtree(root)
    met = seconds <= RUN_LIMIT and memory <= MEMORY_LIMIT and help_seconds <= HELP_LIMIT
    sys.exit(0 if met and code == 0 else 1)


def measure_help() -> float:
    """Median seconds of five after one that fills the caches."""
    seconds: list[float] = []
    for _ in range(6):
        begun = time.perf_counter()
        subprocess.run([COMMAND, "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds[1:])


def measure_run(root: Path) -> tuple[float, float, int]:
    """Seconds, peak megabytes and exit code of one run."""
    environment = os.environ | {"FORESHOCK_HOME": str(root), "PREFECT_HOME": str(root / "prefect")}
    begun = time.perf_counter()
    process = subprocess.Popen([COMMAND, "run"], env=environment)
    peak = _Peak(process.pid)
    peak.start()
    code = process.wait()
    seconds = time.perf_counter() - begun
    peak.ended.set()
    peak.join()
    return seconds, peak.megabytes, code


class _Peak(threading.Thread):
    """Watches the memory of a process and all its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.megabytes, self.ended = pid, 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.5):
            self.megabytes = max(self.megabytes, sum(map(_megabytes, _tree(self.pid))))


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
