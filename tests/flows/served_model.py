"""A served model that is fitted in a moment: a linear head on the columns that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path


@cache
def _head(own: int, shared: int) -> bytes:
    import numpy as np
    from scipy import stats

    from models.tail.inputs import Rows
    from models.tail.learned import HeadSettings, fit_head
    from models.tail.transport import KNOTS
    from models.training import Schedule

    tail = 1.0 - np.array(KNOTS)
    var = stats.norm.isf(tail)
    rng = np.random.default_rng(1)
    rows = Rows(
        own=rng.normal(size=(300, own)),
        shared=rng.normal(size=(300, shared)),
        var=np.tile(var, (300, 1)),
        es=np.tile(stats.norm.pdf(var) / tail, (300, 1)),
        move=rng.normal(size=300),
        target=np.full(300, np.datetime64("2020-01-01")),
    )
    quick = Schedule(epochs=1, batch=300, rate=1e-2)
    return fit_head(rows, HeadSettings("linear", seeds=1, schedule=quick)).to_bytes()


def save_served(
    directory: Path,
    *,
    own: Sequence[str] = ("volatility_10", "last_return"),
    shared: Sequence[str] = ("vix_level",),
) -> None:
    """Write it to a directory that does not exist: an index and one file of weights."""
    from models.tail.combine import Weights
    from models.tail.served import save

    save(
        directory,
        model="linear",
        heads={"linear": _head(len(own), len(shared))},
        weights=Weights(),
        own=own,
        shared=shared,
    )
