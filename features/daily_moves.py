"""What a day did to the whole market, each part measured against its own recent size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from features.asof import Timeline
from features.crosssection import (
    BLOCKS,
    LARGEST_MOVE,
    TRAILING,
    CrossSection,
    asset_mean,
)
from features.stress import dispersion
from features.volatility import ewma_volatility

MACRO = ("vix", "move", "high_yield", "investment_grade", "term_slope")
"""Readings whose changes are a day's moves, too: logs of levels, and a slope in percent."""


def daily_moves(section: CrossSection, macro: Sequence[Timeline]) -> Timeline:
    """Moves of a day: by block, how unevenly, the change of the surge, and what macro series did.

    Parameters
    ----------
    section : CrossSection
    macro : sequence of Timeline
        As `features.macro.macro_readings` gives it; columns other than `MACRO` are passed over.

    Returns
    -------
    Timeline
        At the section's instants; NaN where a part did not move or is not there.
    """
    blocks = section.block_moves()
    moves = {f"{block}_move": blocks[:, at] for at, block in enumerate(BLOCKS)}
    moves["dispersion_log"] = np.log(np.maximum(dispersion(section.moves), 1e-3))
    moves["surge_change"] = standardised_change(asset_mean(section.surges))
    for timeline in macro:
        known = timeline.at(section.instants)
        for at, name in enumerate(timeline.names):
            if name in MACRO:
                moves[f"{name}_change"] = standardised_change(known[:, at])
    return Timeline(tuple(moves), np.column_stack(list(moves.values())), section.instants)


def standardised_change(level: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """Change since the row before, over the volatility of the changes before it.

    NaN where either level is unknown or nothing has moved yet; bounded as a single asset's move
    is, see `features.crosssection.LARGEST_MOVE`.
    """
    change = np.full(len(level), np.nan)
    change[1:] = np.diff(level)
    before = np.full(len(level), np.nan)
    before[1:] = ewma_volatility(change, half_life=TRAILING)[:-1]
    moved = np.divide(change, before, out=np.full(len(level), np.nan), where=before > 0.0)
    return np.clip(moved, -LARGEST_MOVE, LARGEST_MOVE)


def market_returns(section: CrossSection) -> Float[np.ndarray, " time"]:
    """Return of the market at each instant: the mean over equity, or over all where there is none.

    NaN where nothing of it traded.
    """
    equity = section.members("equity")
    return asset_mean(section.returns[:, equity] if equity.any() else section.returns)
