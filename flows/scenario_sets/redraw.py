"""Chunks of a set drawn again from its own generator: the same bytes, or it is not replayable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flows.scenario_sets.files import read_set

GENERATOR = "generator"
"""Directory of a set's fitted generator, from which any chunk can be drawn again."""


def redrawn(directory: Path, manifest: Mapping[str, Any], *, chunks: int) -> tuple[str, ...]:
    """Draw some chunks again, spread over the set, and compare every bit.

    Parameters
    ----------
    directory : Path
        A set that `flows.scenario_sets.verify` has found intact.
    manifest : mapping
    chunks : int
        How many; the first and the last are among them if there are two.

    Returns
    -------
    tuple of str
        One fault for each chunk that came out otherwise; on another class of hardware the last
        bits may.
    """
    from models.scenarios.chunks import arrays
    from models.scenarios.chunks import chunks as chunks_of
    from models.scenarios.stored import load_generator

    sampling = manifest["predicate"]["sampling"]
    if sampling.get("stress") is not None and sampling.get("moved", True):
        return (
            "a set under stress is not drawn again: its paths were moved after they were drawn",
        )
    told = read_set(directory)
    model = load_generator(
        directory / GENERATOR, instruments=[asset.instrument for asset in told.assets]
    )
    every = list(chunks_of(sampling["paths"]))
    picked = np.unique(np.linspace(0, len(every) - 1, min(chunks, len(every))).round().astype(int))
    faults: list[str] = []
    for at in picked:
        one = every[int(at)]
        again = model.chunk(
            one.index, paths=one.paths, horizon=sampling["horizon"], seed=sampling["seed"]
        )
        rows = slice(one.start, one.start + one.paths)
        held = {"paths": told.moves, "spread": told.spread, "depth": told.depth}
        for name, values in arrays(again).items():
            mine = held[name]
            if mine is None:
                faults.append(f"chunk {one.index}: the set has no {name}, drawn again it has")
            elif not np.array_equal(values, mine[rows], equal_nan=True):
                apart = float(np.nanmax(np.abs(values - mine[rows])))
                faults.append(f"chunk {one.index}: {name} drawn again differ by up to {apart:.2g}")
    return tuple(faults)
