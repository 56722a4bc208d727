"""Reverse stress: the most plausible joint move that loses a given amount."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from models.scenarios.delta_gamma import nearest_quadratic_loss
from models.scenarios.plausible import Distances

TOLERANCE = 1e-6
"""Share of the loss that may be missing at the point found."""
STEP, WIDE = 1e-4, 0.5
"""Standard deviations over which the slope is taken, and the curvature that a search begins with:
wide, since the loss asked for is not next to the middle."""

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
    misalignment : float
        One less the cosine between the move and the direction of steepest loss, both in standard
        deviations: zero where no move near this one is more plausible.
    """

    move: Float[np.ndarray, " asset"]
    pnl: float
    distance: float
    probability: float
    misalignment: float


def most_plausible_loss(
    moves: Float[np.ndarray, "path asset"],
    pnl: Float[np.ndarray, " path"],
    *,
    loss: float,
    measure: Distances,
    pnl_of: PnlOfMoves,
) -> Breaking:
    """Nearest joint move at which the book loses ``loss``, in Mahalanobis distance.

    Two searches, one from the nearest scenario that loses as much, one from the nearest point at
    which the book's delta-gamma quadratic around the middle does. Each start is drawn towards the
    middle as far as the loss allows, by full repricing, then moved along the surface of equal loss
    to its point nearest the middle, until a step changes the squared distance by less than 1e-12.
    The nearer end is the answer. Where a search finds nothing better, its drawn start stands, so
    that the answer always loses enough, to `TOLERANCE` of the loss. It is the nearest point around
    where it began: that none elsewhere is nearer is not proven.

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
    space = _Whitened.of(measure, pnl_of, loss)
    starts = [_nearest(moves, pnl, loss, measure), space.quadratic_start()]
    ends = [
        space.slid(drawn)
        for start in starts
        if start is not None
        if (drawn := _drawn_in(start, loss, measure.centre, pnl_of)) is not None
    ]
    if not ends:
        raise ValueError(
            f"loss: {loss:g} is not lost even three times as far out as the worst scenario. Ask "
            f"for less, or draw scenarios under stress."
        )
    z = min(ends, key=lambda end: float(end @ end))
    move = space.move_at(z)
    distance = float(measure.of(move[None])[0])
    return Breaking(
        move=move,
        pnl=float(pnl_of(move[None])[0]),
        distance=distance,
        probability=measure.exceeded(distance),
        misalignment=space.misalignment(z),
    )


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
) -> Float[np.ndarray, " asset"] | None:
    """The point nearest the centre on the ray to a move that still loses enough.

    None where none does even three times as far out.
    """
    low, high = 0.0, 3.0
    for _ in range(5):  # to a ten-millionth of the way, a sheet of points at a time
        reach = np.linspace(low, high, 61)
        enough = pnl_of(centre + reach[1:, None] * (move - centre)) <= -loss
        if not enough.any():
            return None
        first = int(np.argmax(enough))
        low, high = float(reach[first]), float(reach[first + 1])
    return centre + high * (move - centre)


@dataclass(frozen=True, slots=True)
class _Whitened:
    """Moves in coordinates in which every direction is one standard deviation long."""

    centre: Float[np.ndarray, " asset"]
    unwhite: Float[np.ndarray, "asset direction"]
    white: Float[np.ndarray, "asset direction"]
    pnl_of: PnlOfMoves
    loss: float

    @classmethod
    def of(cls, measure: Distances, pnl_of: PnlOfMoves, loss: float) -> _Whitened:
        values, vectors = np.linalg.eigh(measure.precision)
        alive = values > 1e-12 * values[-1]
        deviations = np.sqrt(values[alive])
        directions = vectors[:, alive]
        return cls(measure.centre, directions / deviations, directions * deviations, pnl_of, loss)

    def move_at(self, z: Float[np.ndarray, " direction"]) -> Float[np.ndarray, " asset"]:
        return self.centre + self.unwhite @ z

    def lost(self, z: Float[np.ndarray, "point direction"]) -> Float[np.ndarray, " point"]:
        """Loss as a multiple of the one asked for."""
        return -self.pnl_of(self.centre + z @ self.unwhite.T) / self.loss

    def spare(self, z: Float[np.ndarray, " direction"]) -> float:
        return float(self.lost(z[None])[0] - 1.0)

    def slope(
        self, z: Float[np.ndarray, " direction"], step: float = STEP
    ) -> Float[np.ndarray, " direction"]:
        nudges = step * np.eye(len(z))
        up, down = np.split(self.lost(z + np.vstack([nudges, -nudges])), 2)
        return (up - down) / (2.0 * step)

    def bend(self, size: int) -> Float[np.ndarray, "direction direction"]:
        """Second derivatives of the loss at the middle, by differences `WIDE` apart."""
        nudges = WIDE * np.eye(size)
        first, second = np.triu_indices(size)
        corners = [
            self.lost(one * nudges[first] + other * nudges[second])
            for one in (1.0, -1.0)
            for other in (1.0, -1.0)
        ]
        found = np.zeros((size, size))
        found[first, second] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * WIDE**2)
        return found + np.triu(found, 1).T

    def quadratic_start(self) -> Float[np.ndarray, " asset"] | None:
        size = self.unwhite.shape[1]
        middle = np.zeros(size)
        already = float(self.lost(middle[None])[0])
        z = nearest_quadratic_loss(
            -self.slope(middle, WIDE), -self.bend(size), loss=max(1.0 - already, 0.0)
        )
        return None if z is None else self.move_at(z)

    def slid(self, start: Float[np.ndarray, " asset"]) -> Float[np.ndarray, " direction"]:
        """Least distance on the surface of equal loss; the start where nothing nearer is found."""
        z0 = (start - self.centre) @ self.white
        found = minimize(
            lambda z: float(z @ z),
            z0,
            jac=lambda z: 2.0 * z,
            method="SLSQP",
            constraints=[{"type": "ineq", "fun": self.spare, "jac": self.slope}],
            options={"maxiter": 200, "ftol": 1e-12},
        )
        nearer = float(found.x @ found.x) < float(z0 @ z0)
        return found.x if nearer and self.spare(found.x) > -TOLERANCE else z0

    def misalignment(self, z: Float[np.ndarray, " direction"]) -> float:
        slope = self.slope(z)
        size = float(np.linalg.norm(slope) * np.linalg.norm(z))
        return max(1.0 - float(slope @ z) / size, 0.0) if size > 0.0 else 0.0
