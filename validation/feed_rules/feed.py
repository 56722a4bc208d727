"""A feed on its expected sessions: what every rule of a series looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from features.instruments import Instrument

WINDOW = 250
"""Sessions over which an ordinary move is measured."""
WARM_UP = 20
"""Moves needed before any move can be called unusual."""


@dataclass(frozen=True)
class Feed:
    """One price series, reindexed to the sessions of its listed life.

    Attributes
    ----------
    instrument : Instrument
    sessions : DatetimeIndex of shape (session,)
        Expected sessions from the listing to the as-of (or the end of the listing).
    values : array of shape (session,)
        Closes; NaN where there is none.
    turnover : array of shape (session,)
        Traded value (``dollar_volume``, else close times volume); NaN where unknown.
    elsewhere : DatetimeIndex
        Dates with a close that are no expected session.
    """

    instrument: Instrument
    sessions: pd.DatetimeIndex
    values: Float[np.ndarray, " session"]
    turnover: Float[np.ndarray, " session"]
    elsewhere: pd.DatetimeIndex

    @property
    def name(self) -> str:
        """Name of the series."""
        return self.instrument.name

    @cached_property
    def given(self) -> Bool[np.ndarray, " session"]:
        """Where there is a finite close."""
        return np.isfinite(self.values)

    @cached_property
    def dates(self) -> pd.DatetimeIndex:
        """Sessions with a close, shape (observation,)."""
        return self.sessions[self.given]

    @cached_property
    def closes(self) -> Float[np.ndarray, " observation"]:
        """The closes there are, in order."""
        return self.values[self.given]

    @property
    def missing(self) -> int:
        """Expected sessions without a finite close."""
        return int(len(self.sessions) - self.given.sum())

    @property
    def behind(self) -> int:
        """Sessions since the last close; 0 where the latest session has one."""
        return (
            int(len(self.sessions) - 1 - np.flatnonzero(self.given)[-1]) if len(self.dates) else 0
        )

    @cached_property
    def moves(self) -> Float[np.ndarray, " observation"]:
        """Move since the close before, in the instrument's own kind of move; NaN for the first.

        A logarithmic move from or to a close of zero or below is NaN: another rule names it.
        """
        closes = self.closes
        if self.instrument.move == "log":
            closes = np.log(np.where(closes > 0, closes, np.nan))
        return np.diff(closes, prepend=np.nan)

    @cached_property
    def scores(self) -> Float[np.ndarray, " observation"]:
        """Moves in units of what was ordinary before them; NaN during the warm-up."""
        return standardised(self.moves)


def standardised(moves: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """Moves divided by their ordinary size over the ``WINDOW`` moves before them.

    The ordinary size is the larger of two estimates of a normal standard deviation: the median
    absolute move over 0.6745, which one bad print cannot stretch, and the mean absolute move
    times ``sqrt(pi / 2)``, which stays above zero where most moves are zero (a bill fund, a pegged
    rate).

    Parameters
    ----------
    moves : array of shape (time,)

    Returns
    -------
    array of shape (time,)
        NaN for the first ``WARM_UP`` moves, and where nothing had moved before.
    """
    past = pd.Series(np.abs(moves)).rolling(WINDOW, min_periods=WARM_UP)
    ordinary = np.maximum(past.median() / 0.6745, past.mean() * np.sqrt(np.pi / 2)).shift()
    return np.asarray(moves / ordinary.where(ordinary > 0), dtype=np.float64)
