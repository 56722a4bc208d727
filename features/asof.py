"""The as-of join: what was the last value known at each origin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from numpy.typing import NDArray

DAILY = timedelta(days=10)
"""Age beyond which a daily value says nothing any more: a week of sessions and its holidays."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Features that share a time axis of their own, and the instants at which each row is known.

    Attributes
    ----------
    names : tuple of str
    values : array of shape (time, name)
        NaN where a feature is not known.
    known_at : DatetimeIndex of shape (time,), UTC
        Ascending; equal instants are allowed, the later row then counts.
    stale_after : timedelta
        Age at which a row is no longer used.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    known_at: pd.DatetimeIndex
    stale_after: timedelta = DAILY

    def at(self, origins: pd.DatetimeIndex) -> Float[np.ndarray, "origin name"]:
        """Last row known at or before each origin; NaN where there is none or it is stale."""
        row = last_known(self.known_at, origins)
        if not len(self.known_at):
            return np.full((len(origins), len(self.names)), np.nan)
        age = (ticks(origins) - ticks(self.known_at)[row]).astype("timedelta64[ns]")
        usable = (row >= 0) & (age <= np.timedelta64(self.stale_after))
        return np.where(usable[:, None], self.values[row], np.nan)


@dataclass(frozen=True, slots=True)
class Observed:
    """One series of observations in the order in which they became known.

    Attributes
    ----------
    dates : DatetimeIndex of shape (time,)
        What each observation speaks of; strictly ascending.
    values : array of shape (time,)
        Always finite.
    known_at : DatetimeIndex of shape (time,), UTC
        Ascending.
    """

    dates: pd.DatetimeIndex
    values: NDArray[np.float64]
    known_at: pd.DatetimeIndex


def ticks(instants: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Nanoseconds since the epoch, so that instants compare exactly whatever their unit."""
    return instants.as_unit("ns").asi8


def last_known(known_at: pd.DatetimeIndex, origins: pd.DatetimeIndex) -> Int[np.ndarray, " origin"]:
    """Row of the last instant at or before each origin, -1 where there is none."""
    return np.searchsorted(ticks(known_at), ticks(origins), side="right") - 1


def in_order_of_arrival(
    dates: pd.DatetimeIndex, values: NDArray[np.float64], known_at: pd.DatetimeIndex
) -> Observed:
    """Observations as they arrived, without those that came after news of a later date.

    A straggler is dropped rather than sorted back in: whoever looked before it came could not
    have had it in a trend or a change, so that what was computed then must not move.

    Parameters
    ----------
    dates : DatetimeIndex of shape (row,)
    values : array of shape (row,)
        Rows that are not finite are dropped.
    known_at : DatetimeIndex of shape (row,), UTC
        Rows without an instant are dropped: they were never known.
    """
    usable = np.flatnonzero(np.isfinite(values) & ~known_at.isna())
    rows = usable[np.lexsort((ticks(dates)[usable], ticks(known_at)[usable]))]
    day = ticks(dates)[rows]
    newest = np.maximum.accumulate(day)
    news = np.ones(len(rows), dtype=np.bool_)
    news[1:] = day[1:] > newest[:-1]
    rows = rows[news]
    return Observed(dates=dates.take(rows), values=values[rows], known_at=known_at.take(rows))
