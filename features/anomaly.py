"""How unlike the past a day's joint move is."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from features.asof import Timeline
from features.crosssection import CrossSection

FIRST, EVERY, WINDOW = 500, 250, 2500
"""Rows before the first fit, between fits, and how far back a fit looks."""

MOST_ROWS = 500
"""Rows a fit takes, evenly spread over its window: the search is ten times slower beyond."""

MOST_IDLE = 0.2
"""Share of rows without a move with which a column may still enter a fit."""


def anomaly(section: CrossSection) -> Timeline:
    """Anomaly score of the cross-section's block moves."""
    score = anomaly_score(section.block_moves())
    return Timeline(names=("anomaly",), values=score[:, None], known_at=section.instants)


def anomaly_score(
    moves: Float[np.ndarray, "time column"],
    *,
    first: int = FIRST,
    every: int = EVERY,
    window: int = WINDOW,
    seed: int = 0,
) -> Float[np.ndarray, " time"]:
    r"""Log of one plus the mean squared robust Mahalanobis distance from the past.

    Location and covariance are the minimum covariance determinant of the rows before each refit
    (every ``every`` rows, from ``first`` on), so that the score of a row depends on no later
    one. Expectation of the squared distance over the number of columns is about one on a usual
    day; moves that are ordinary one by one but not together score high.

    Parameters
    ----------
    moves : array of shape (time, column)
        NaN counts as no move; columns that seldom move are left out until the next fit.

    Returns
    -------
    array of shape (time,)
        NaN before ``first`` rows are known, and where nothing moved.

    References
    ----------
    Rousseeuw and Van Driessen (1999), *A fast algorithm for the minimum covariance
    determinant estimator*.
    """
    from sklearn.covariance import MinCovDet

    score = np.full(len(moves), np.nan)
    for start in range(first, len(moves), every):
        past = moves[max(0, start - window) : start]
        past = past[:: -(-len(past) // MOST_ROWS)]
        idle = np.mean(~np.isfinite(past) | (past == 0.0), axis=0)
        columns = np.flatnonzero(idle <= MOST_IDLE)
        if not len(columns):
            continue
        law = MinCovDet(random_state=seed).fit(np.nan_to_num(past[:, columns]))
        today = moves[start : start + every, columns]
        squared = law.mahalanobis(np.nan_to_num(today)) / len(columns)
        score[start : start + every] = np.where(
            np.isfinite(today).any(axis=1), np.log1p(squared), np.nan
        )
    return score
