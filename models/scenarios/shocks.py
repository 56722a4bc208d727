"""Conditional shocks: scenarios in which some assets end where a stress puts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from models.base import Asset

CONTRADICTORY = 25.0
"""Standard deviations that a shock may lie from what the shocks before it leave open."""
NO_ROOM = 1e-4
"""Share of an asset's deviation below which earlier shocks have decided its move already."""


@dataclass(frozen=True, slots=True)
class Shocked:
    """Scenarios under shocks, and how far out the shocks lie.

    Attributes
    ----------
    moves : float32 array of shape (path, step, asset)
        Every path ends with exactly the shocks; the other assets moved as they do with them, each
        keeping what the shocks do not explain.
    distance : float
        Mahalanobis distance of the shocks from the scenarios' mean, in standard deviations.
    implied : array of shape (asset,)
        Mean total move of each asset, in its own move.
    """

    moves: Float[np.ndarray, "path step asset"]
    distance: float
    implied: Float[np.ndarray, " asset"]


def shocked(
    moves: Float[np.ndarray, "path step asset"],
    assets: tuple[Asset, ...],
    shocks: Mapping[str, float],
) -> Shocked:
    r"""Move a scenario set so that each shocked asset's total move is the shock.

    A path's totals :math:`x` become :math:`x + B(s - x_S)` with
    :math:`B = \Sigma_{\cdot S}\Sigma_{SS}^{-1}`, spread evenly over the steps: in the Gaussian case
    this is a draw from the conditional law, and in any case the residual dependence and tails of
    the other assets stay.

    Parameters
    ----------
    moves : array of shape (path, step, asset)
    assets : tuple of Asset
        In axis order.
    shocks : mapping of instrument to float
        Total move over the horizon, in the asset's own move: log, or difference in its unit.

    Raises
    ------
    ValueError
        If a shocked instrument is not there, never moves, or two shocks contradict each other.

    References
    ----------
    Kupiec (1998), *Stress testing in a value at risk framework*.
    """
    at = _places(assets, shocks)
    wanted = np.array(list(shocks.values()), dtype=np.float64)
    total = moves.sum(axis=1, dtype=np.float64)
    mean = total.mean(axis=0)
    covariance = np.cov(total, rowvar=False).reshape(len(assets), len(assets))
    inside = covariance[np.ix_(at, at)]
    distance = _distance(list(shocks), wanted - mean[at], inside)
    pull = np.linalg.solve(inside, covariance[at])
    change = (wanted - total[:, at]) @ pull
    steps = moves.shape[1]
    moved = moves + (change / steps)[:, None, :].astype(np.float32)
    return Shocked(moved, distance, mean + (wanted - mean[at]) @ pull)


def _places(assets: tuple[Asset, ...], shocks: Mapping[str, float]) -> list[int]:
    place = {asset.instrument: number for number, asset in enumerate(assets)}
    for name, shock in shocks.items():
        if name not in place:
            raise ValueError(
                f"shocks: {name} is not among the scenarios' assets ({', '.join(place)}). Name "
                f"one of them, or make scenarios with it."
            )
        if not np.isfinite(shock):
            raise ValueError(f"shocks: {name} must be finite, got {shock}. Give a number.")
    if not shocks:
        raise ValueError("shocks must name at least one asset, got none. Leave the stress out.")
    return [place[name] for name in shocks]


def _distance(
    names: list[str], away: Float[np.ndarray, " shock"], inside: Float[np.ndarray, "shock shock"]
) -> float:
    """Distance of the shocks, one after the other given those before: a sum of squares."""
    squares = 0.0
    for last, name in enumerate(names):
        deviation = float(np.sqrt(inside[last, last]))
        if deviation == 0.0:
            raise ValueError(
                f"shocks: {name} never moves in the scenarios, so that nothing follows from its "
                f"shock. Make scenarios in which it does."
            )
        before = np.linalg.pinv(inside[:last, :last], hermitian=True) @ inside[:last, last]
        left = max(float(inside[last, last] - before @ inside[:last, last]), 0.0) ** 0.5
        surprise = float(away[last] - before @ away[:last])
        if left < NO_ROOM * deviation or abs(surprise) > CONTRADICTORY * left:
            told = (
                "leave no room for it"
                if left < NO_ROOM * deviation
                else (f"put it {abs(surprise) / left:.0f} standard deviations from its shock")
            )
            others = ", ".join(names[:last]) or "the scenarios themselves"
            raise ValueError(
                f"shocks: {name} contradicts the rest: {others} {told}. Soften a shock, or drop it "
                f"and read what the others imply for it."
            )
        squares += (surprise / left) ** 2
    return squares**0.5
