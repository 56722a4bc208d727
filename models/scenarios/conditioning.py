"""A generator that starts from another state than today's: a session that has just been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float32

from features.crosssection import BLOCKS
from models.base import ScenarioModel
from models.scenarios.filtered import FilteredHistory, Recursions
from models.scenarios.liquid import Liquid
from models.scenarios.liquidity import after
from models.scenarios.rolled import Rolled
from models.scenarios.safety import Safeguarded


def just_been_through(
    model: ScenarioModel, session: Mapping[str, float], *, blocks: Sequence[str]
) -> ScenarioModel:
    """The generator as if some blocks had just been through a session like that.

    Every asset of a block has moved by as many of its own deviations, so that its variance is
    what its recursion makes of such a move, within its training range. A learned law is told of
    it as the block's stress. The other blocks, and the correlations that a path starts from, stay
    as they are at the as-of.

    Parameters
    ----------
    model : ScenarioModel
        As `models.scenarios.registry.fit_generator` gives it.
    session : mapping of block to float
        Move in standard deviations: -4 is a session four deviations down, in which a rate or a
        spread of the block rose by four.
    blocks : sequence of str
        Block of each asset, or empty.

    Raises
    ------
    ValueError
        If a block is unknown, or no asset belongs to it.
    """
    for block in session:
        if block not in BLOCKS:
            raise ValueError(f"state names {block!r}, and blocks are {', '.join(BLOCKS)}.")
        if block not in blocks:
            raise ValueError(
                f"state names {block!r}, and none of the scenarios' assets belongs to it. Leave it "
                f"out, or add such an asset."
            )
    if isinstance(model, Liquid):
        moved = just_been_through(model.model, session, blocks=blocks)
        squares = (_moves(model, session, blocks) ** 2) * model.model.recursions.state
        recent = after(model.liquidity.recent, squares)
        recent = np.where(_named(session, blocks), recent, model.liquidity.recent)
        return replace(model, model=moved, liquidity=replace(model.liquidity, recent=recent))
    if isinstance(model, Safeguarded):
        rolled, safety = (
            just_been_through(part, session, blocks=blocks) for part in (model.rolled, model.safety)
        )
        return replace(model, rolled=rolled, safety=safety)
    if isinstance(model, Rolled):
        stress = model.start.stress.copy()
        for block, move in session.items():
            stress[BLOCKS.index(block)] = move
        model = replace(model, start=replace(model.start, stress=stress))
    if not isinstance(model, Rolled | FilteredHistory):
        raise TypeError(f"model must be one that fit_generator made, got {type(model).__name__}.")
    moves = _moves(model, session, blocks)
    after_it = _after(model.recursions, moves, _named(session, blocks))
    return replace(model, recursions=after_it)


def volatility_after(
    before: ScenarioModel, after_it: ScenarioModel, blocks: Sequence[str]
) -> dict[str, float]:
    """How many times as volatile each block is that has been through a session, on average."""
    one, two = (_recursions(model).state for model in (before, after_it))
    ratio = np.sqrt(two / one)
    return {
        block: float(ratio[[own == block for own in blocks]].mean())
        for block in BLOCKS
        if any(own == block and many != 1.0 for own, many in zip(blocks, ratio, strict=True))
    }


def _recursions(model: ScenarioModel) -> Recursions:
    if isinstance(model, Liquid):
        return model.model.recursions
    if isinstance(model, Safeguarded | Rolled | FilteredHistory):
        return model.recursions
    raise TypeError(f"model must be one that fit_generator made, got {type(model).__name__}.")


def _moves(
    model: ScenarioModel, session: Mapping[str, float], blocks: Sequence[str]
) -> Float32[np.ndarray, " asset"]:
    """Move of each asset in its deviations; a yield or a spread rises as its block falls."""
    signs = [-1.0 if asset.kind in ("rate", "spread") else 1.0 for asset in model.assets]
    moves = [sign * session.get(block, 0.0) for sign, block in zip(signs, blocks, strict=True)]
    return np.array(moves, dtype=np.float32)


def _named(session: Mapping[str, float], blocks: Sequence[str]) -> Bool[np.ndarray, " asset"]:
    return np.array([block in session for block in blocks])


def _after(
    recursions: Recursions,
    residual: Float32[np.ndarray, " asset"],
    moved: Bool[np.ndarray, " asset"],
) -> Recursions:
    """The recursions one session on for the assets that moved."""
    after = recursions.omega + recursions.state * recursions.growth(residual[None])[0]
    after = np.clip(after, recursions.least, recursions.greatest)
    return replace(recursions, state=np.where(moved, after, recursions.state))
