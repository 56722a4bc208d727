r"""Shares of a combination learned online from past scores, date by date.

Exponentiated gradient: after each date the share of expert :math:`k` is multiplied by
:math:`\exp(-\eta\, \partial S/\partial w_k)`, where :math:`S` is the mean FZ0 of the *combination*
over all series of the date. What is learned is a mixture, not the best single expert.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, slots=True)
class Learning:
    """How fast shares move, and how far from the fixed ones.

    Attributes
    ----------
    rate : float
        Of a date's gradient, eta.
    floor : float
        Least share of each expert while learning: one that was useless for years can come back.
    towards : float
        Share of the way back to the fixed shares, in [0, 1]; 1 are the fixed ones.
    """

    rate: float = 0.02
    floor: float = 0.01
    towards: float = 0.5

    def __post_init__(self) -> None:
        if self.rate < 0.0 or self.floor < 0.0 or not 0.0 <= self.towards <= 1.0:
            raise ValueError(
                f"rate and floor must not be negative and towards must lie in [0, 1], got "
                f"{self.rate:g}, {self.floor:g} and {self.towards:g}. Rate 0 learns nothing."
            )


@dataclass(frozen=True, slots=True)
class Told:
    """What every expert said at one level and what came of it, a row per series and origin.

    Attributes
    ----------
    session : int array of shape (row,)
        Position of the origin on the pool's sessions, ascending.
    loss : array of shape (row,)
        Realised loss in units of the base's sigma, so that no series outweighs others; NaN where
        unknown.
    var, es : array of shape (row, expert)
        Forecasts in the same unit, ES positive; NaN where an expert says nothing.
    """

    session: Int[np.ndarray, " row"]
    loss: Float[np.ndarray, " row"]
    var: Float[np.ndarray, "row expert"]
    es: Float[np.ndarray, "row expert"]


def learned_shares(
    told: Told,
    *,
    alpha: float,
    fixed: Sequence[float],
    learning: Learning | None = None,
    horizon: int = 1,
) -> Float[np.ndarray, "row expert"]:
    """Shares of the experts at each row, from rows whose target lay before its origin's date.

    A target on the origin's own date does not count: markets close at different hours, and what
    New York closed at was not known in Tokyo.

    Parameters
    ----------
    told : Told
    alpha : float
        Confidence level of the forecasts, in (0.5, 1).
    fixed : sequence of float
        Shares to begin from and to be drawn back to; they sum to one.
    learning : Learning, optional
    horizon : int
        Sessions from origin to target.

    Raises
    ------
    ValueError
        If the shares do not sum to one, or the floor leaves nothing to learn.

    References
    ----------
    Kivinen and Warmuth (1997), *Exponentiated gradient versus gradient descent for linear
    predictors*; Herbster and Warmuth (1998), *Tracking the best expert*, for the floor.
    """
    learning = learning or Learning()
    start = np.asarray(fixed, dtype=np.float64)
    if abs(start.sum() - 1.0) > 1e-9 or (start < 0.0).any():
        raise ValueError(f"fixed must be shares that sum to one, got {start.tolist()}. Rescale.")
    if learning.floor * len(start) >= 1.0:
        raise ValueError(
            f"floor {learning.floor:g} for {len(start)} experts leaves nothing to learn. "
            f"Pass less than {1 / len(start):g}."
        )
    sessions, firsts = np.unique(told.session, return_index=True)
    bounds = [*firsts.tolist(), len(told.session)]
    known = (
        np.isfinite(told.loss)
        & np.isfinite(told.var).all(axis=1)
        & np.isfinite(told.es).all(axis=1)
        & (told.es > 0.0).all(axis=1)
    )
    current = _floored(start, learning.floor)
    answer = np.empty_like(told.var)
    absorbed = 0
    for position, session in enumerate(sessions):
        while sessions[absorbed] + horizon < session:
            rows = np.arange(bounds[absorbed], bounds[absorbed + 1])
            rows = rows[known[rows]]
            if len(rows):
                slope = fz0_slope(told, rows, current, alpha=alpha)
                grown = current * np.exp(-learning.rate * (slope - slope.min()))
                current = _floored(grown / grown.sum(), learning.floor)
            absorbed += 1
        served = learning.towards * start + (1.0 - learning.towards) * current
        answer[bounds[position] : bounds[position + 1]] = served
    return answer


def fz0_slope(
    told: Told,
    rows: Int[np.ndarray, " some"],
    shares: Float[np.ndarray, " expert"],
    *,
    alpha: float,
) -> Float[np.ndarray, " expert"]:
    """Derivative of the combination's mean FZ0 over some rows by each expert's share."""
    tail = 1.0 - alpha
    loss = told.loss[rows]
    # A matrix product's last bit may depend on where its rows lie in memory; this sum's does not.
    var, es = ((x[rows] * shares).sum(axis=1) for x in (told.var, told.es))
    beyond = loss > var
    by_var = (1.0 - beyond / tail) / es
    by_es = 1.0 / es - (var + np.where(beyond, loss - var, 0.0) / tail) / es**2
    slope = by_var[:, None] * told.var[rows] + by_es[:, None] * told.es[rows]
    return slope.mean(axis=0)


def _floored(shares: Float[np.ndarray, " expert"], floor: float) -> Float[np.ndarray, " expert"]:
    return floor + (1.0 - floor * len(shares)) * shares
