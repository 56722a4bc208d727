"""What a refit of the default costs, and a forecast for a hundred instruments.

Rows are drawn, not real: the time does not depend on what they say. Processor time is printed
beside the clock, which other work on the machine disturbs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy import stats

from models.tail.inputs import Layout, Rows
from models.tail.learned import HeadSettings, fit_head
from models.tail.past import CHANNELS, Past
from models.tail.transport import KNOTS
from models.tail.walk_forward import LearnedSettings

ROWS, INSTRUMENTS, PART = 450_000, 100, 45_000
"""Training rows of the goal, series forecast at once, and rows that are trained on here."""
MODALITIES = {"returns": 12, "calendar": 1, "bars": 3}
SHARED = {"market": 13, "macro": 13, "news": 3}


def drawn(count: int) -> Rows:
    """Rows of one long series with the columns of the panel."""
    rng = np.random.default_rng(0)
    tail = 1.0 - np.array(KNOTS)
    var = stats.norm.isf(tail)
    layout = Layout(
        tuple(kind for kind, size in MODALITIES.items() for _ in range(size)),
        tuple(kind for kind, size in SHARED.items() for _ in range(size)),
    )
    track = 0.01 * np.abs(rng.normal(size=(count, len(CHANNELS))))
    return Rows(
        own=rng.normal(size=(count, len(layout.own))).astype(np.float32),
        shared=rng.normal(size=(count, len(layout.shared))).astype(np.float32),
        var=np.tile(var, (count, 1)),
        es=np.tile(stats.norm.pdf(var) / tail, (count, 1)),
        move=rng.standard_t(5, count),
        target=np.full(count, np.datetime64("2020-01-01")),
        past=Past.of(track, np.full(count, 0.01)),
        layout=layout,
    )


def timed(work: Callable[[], object], *, runs: int = 5) -> tuple[float, float]:
    """Median seconds of clock and processor, after a discarded run."""
    clock: list[float] = []
    used: list[float] = []
    for _ in range(runs + 1):
        started, before = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - started)
        used.append(time.process_time() - before)
    return statistics.median(clock[1:]), statistics.median(used[1:])


def main() -> None:
    """Print one line a head."""
    settings = LearnedSettings()
    kinds: dict[str, HeadSettings] = {
        kind: getattr(settings, kind) for kind in settings.weights.heads
    }
    rows, today = drawn(PART), drawn(INSTRUMENTS)
    print(f"{'':>12} {'refit':>8} {'processor':>10} {'forecast':>9}   for {ROWS:,} rows")
    whole = 0.0
    for kind, head in kinds.items():
        fitted = fit_head(rows, head)
        refit, used = (ROWS / PART * x for x in timed(lambda h=head: fit_head(rows, h), runs=1))
        forecast, _ = timed(lambda f=fitted: f.map(today))
        whole += refit
        print(f"{kind:>12} {refit:>6.0f} s {used:>8.0f} s {1e3 * forecast:>6.0f} ms")
    print(f"{'one by one':>12} {whole:>6.0f} s; two processes share them out")


if __name__ == "__main__":
    main()
