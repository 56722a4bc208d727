"""Days unlike the past: a score, what made it, and an alarm with a stated rate of false ones."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import NDArray

from features.asof import Timeline
from features.splits import refit_windows
from models.baselines import UnitStore
from models.refits import EVERY, FIRST, fitted, recipe_of

RATE = 4.0
"""False alarms a year."""
SESSIONS = 250
"""In a year, and scores before which no alarm is raised."""
MOST_UNKNOWN = 0.5
"""Share of the past that an input may lack and still be read."""
WINSORISED = 3.0
"""Deviations to which the past is cut before its covariance is taken."""
WIDEST = 8.0


@dataclass(frozen=True, slots=True)
class Anomalies:
    """How unlike the past each day was.

    Attributes
    ----------
    times : DatetimeIndex of shape (time,), UTC
    inputs : tuple of str
    score : array of shape (time,)
        Log of one plus the mean squared distance from the past; about 0.7 on a usual day. NaN
        before the first fit and where nothing was known.
    contributions : array of shape (time, input)
        Share of each input in the squared distance; never negative, of sum one.
    rarity : array of shape (time,)
        Conformal p-value: share of the scores so far, its own included, at or above it.
    alarm : bool array of shape (time,)
        Where the rarity is at or below the stated rate.
    rate : float
        False alarms a year for which that holds.
    """

    times: pd.DatetimeIndex
    inputs: tuple[str, ...]
    score: NDArray[np.float64]
    contributions: NDArray[np.float64]
    rarity: NDArray[np.float64]
    alarm: NDArray[np.bool_]
    rate: float

    def timeline(self) -> Timeline:
        """The score as a column for whoever reads it as an input."""
        return Timeline(("anomaly_score",), self.score[:, None], self.times)

    def makers(self, row: int, *, most: int = 3) -> tuple[tuple[str, float], ...]:
        """Inputs that made the score of a row, largest share first."""
        shares = self.contributions[row]
        order = np.argsort(-np.nan_to_num(shares))[:most]
        return tuple((self.inputs[at], float(shares[at])) for at in order if shares[at] > 0.0)


def unlike_the_past(
    moves: Timeline, *, rate: float = RATE, store: UnitStore | None = None
) -> Anomalies:
    r"""Score each day's moves against the past, and raise an alarm on the rarest.

    The distance is Mahalanobis with a Ledoit-Wolf covariance of the winsorised past, fitted anew
    each year; its square is split over the inputs by the root of the correlation,
    :math:`d^2 = \sum_i w_i^2`, :math:`w = R^{-1/2} D^{-1} (x - m)`. The alarm makes no assumption
    on the law of the moves: if the days are exchangeable a score is among the rarest
    :math:`\epsilon` with probability at most :math:`\epsilon`.

    Parameters
    ----------
    moves : Timeline
        See `features.daily_moves.daily_moves`; NaN counts as the usual move.
    rate : float
        False alarms a year, in (0, 250).
    store : UnitStore, optional
        For the fits.

    Raises
    ------
    ValueError
        If the rate is not in (0, 250).

    References
    ----------
    Ledoit and Wolf (2004), *A well-conditioned estimator for large-dimensional covariance
    matrices*; Garthwaite and Koch (2016), *Evaluating the contributions of individual variables
    to a quadratic form*; Laxhammar and Falkman (2014), *Online learning and sequential anomaly
    detection in trajectories*.
    """
    if not 0.0 < rate < SESSIONS:
        raise ValueError(
            f"rate is the number of false alarms a year and must lie in (0, {SESSIONS}), got "
            f"{rate:g}. Four a year is rate=4."
        )
    n, k = moves.values.shape
    windows = refit_windows(n, first=FIRST, every=EVERY) if n >= FIRST else ()
    recipe = recipe_of(__file__, "scikit-learn", names=moves.names)
    params = fitted(moves.values, windows, fit=_fit, recipe=recipe, store=store)
    parts = np.full((n, k), np.nan)
    for window, found in zip(windows, params, strict=True):
        middle, deviation, *root = found.reshape(k + 2, k)
        rows = moves.values[window.start : window.stop]
        parts[window.start : window.stop] = _turned(
            _standard(rows, middle, deviation), np.array(root)
        )
    squared = parts**2
    read = np.isfinite(moves.values).any(axis=1)
    total = np.where(read, squared.sum(axis=1), np.nan)
    count = np.maximum(np.sum(parts != 0.0, axis=1), 1)
    score = np.log1p(total / count)
    rarity = conformal_p(score)
    return Anomalies(
        times=moves.known_at,
        inputs=moves.names,
        score=score,
        contributions=squared / np.where(total > 0.0, total, np.nan)[:, None],
        rarity=rarity,
        alarm=rarity <= rate / SESSIONS,
        rate=rate,
    )


def conformal_p(score: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """Share of the scores so far, its own included, that are at or above each.

    NaN for a score that is NaN, and before `SESSIONS` scores are known.
    """
    known: list[float] = []
    rarity = np.full(len(score), np.nan)
    for row, value in enumerate(score.tolist()):
        if np.isnan(value):
            continue
        if len(known) >= SESSIONS:
            above = len(known) - bisect_left(known, value)
            rarity[row] = (1 + above) / (len(known) + 1)
        insort(known, value)
    return rarity


def _fit(past: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median and deviation of each input, then the root that turns them; zeros for one unread."""
    from sklearn.covariance import LedoitWolf

    width = past.shape[1]
    answer = np.zeros((width + 2, width))
    known = np.isfinite(past)
    varied = np.array(
        [len(np.unique(column[seen])) > 1 for column, seen in zip(past.T, known.T, strict=True)]
    )
    used = np.flatnonzero((known.mean(axis=0) > MOST_UNKNOWN) & varied)
    if not len(used):
        return answer.ravel()
    middle = np.nanmedian(past[:, used], axis=0)
    deviation = np.nanstd(past[:, used], axis=0)
    answer[0, used], answer[1, used] = middle, deviation
    rows = np.clip(_standard(past[:, used], middle, deviation), -WINSORISED, WINSORISED)
    covariance = LedoitWolf().fit(rows).covariance_
    scale = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    root = (vectors / np.sqrt(values)) @ vectors.T
    answer[np.ix_(used + 2, used)] = root / scale
    return answer.ravel()


def _standard(
    rows: NDArray[np.float64], middle: NDArray[np.float64], deviation: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Deviations from the usual move; zero where it is not known or the input is not read."""
    moved = np.divide(rows - middle, deviation, out=np.zeros_like(rows), where=deviation > 0.0)
    return np.clip(np.nan_to_num(moved), -WIDEST, WIDEST)


def _turned(rows: NDArray[np.float64], root: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows times a matrix, added up input by input: a product rounds by its number of rows."""
    turned = np.zeros_like(rows)
    for at, column in enumerate(root.T):
        turned += rows[:, at, None] * column
    return turned
