"""Stress of the whole market: how much faster assets move than usual, how unevenly, which way."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from features.asof import Timeline
from features.crosssection import BLOCKS, CrossSection, asset_mean, asset_sum

FEWEST_ASSETS = 3
"""Assets that must move at an instant before their moves are called a distribution."""

FALL = -2.0
"""Standardised move from which on an asset counts as falling."""


def stress(section: CrossSection) -> Timeline:
    """Surges of volatility over all assets and by block, dispersion and share of falling assets.

    A surge is the mean over assets of the log of fast over slow volatility.
    """
    features = {
        "surge_market": asset_mean(section.surges),
        **{
            f"surge_{block}": asset_mean(section.surges[:, section.members(block)])
            for block in BLOCKS
        },
        "dispersion": dispersion(section.moves),
        "falling_share": falling_share(section.moves),
    }
    return Timeline(
        names=tuple(features),
        values=np.column_stack(list(features.values())),
        known_at=section.instants,
    )


def dispersion(moves: Float[np.ndarray, "time asset"]) -> Float[np.ndarray, " time"]:
    """Standard deviation of standardised moves across assets; NaN where fewer than three moved."""
    mean = asset_mean(moves)
    spread = np.sqrt(asset_mean((moves - mean[:, None]) ** 2))
    return np.where(_moved(moves) >= FEWEST_ASSETS, spread, np.nan)


def falling_share(moves: Float[np.ndarray, "time asset"]) -> Float[np.ndarray, " time"]:
    """Share of the moving assets that fell by more than two of their sigmas."""
    share = asset_mean(np.where(np.isfinite(moves), moves < FALL, np.nan))
    return np.where(_moved(moves) >= FEWEST_ASSETS, share, np.nan)


def _moved(moves: Float[np.ndarray, "time asset"]) -> Float[np.ndarray, " time"]:
    return asset_sum(moves)[1].astype(np.float64)
