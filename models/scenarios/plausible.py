"""How plausible a joint move is: its distance from the middle of the scenarios, and how rare."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from models.evt import ParetoTail, fit_tail

SESSIONS_A_YEAR = 252.0
FEWEST_BEYOND = 50
"""Paths that the tail of the distances is fitted to, at least, if a tenth of them are as many."""


@dataclass(frozen=True, slots=True)
class Distances:
    """Mahalanobis distances of joint moves, and how often one is exceeded.

    Attributes
    ----------
    centre : array of shape (asset,)
    precision : array of shape (asset, asset)
        Pseudo-inverse of the covariance: assets that never move carry no distance.
    tail : ParetoTail
        Of the distances of the scenarios themselves, so that a distance beyond them has a
        probability as well.
    known : array of shape (path,)
        Those distances, ascending.
    """

    centre: Float[np.ndarray, " asset"]
    precision: Float[np.ndarray, "asset asset"]
    tail: ParetoTail
    known: Float[np.ndarray, " path"]

    def of(self, moves: Float[np.ndarray, "path asset"]) -> Float[np.ndarray, " path"]:
        """Distance of each joint move, in standard deviations along its own direction."""
        away = moves - self.centre
        return np.sqrt(np.maximum(np.einsum("pa,ab,pb->p", away, self.precision, away), 0.0))

    def exceeded(self, distance: float) -> float:
        """Probability that a scenario lies farther out; a Pareto law tells of the far tail."""
        if distance > self.tail.threshold:
            return float(self.tail.exceeded(np.array([distance]))[0])
        inside = int(np.searchsorted(self.known, distance, side="right"))
        return 1.0 - inside / len(self.known)

    def years_between(self, distance: float, *, horizon: int) -> float:
        """Years between scenarios that far out; infinite beyond a finite end of the tail."""
        odds = self.exceeded(distance)
        return horizon / SESSIONS_A_YEAR / odds if odds > 0.0 else float("inf")


def distances(moves: Float[np.ndarray, "path asset"]) -> Distances:
    """Measure of distance made from the joint moves of a scenario set over its horizon.

    Raises
    ------
    ValueError
        If there are too few paths for a covariance or for the tail of their distances.

    References
    ----------
    Studer (1999), *Market risk computation for nonlinear portfolios*: plausibility of a scenario
    as its Mahalanobis distance.
    """
    paths, assets = moves.shape
    if paths < max(2 * assets, 250):
        raise ValueError(
            f"moves: {paths} paths of {assets} assets are too few to say what is plausible; at "
            f"least {max(2 * assets, 250)} are needed. Draw more."
        )
    centre = moves.mean(axis=0)
    covariance = np.cov(moves, rowvar=False).reshape(assets, assets)
    precision = np.linalg.pinv(covariance, hermitian=True)
    away = moves - centre
    known = np.sqrt(np.maximum(np.einsum("pa,ab,pb->p", away, precision, away), 0.0))
    # Far out the tail settles; with few paths more of them are needed to see it at all.
    share = min(max(Fraction(1, 100), Fraction(FEWEST_BEYOND, paths)), Fraction(1, 10))
    return Distances(centre, precision, fit_tail(-known, share=share), np.sort(known))
