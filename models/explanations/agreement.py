"""Whether two explanations say the same, and whether one says the same from seed to seed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

TOP = 10
"""Inputs that are compared: those that weigh most."""
UNSTABLE = 0.5
"""A rank correlation below it is no agreement on what matters."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two explanations of the inputs that weigh most in the first.

    Attributes
    ----------
    inputs : int
        How many are compared.
    same_sign : int
        For how many of them both say up, or both say down.
    rank : float or None
        Spearman's correlation of the signed values; None for fewer than three inputs, or where
        one explanation says the same of all.
    """

    inputs: int
    same_sign: int
    rank: float | None


@dataclass(frozen=True, slots=True)
class Stability:
    """The same explanation of each member of an ensemble.

    Attributes
    ----------
    members : int
    rank : float or None
        Mean rank correlation of two members on the inputs that weigh most; None for one member.
    least : float or None
        The least of them.
    same_sign : int
        Inputs of those that weigh most on whose sign all members agree.
    inputs : int
        How many weigh most.
    low, high : array of shape (player,)
        Least and greatest value of the members.
    """

    members: int
    rank: float | None
    least: float | None
    same_sign: int
    inputs: int
    low: Float[np.ndarray, " player"]
    high: Float[np.ndarray, " player"]

    @property
    def stable(self) -> bool | None:
        """Whether any two members agree on what matters; None where there are no two."""
        return None if self.least is None else self.least >= UNSTABLE


def heaviest(values: Float[np.ndarray, " player"], *, top: int = TOP) -> NDArray[np.intp]:
    """Players whose value is largest in size, the largest first; those of value zero are none."""
    order = np.argsort(-np.abs(values), kind="stable")[:top]
    return order[np.abs(values[order]) > 0.0]


def agreement(
    first: Float[np.ndarray, " player"], second: Float[np.ndarray, " player"], *, top: int = TOP
) -> Agreement:
    """Hold a second explanation against the inputs that weigh most in the first."""
    chosen = heaviest(first, top=top)
    mine, theirs = first[chosen], second[chosen]
    same = int((np.sign(mine) == np.sign(theirs)).sum())
    return Agreement(len(chosen), same, rank_correlation(mine, theirs))


def stability(
    whole: Float[np.ndarray, " player"],
    members: Float[np.ndarray, "player member"],
    *,
    top: int = TOP,
) -> Stability:
    """Hold the members' explanations against each other.

    Parameters
    ----------
    whole : array of shape (player,)
        Of the ensemble: says which inputs weigh most.
    members : array of shape (player, member)
    top : int
    """
    chosen = heaviest(whole, top=top)
    apart = members[chosen]
    pairs = combinations(range(members.shape[1]), 2)
    ranks = [rank_correlation(apart[:, one], apart[:, other]) for one, other in pairs]
    known = [rank for rank in ranks if rank is not None]
    return Stability(
        members=members.shape[1],
        rank=float(np.mean(known)) if known else None,
        least=min(known, default=None),
        same_sign=int((np.abs(np.sign(apart).sum(axis=1)) == members.shape[1]).sum()),
        inputs=len(chosen),
        low=members.min(axis=1),
        high=members.max(axis=1),
    )


def rank_correlation(
    first: Float[np.ndarray, " value"], second: Float[np.ndarray, " value"]
) -> float | None:
    """Spearman's; None for fewer than three values, or where one side is the same throughout."""
    from scipy.stats import rankdata

    if len(first) < 3 or np.ptp(first) == 0.0 or np.ptp(second) == 0.0:
        return None
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
