"""What a series is made of: how much of each block a book holds, and how concentrated it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from features.crosssection import BLOCKS, block_of
from features.instruments import Instrument

EXPOSURES = (*(f"exposure_{block}" for block in BLOCKS), "gross_leverage", "concentration")
"""Names of what `exposures` returns."""


def exposures(
    instruments: Mapping[str, Instrument], weights: Mapping[str, float]
) -> Float[np.ndarray, " exposure"]:
    """Net weight in each of `BLOCKS`, gross leverage, and concentration.

    Parameters
    ----------
    instruments : mapping of name to Instrument
    weights : mapping of instrument to float
        Fractions of value, signed, of today's book; an instrument by itself is held with weight 1.

    Returns
    -------
    array of shape (exposure,)
        In the order of `EXPOSURES`. Gross leverage is the sum of absolute weights. Concentration
        is the Herfindahl index of the absolute weights' shares: 1 for a single holding, 1/n for n
        equal ones, 0 for a book that holds nothing.
    """
    held = np.zeros(len(BLOCKS))
    gross, squares = 0.0, 0.0
    for name, weight in weights.items():
        block = block_of(instruments[name])
        if block in BLOCKS:
            held[BLOCKS.index(block)] += weight
        gross += abs(weight)
        squares += weight**2
    return np.array([*held, gross, squares / gross**2 if gross > 0.0 else 0.0])
