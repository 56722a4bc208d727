"""Credit spreads stay above zero: a path that would take one lower leaves it where it stops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from models.base import Asset

LEAST = 0.1
"""Share of the spread at the as-of below which no path takes it."""


def above_zero(
    moves: Float32[np.ndarray, "path step asset"], assets: Sequence[Asset]
) -> Float32[np.ndarray, "path step asset"]:
    """The same moves, in place, with no spread below `LEAST` of where it starts.

    A spread moves by differences, whose law knows no zero: one path in some thousands would pay
    the holder of default risk for it. From where it stops a spread rises by its own next moves.

    Parameters
    ----------
    moves : float32 array of shape (path, step, asset)
        Changed in the paths that go below; all others keep their bits.
    assets : sequence of Asset
        In axis order. A spread that starts at or below zero is left alone.
    """
    for place, asset in enumerate(assets):
        if asset.kind != "spread" or asset.move != "diff" or asset.last_close <= 0.0:
            continue
        least = LEAST * asset.last_close
        levels = asset.last_close + moves[:, :, place].cumsum(axis=1, dtype=np.float64)
        for path in np.flatnonzero((levels < least).any(axis=1)):
            level = asset.last_close
            for step, move in enumerate(moves[path, :, place].astype(np.float64)):
                after = max(level + move, least)
                moves[path, step, place] = after - level
                level = after
    return moves
