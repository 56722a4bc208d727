"""A market whose regimes are known: normal returns under a Markov chain of three volatilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIGMAS = (0.006, 0.012, 0.03)
"""Of a session's return in a low, a high and a crisis state."""
SPELLS = (150.0, 80.0, 40.0)
"""Mean length of a spell in sessions."""


@dataclass(frozen=True, slots=True)
class Switching:
    """Returns, and the state that each was drawn in: 0 low, 1 high, 2 crisis."""

    returns: NDArray[np.float64]
    state: NDArray[np.int64]


def switching_market(generator: np.random.Generator, *, sessions: int) -> Switching:
    """Draw a market; from high it goes either way, from the others to high."""
    state = np.zeros(sessions, dtype=np.int64)
    for session in range(sessions):
        now = int(state[session - 1]) if session else 0
        if generator.uniform() < 1.0 / SPELLS[now]:
            now = int(generator.choice([0, 2])) if now == 1 else 1
        state[session] = now
    return Switching(np.asarray(SIGMAS)[state] * generator.standard_normal(sessions), state)


@dataclass(frozen=True, slots=True)
class Detection:
    """How soon and how rightly spells of a state were told.

    Attributes
    ----------
    lags : array of shape (spell,)
        Sessions from the beginning of each spell to the first in it that was told; infinite where
        none was.
    alarms, false : int
        Times the state began to be told, and those of them at which it was not there.
    """

    lags: NDArray[np.float64]
    alarms: int
    false: int


def detection(told: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Detection:
    """Hold what was told of a state against the truth, both by session."""
    lags: list[float] = []
    for first, last in spells(truth):
        seen = np.flatnonzero(told[first:last])
        lags.append(float(seen[0]) if len(seen) else np.inf)
    begun = np.array([first for first, _ in spells(told)], dtype=np.int64)
    return Detection(np.array(lags), len(begun), int(np.sum(~truth[begun])))


def spells(there: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First row, and row after the last, of each run of True."""
    edges = np.diff(np.concatenate([[0], there.astype(np.int64), [0]]))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return list(zip(begins.tolist(), ends.tolist(), strict=True))
