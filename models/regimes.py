"""Regimes of the market, told online: an alert from a fast filter, confirmed by a jump model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from numpy.typing import NDArray

from features.asof import Timeline
from features.splits import refit_windows
from models.baselines import UnitStore
from models.hidden_markov import filtered_states
from models.jumps import jump_states
from models.refits import EVERY, FIRST

Regime = Literal["low", "high", "crisis"]
STATES: tuple[Regime, ...] = ("low", "high", "crisis")
CRISIS = STATES.index("crisis")

ENTER, LEAVE = 0.5, 0.1
"""Probability of a state or a worse one at which it is entered, and below which it is left."""
LEAST_CRISIS = 1.25
"""Deviation of the wildest state, over that of all returns so far, from which it is a crisis.

Three states are found in any returns: a market that never had a crisis must not be told half of
its days as one.
"""


@dataclass(frozen=True, slots=True)
class Regimes:
    """What was known of the market's state at each time.

    Attributes
    ----------
    times : DatetimeIndex of shape (time,), UTC
        Instants at which each row is known.
    probabilities : array of shape (time, 3)
        Of `STATES`, given all up to the time and nothing later; NaN before the first fit.
    state : array of shape (time,)
        The fast state, a place in `STATES`; -1 before the first fit.
    confirmed : array of shape (time,)
        The jump model's state: 0 calm, 1 stressed, -1 before the first fit. A crisis that it does
        not share is an alert that is not confirmed.
    """

    times: pd.DatetimeIndex
    probabilities: NDArray[np.float64]
    state: NDArray[np.int64]
    confirmed: NDArray[np.int64]

    def timeline(self) -> Timeline:
        """Columns for whoever reads regimes as an input."""
        stressed = np.where(self.confirmed < 0, np.nan, self.confirmed)
        return Timeline(
            names=("regime_high", "regime_crisis", "regime_confirmed"),
            values=np.column_stack([self.probabilities[:, 1:], stressed]),
            known_at=self.times,
        )

    def since(self, row: int) -> int:
        """First row of the spell in which the fast state has been what it is at ``row``."""
        return _begin(self.state, row)

    def confirmed_since(self, row: int) -> int:
        """First row of the spell in which the jump model has said what it says at ``row``."""
        return _begin(self.confirmed, row)


def market_regimes(
    returns: Float[np.ndarray, " time"],
    times: pd.DatetimeIndex,
    *,
    store: UnitStore | None = None,
) -> Regimes:
    """State of the market at each time from its return then and before.

    Both models are fitted anew each year on all of the past; what is appended changes nothing
    that was said.

    Parameters
    ----------
    returns : array of shape (time,)
        Simple returns of the market; NaN where not known.
    times : DatetimeIndex of shape (time,), UTC
        Instants at which each is known.
    store : UnitStore, optional
        Fits found there are not made again.
    """
    n = len(returns)
    windows = refit_windows(n, first=FIRST, every=EVERY) if n >= FIRST else ()
    told = filtered_states(returns, windows, states=len(STATES), store=store)
    probabilities = told.belief.copy()
    mild = told.deviation[:, CRISIS] < LEAST_CRISIS
    probabilities[mild, 1] += probabilities[mild, 2]
    probabilities[mild, 2] = 0.0
    worse = np.column_stack([probabilities[:, 1:].sum(axis=1), probabilities[:, 2]])
    return Regimes(
        times=times,
        probabilities=probabilities,
        state=latched(worse, enter=(ENTER, ENTER), leave=(LEAVE, LEAVE)),
        confirmed=jump_states(returns, windows, store=store),
    )


def latched(
    evidence: Float[np.ndarray, "time level"],
    *,
    enter: Sequence[float],
    leave: Sequence[float],
) -> Int[np.ndarray, " time"]:
    """The highest state entered, or kept because it is not left yet.

    Without a gap between entering and leaving it would flicker from day to day.

    Parameters
    ----------
    evidence : array of shape (time, level)
        For each state but the lowest, how much speaks for it or a higher one; NaN where nothing
        is known.
    enter, leave : sequence of float, one a level
        At or above which a state is entered, and below which it is left.

    Returns
    -------
    array of shape (time,)
        0 for the lowest state; -1 until something is known, after that an unknown keeps the state.
    """
    states = np.full(len(evidence), -1, dtype=np.int64)
    state = -1
    for row, known in enumerate(evidence.tolist()):
        if not any(np.isnan(known)):
            state = _next(state, known, enter, leave)
        states[row] = state
    return states


def _next(
    state: int, known: Sequence[float], enter: Sequence[float], leave: Sequence[float]
) -> int:
    for level in range(len(known) - 1, -1, -1):
        if known[level] >= enter[level] or (state > level and known[level] >= leave[level]):
            return level + 1
    return 0


def _begin(states: NDArray[np.int64], row: int) -> int:
    changed = np.flatnonzero(states[: row + 1] != states[row])
    return int(changed[-1]) + 1 if len(changed) else 0
