"""Reverse stress: the most plausible joint move that loses a given amount."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from models.scenarios.plausible import Distances

PnlOfMoves = Callable[[Float[np.ndarray, "path asset"]], Float[np.ndarray, " path"]]
"""P&L of a book for total moves of all assets; gain positive."""


@dataclass(frozen=True, slots=True)
class Breaking:
    """A joint move that loses at least what was asked.

    Attributes
    ----------
    move : array of shape (asset,)
        Total move of each asset over the horizon, in its own move.
    pnl : float
        What the book makes of it; a loss is negative.
    distance : float
        From the scenarios' mean, in standard deviations along its direction.
    probability : float
        That a scenario lies farther out than this.
    """

    move: Float[np.ndarray, " asset"]
    pnl: float
    distance: float
    probability: float


def most_plausible_loss(
    moves: Float[np.ndarray, "path asset"],
    pnl: Float[np.ndarray, " path"],
    *,
    loss: float,
    measure: Distances,
    pnl_of: PnlOfMoves,
) -> Breaking:
    """Nearest joint move at which the book loses ``loss``, in Mahalanobis distance.

    The nearest scenario that loses as much is drawn towards the middle as far as the loss allows,
    then moved along the surface of equal loss to its point nearest the middle. Where that search
    ends without a better point, the drawn scenario itself is the answer: it is always one that
    loses enough.

    Parameters
    ----------
    moves : array of shape (path, asset)
        Total moves of a scenario set over its horizon.
    pnl : array of shape (path,)
        P&L of the book on them; gain positive.
    loss : float
        Amount to lose, positive, in the unit of ``pnl``.
    measure : Distances
        Made from ``moves``.
    pnl_of : callable
        Reprices the book at any joint move.

    Raises
    ------
    ValueError
        If ``loss`` is not above zero, or no scenario comes near it.

    References
    ----------
    Breuer, Jandacka, Rheinberger and Summer (2009), *How to find plausible, severe and useful
    stress scenarios*.
    """
    if not loss > 0.0:
        raise ValueError(f"loss is an amount to lose and must be above zero, got {loss}.")
    start = _nearest(moves, pnl, loss, measure)
    drawn = _drawn_in(start, loss, measure.centre, pnl_of)
    better = _slid(drawn, loss, measure, pnl_of)
    move = drawn if better is None else better
    distance = float(measure.of(move[None])[0])
    return Breaking(move, float(pnl_of(move[None])[0]), distance, measure.exceeded(distance))


def _nearest(
    moves: Float[np.ndarray, "path asset"],
    pnl: Float[np.ndarray, " path"],
    loss: float,
    measure: Distances,
) -> Float[np.ndarray, " asset"]:
    """Nearest scenario that loses enough; else the worst one, stretched until it would."""
    enough = np.flatnonzero(pnl <= -loss)
    if len(enough):
        return moves[enough[np.argmin(measure.of(moves[enough]))]].astype(np.float64)
    worst = int(np.argmin(pnl))
    if pnl[worst] >= 0.0:
        raise ValueError(
            f"loss: no scenario loses anything, so none leads to {loss:g}. Draw more scenarios, "
            f"or under stress."
        )
    return measure.centre + (loss / -pnl[worst]) * (moves[worst] - measure.centre)


def _drawn_in(
    move: Float[np.ndarray, " asset"],
    loss: float,
    centre: Float[np.ndarray, " asset"],
    pnl_of: PnlOfMoves,
) -> Float[np.ndarray, " asset"]:
    """The point nearest the centre on the ray to a move that still loses enough."""
    reach = np.linspace(0.02, 3.0, 150)
    along = centre + reach[:, None] * (move - centre)
    enough = pnl_of(along) <= -loss
    if not enough.any():
        raise ValueError(
            f"loss: {loss:g} is not lost even three times as far out as the worst scenario. Ask "
            f"for less, or draw scenarios under stress."
        )
    first = int(np.argmax(enough))
    low, high = (reach[first - 1] if first else 0.0), float(reach[first])
    for _ in range(40):
        middle = 0.5 * (low + high)
        at = centre + middle * (move - centre)
        low, high = (low, middle) if pnl_of(at[None])[0] <= -loss else (middle, high)
    return centre + high * (move - centre)


def _slid(
    start: Float[np.ndarray, " asset"], loss: float, measure: Distances, pnl_of: PnlOfMoves
) -> Float[np.ndarray, " asset"] | None:
    """Least distance on the surface of equal loss; None where the search finds nothing nearer."""
    # In whitened coordinates every direction is one standard deviation long.
    values, vectors = np.linalg.eigh(measure.precision)
    alive = values > 1e-12 * values[-1]
    unwhite = vectors[:, alive] / np.sqrt(values[alive])
    white = vectors[:, alive] * np.sqrt(values[alive])

    def move_at(z: Float[np.ndarray, " direction"]) -> Float[np.ndarray, " asset"]:
        return measure.centre + unwhite @ z

    step = 1e-4
    nudges = step * np.vstack([np.eye(int(alive.sum())), -np.eye(int(alive.sum()))])

    def spare(z: Float[np.ndarray, " direction"]) -> float:
        return float(-pnl_of(move_at(z)[None])[0] / loss - 1.0)

    def slope(z: Float[np.ndarray, " direction"]) -> Float[np.ndarray, " direction"]:
        around = -pnl_of(measure.centre + (z + nudges) @ unwhite.T) / loss
        up, down = np.split(around, 2)
        return (up - down) / (2.0 * step)

    z0 = (start - measure.centre) @ white
    found = minimize(
        lambda z: float(z @ z),
        z0,
        jac=lambda z: 2.0 * z,
        method="SLSQP",
        constraints=[{"type": "ineq", "fun": spare, "jac": slope}],
        options={"maxiter": 200, "ftol": 1e-12},
    )
    nearer = float(found.x @ found.x) < float(z0 @ z0)
    return move_at(found.x) if nearer and spare(found.x) > -1e-6 else None
