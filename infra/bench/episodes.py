"""Falls of a market by hindsight, and how soon and how rightly a flag told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infra.bench.switching import spells

SESSIONS = 252

Fall = tuple[int, int]
"""Rows of a peak and of the trough after it."""


def falls(returns: NDArray[np.float64], *, fall: float, rise: float) -> list[Fall]:
    """Peaks and troughs: a fall from a peak makes one, and a rise from the trough ends it."""
    wealth = np.cumsum(np.log1p(returns))
    found: list[Fall] = []
    peak, trough, falling = 0, 0, False
    for row, now in enumerate(wealth):
        if falling:
            if now <= wealth[trough]:
                trough = row
            elif now - wealth[trough] >= np.log1p(rise):
                found.append((peak, trough))
                peak, falling = row, False
        elif now >= wealth[peak]:
            peak = row
        elif now - wealth[peak] <= np.log1p(-fall):
            trough, falling = row, True
    return [*found, (peak, trough)] if falling else found


@dataclass(frozen=True, slots=True)
class Scored:
    """A flag against the falls of a period.

    Attributes
    ----------
    lags : array of shape (fall,)
        Sessions from each peak to the first flag up to the trough; infinite where none was.
    already : int
        Falls at whose peak the flag was up.
    alarms, false, switches : float
        A year: times the flag went up; those of them in no fall; changes of state.
    share : float
        Of sessions with the flag up.
    """

    lags: NDArray[np.float64]
    already: int
    alarms: float
    false: float
    switches: float
    share: float


def scored(
    flag: NDArray[np.bool_],
    states: NDArray[np.int64],
    period: NDArray[np.bool_],
    *,
    large: Sequence[Fall],
    every: Sequence[Fall],
) -> Scored:
    """Hold a flag against the falls whose peak lies in a period."""
    lags: list[float] = []
    for peak, trough in large:
        if period[peak]:
            up = np.flatnonzero(flag[peak : trough + 1])
            lags.append(float(up[0]) if len(up) else np.inf)
    inside = np.zeros(len(flag), dtype=np.bool_)
    for peak, trough in (*large, *every):
        inside[peak : trough + 1] = True
    begun = np.array([first for first, _ in spells(flag) if period[first]], dtype=np.int64)
    years = float(period.sum()) / SESSIONS
    return Scored(
        lags=np.array(lags),
        already=int(np.sum(np.array(lags) == 0.0)),
        alarms=len(begun) / years,
        false=int(np.sum(~inside[begun])) / years,
        switches=int(np.sum((np.diff(states) != 0) & period[1:])) / years,
        share=float(flag[period].mean()),
    )


def told_at(flag: NDArray[np.bool_], row: int, *, reach: int) -> int | None:
    """Row at which the flag that stands at a row went up, or else the first within reach after."""
    if flag[row]:
        off = np.flatnonzero(~flag[:row])
        return int(off[-1]) + 1 if len(off) else 0
    after = np.flatnonzero(flag[row : row + reach + 1])
    return row + int(after[0]) if len(after) else None
