"""A drawn set put under a stress: other correlations, shocks that the rest follows, or weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from flows.refusal import RefusedError
from flows.scenario_sets.stress_file import CorrelationStress, Stress, total_moves
from models.base import Asset
from models.scenarios.correlation_stress import broken, inverted, rejoined, towards_one
from models.scenarios.entropy_pooling import entropy_pooling
from models.scenarios.plausible import Distances, distances
from models.scenarios.shocks import shocked

Paths = Float[np.ndarray, "path step asset"]


@dataclass(frozen=True, slots=True)
class Stressed:
    """Paths under stress, and what is to be said of it.

    Attributes
    ----------
    paths : float32 array of shape (path, step, asset)
    weights : array of shape (path,), or None
    told : dict
        Plain values for the manifest: the stress, how far out it lies, what it implies.
    """

    paths: Paths
    weights: NDArray[np.float64] | None
    told: dict[str, Any]


def stressed(
    paths: Paths,
    assets: tuple[Asset, ...],
    stress: Stress,
    *,
    seed: int,
    blocks: Sequence[str] = (),
) -> Stressed:
    """Apply a stress to drawn paths: correlations first, then shocks.

    Parameters
    ----------
    paths : float32 array of shape (path, step, asset)
    assets : tuple of Asset
    stress : Stress
    seed : int
    blocks : sequence of str
        Block of each asset, for correlations that are inverted by block.

    Raises
    ------
    RefusedError
        If the stress names what is not there, contradicts itself, or cannot be met.
    """
    told: dict[str, Any] = {}
    before = paths.sum(axis=1, dtype=np.float64)
    if stress.correlation is not None:
        target, distance = _target(paths, assets, stress.correlation, blocks)
        paths = rejoined(paths, target, generator=np.random.default_rng(seed))
        told["correlation_projection_distance"] = distance
    if not stress.shocks:
        return Stressed(paths, None, told)
    moves = total_moves(stress, assets)
    try:
        if stress.meaning == "weights":
            total = paths.sum(axis=1, dtype=np.float64)
            at = [next(k for k, a in enumerate(assets) if a.instrument == name) for name in moves]
            pooled = entropy_pooling(total[:, at], np.array(list(moves.values())))
            told |= {
                "relative_entropy": pooled.relative_entropy,
                "effective_paths": pooled.effective_paths,
            }
            return Stressed(paths, pooled.weights, told)
        under = shocked(paths, assets, moves)
    except ValueError as error:
        raise RefusedError(f"stress {stress.name}: {error}") from error
    told |= {
        "shock_distance": under.distance,
        "plausibility": plausibility(before, under.implied[None], horizon=paths.shape[1]),
        "implied_moves": {
            asset.instrument: float(move) for asset, move in zip(assets, under.implied, strict=True)
        },
    }
    return Stressed(under.moves, None, told)


def plausibility(
    today: Float[np.ndarray, "path asset"], moves: Float[np.ndarray, "move asset"], *, horizon: int
) -> dict[str, Any]:
    """How far out the farthest of some joint moves lies in today's scenarios, and how rare it is.

    Parameters
    ----------
    today : array of shape (path, asset)
        Total moves of paths without the stress.
    moves : array of shape (move, asset)
    horizon : int
        Sessions of a move.

    Returns
    -------
    dict
        ``status``; if computed, ``row`` of the farthest move, its Mahalanobis ``distance`` in
        standard deviations, the probability ``exceeded`` that a scenario lies farther out, and the
        ``years`` between such; null where the tail of today's scenarios ends before. A Pareto law
        tells of what no path has reached.
    """
    try:
        measure: Distances = distances(today)
    except ValueError as error:
        return {"status": str(error)}
    found = measure.of(moves)
    row = int(np.argmax(found))
    far = float(found[row])
    years = measure.years_between(far, horizon=horizon)
    return {
        "status": "computed",
        "row": row,
        "distance": far,
        "exceeded": measure.exceeded(far),
        "years": years if np.isfinite(years) else None,
    }


def _target(
    paths: Paths, assets: tuple[Asset, ...], asked: CorrelationStress, blocks: Sequence[str]
) -> tuple[Float[np.ndarray, "asset asset"], float]:
    """Correlation asked for, and how far the nearest possible one lies from it."""
    now = np.corrcoef(paths.sum(axis=1, dtype=np.float64), rowvar=False)
    now = now.reshape(len(assets), len(assets))
    if asked.raise_to is not None:
        return towards_one(now, asked.raise_to), 0.0
    if asked.broken:
        return broken(now), 0.0
    names = [asset.instrument for asset in assets]
    inverting = asked.invert or ()
    if unknown := [name for name in inverting if name not in names and name not in blocks]:
        raise RefusedError(
            f"correlation: {', '.join(unknown)} is neither among the scenarios' assets "
            f"({', '.join(names)}) nor a block that one of them belongs to "
            f"({', '.join(sorted({block for block in blocks if block})) or 'none'}). Name one."
        )
    told = inverted(now, np.isin(names, inverting) | np.isin(blocks or names, inverting))
    return told.matrix, told.distance
