"""What a rule found in a scenario set: how much it looked at, and what broke it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from jaxtyping import Bool

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """Answer of one hard rule.

    Attributes
    ----------
    rule : str
    checked, violations : int
        Cells looked at, and those that break the rule.
    examples : tuple of str
        The first five, as a person would say them.
    remedy : str
    paths : bool array of shape (path,) or None
        Paths that break it; None where the rule is not about paths.
    """

    rule: str
    checked: int
    violations: int
    examples: tuple[str, ...]
    remedy: str
    paths: Bool[np.ndarray, " path"] | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing breaks the rule."""
        return self.violations == 0

    def to_json(self) -> dict[str, Any]:
        """The answer as plain values, without the mask."""
        return {
            "rule": self.rule,
            "checked": self.checked,
            "violations": self.violations,
            "examples": list(self.examples),
            "remedy": self.remedy,
        }


def cells_check(
    rule: str,
    broken: Bool[np.ndarray, "*cells"],
    *,
    axes: Sequence[str],
    remedy: str,
    names: Sequence[str] | None = None,
    by_path: bool = False,
    first: int = 0,
) -> Check:
    """A check from a mask of broken cells.

    Parameters
    ----------
    rule : str
    broken : bool array
        Any shape.
    axes : sequence of str
        A name for each axis, for the examples.
    remedy : str
    names : sequence of str, optional
        Of what stands on the last axis.
    by_path : bool
        Whether the first axis is the paths'.
    first : int
        Number of the first of them.
    """
    places = np.argwhere(broken)[:SHOWN]
    examples = tuple(
        ", ".join(
            f"{axis} {names[at] if names and depth == len(axes) - 1 else at + first * (depth == 0)}"
            for depth, (axis, at) in enumerate(zip(axes, place, strict=True))
        )
        for place in places.tolist()
    )
    paths = np.asarray(broken.reshape(len(broken), -1).any(axis=1)) if by_path else None
    return Check(rule, broken.size, int(np.count_nonzero(broken)), examples, remedy, paths)


def merged(parts: Sequence[Check]) -> Check:
    """One answer to a rule that was asked of parts of a set; of the set's assets, the worst."""
    worst = max(parts, key=lambda part: part.violations)
    if worst.paths is None:
        return worst
    return replace(
        worst,
        checked=sum(part.checked for part in parts),
        violations=sum(part.violations for part in parts),
        examples=tuple(chain.from_iterable(part.examples for part in parts))[:SHOWN],
        paths=np.concatenate([part.paths for part in parts if part.paths is not None]),
    )
