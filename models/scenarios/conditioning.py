"""A neural generator that starts from another state than today's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from features.crosssection import BLOCKS
from models.scenarios.safety import Safeguarded


def stressed(model: Safeguarded, stress: Mapping[str, float]) -> Safeguarded:
    """The generator as if some blocks had just been through what is said of them.

    Parameters
    ----------
    model : Safeguarded
    stress : mapping of block to float
        Exponentially weighted sum of the block's latest standardised moves, so that -4 is a
        session four deviations down; it halves in five sessions. Blocks not named stay as they
        are at the as-of.

    Returns
    -------
    Safeguarded
        Filtered history knows no stress vector: its share of the paths is unchanged.

    Raises
    ------
    ValueError
        If a block is unknown.
    """
    start = model.rolled.start.stress.copy()
    for block, value in stress.items():
        if block not in BLOCKS:
            raise ValueError(f"stress names {block!r}, and blocks are {', '.join(BLOCKS)}.")
        start[BLOCKS.index(block)] = value
    return replace(
        model, rolled=replace(model.rolled, start=replace(model.rolled.start, stress=start))
    )
