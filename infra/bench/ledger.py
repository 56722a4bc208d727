"""What the ledger costs: an entry, opening it, reading a row, and walking the whole chain.

    python infra/bench/ledger.py

Median of five after a discarded run; SQLite in a temporary folder.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from flows.ledger.ledger import Ledger

ENTRIES = (2_000, 8_000, 32_000)


def median(work: Callable[[], object], *, times: int = 5) -> float:
    """Seconds of a call: the median after one that does not count."""
    taken: list[float] = []
    for _ in range(times + 1):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[1:])


def alert(ledger: Ledger, first: int, count: int) -> None:
    """Record alerts in one transaction."""
    with ledger.transaction() as tx:
        for number in range(first, first + count):
            tx.append(
                "alert",
                actor="scheduler",
                key=f"drift:{number}",
                kind="drift",
                subject="fx",
                severity="info",
                message="moved",
                evidence={"effect": 0.1 * number},
            )


def main() -> None:
    """Print the table."""
    print("entries   open ms   decision ms   entries/s   verify s   verify us an entry")
    walked: list[float] = []
    for entries in ENTRIES:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            ledger = Ledger.open(root)
            start = time.perf_counter()
            alert(ledger, 0, entries)
            rate = entries / (time.perf_counter() - start)
            places = iter(range(entries, entries + 10))
            one = median(lambda: alert(ledger, next(places), 1))  # noqa: B023 - called here
            walk = median(ledger.verify)
            opened = median(lambda: Ledger.open(root).close())  # noqa: B023 - called here
            ledger.close()
        walked.append(walk)
        cells = f"{entries:7,} {1e3 * opened:9.1f} {1e3 * one:13.1f} {rate:11,.0f}"
        print(f"{cells} {walk:10.2f} {1e6 * walk / entries:20.0f}")
    slope = np.polyfit(np.log(ENTRIES), np.log(walked), 1)[0]
    print(f"log-log slope of verify: {slope:.2f}")


if __name__ == "__main__":
    main()
