"""The state of the market, told online: low, high or crisis by where its volatility stands."""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import Literal

import numpy as np
from jaxtyping import Float

Regime = Literal["low", "high", "crisis"]
STATES: tuple[Regime, ...] = ("low", "high", "crisis")

ENTER = (0.85, 0.975)
"""Share of all levels so far at or below today's from which the state is high, and crisis."""
LEAVE = (0.70, 0.90)
"""Share below which it is left again: without a gap it would flicker from day to day."""
SETTLING = 500
"""Levels before which nothing is said, two years."""


def volatility_regimes(level: Float[np.ndarray, " time"]) -> list[Regime | None]:
    """State at each session, from that session's level and those before.

    Parameters
    ----------
    level : array of shape (time,)
        How fast the market moves, e.g. the mean log of fast over slow volatility; any increasing
        function of it gives the same states. NaN where not known: the state stays.

    Returns
    -------
    list of {"low", "high", "crisis"} or None
        None while fewer than `SETTLING` levels are known.
    """
    known: list[float] = []
    states: list[Regime | None] = []
    state = 0
    for value in level.tolist():
        if np.isfinite(value):
            insort(known, value)
            share = bisect_right(known, value) / len(known)
            state = _next(state, share)
        states.append(STATES[state] if len(known) >= SETTLING else None)
    return states


def _next(state: int, share: float) -> int:
    """The highest state entered, or kept because it is not left yet."""
    for candidate in (2, 1):
        if share >= ENTER[candidate - 1]:
            return candidate
        if state >= candidate and share >= LEAVE[candidate - 1]:
            return candidate
    return 0
