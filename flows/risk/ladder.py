"""ES over a supervisor's ladder of liquidity horizons: fewer and fewer factors move, for longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from models.measures import expected_shortfall
from validation.internal_models import InternalModelRule, liquidity_adjusted

Moves = Float[np.ndarray, "path asset"]
Pnl = Float[np.ndarray, " path"]


@runtime_checkable
class Lens(Protocol):
    """A book as a rule looks at it: its factors by class, and its P&L when only some move."""

    @property
    def classes(self) -> Mapping[str, str]:
        """Class of every factor."""
        ...

    def pnl(self, moves: Moves, moving: frozenset[str]) -> Pnl:
        """P&L for total moves of a set's assets; all factors but ``moving`` stand still."""
        ...


@dataclass(frozen=True, slots=True)
class Ladder:
    """A book's P&L on some moves, rung by rung.

    Attributes
    ----------
    rule : InternalModelRule
    factors : tuple of int
        How many factors move on each rung.
    pnl : tuple of array of shape (path,)
        Gain positive; on the first rung that of the whole book.
    """

    rule: InternalModelRule
    factors: tuple[int, ...]
    pnl: tuple[Pnl, ...]

    def rungs(
        self, part: slice = slice(None), *, weights: Float[np.ndarray, " path"] | None = None
    ) -> list[float]:
        """ES of each rung over some of the paths."""
        return [
            expected_shortfall(pnl[part], alpha=self.rule.es_alpha, weights=weights)
            if many
            else 0.0
            for many, pnl in zip(self.factors, self.pnl, strict=True)
        ]

    def es(self, part: slice = slice(None)) -> float:
        """ES of all rungs together over some of the paths."""
        return liquidity_adjusted(self.rungs(part), self.rule)

    def told(self, *, weights: Float[np.ndarray, " path"] | None = None) -> dict[str, Any]:
        """The number and its rungs as plain values."""
        rungs = self.rungs(weights=weights)
        return {
            "es": liquidity_adjusted(rungs, self.rule),
            "rungs": [
                {"horizon": horizon, "factors": many, "es": es}
                for horizon, many, es in zip(self.rule.horizons, self.factors, rungs, strict=True)
            ],
        }


def ladder(lens: Lens, moves: Moves, rule: InternalModelRule) -> Ladder:
    """Value a book once for each rung.

    Parameters
    ----------
    lens : Lens
    moves : array of shape (path, asset)
        Over the rule's base horizon.
    rule : InternalModelRule
    """
    sets = [
        frozenset(name for name, one in lens.classes.items() if rule.horizon(one) >= horizon)
        for horizon in rule.horizons
    ]
    found: dict[frozenset[str], Pnl] = {}
    for moving in sets:
        if moving not in found:
            found[moving] = lens.pnl(moves, moving) if moving else np.zeros(len(moves))
    return Ladder(rule, tuple(map(len, sets)), tuple(found[moving] for moving in sets))


def worst_months(found: Ladder) -> int:
    """First path of the window of the rule's length whose ES over all rungs is largest."""
    count = len(found.pnl[0]) - found.rule.window + 1
    sizes: Sequence[float] = [
        found.es(slice(start, start + found.rule.window)) for start in range(count)
    ]
    return int(np.argmax(sizes))
