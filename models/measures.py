"""Value at risk and expected shortfall of a P&L sample."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

import numpy as np
from jaxtyping import Float, Int


def value_at_risk(
    pnl: Float[np.ndarray, " path"],
    *,
    alpha: float,
    weights: Float[np.ndarray, " path"] | None = None,
) -> float:
    """Smallest loss that is not exceeded with probability ``alpha`` or more.

    An outcome of the sample, never interpolated: of ``n`` equally likely ones, number
    ``floor(tail * n) + 1`` from the worst.

    Parameters
    ----------
    pnl : array of shape (path,)
        P&L over one horizon; a gain is positive.
    alpha : float
        Confidence level in (0.5, 1), e.g. 0.99. Not the tail probability.
    weights : array of shape (path,), optional
        Probabilities up to a common factor, not negative; by default all alike.

    Returns
    -------
    float
        VaR in the unit of ``pnl``; a loss is positive.

    Raises
    ------
    ValueError
        If ``alpha`` is not in (0.5, 1), a path is not finite, a weight is negative, or fewer paths
        than ``1 / (1 - alpha)`` are given.
    """
    return float(-pnl[tail_paths(pnl, alpha=alpha, weights=weights).paths[-1]])


def expected_shortfall(
    pnl: Float[np.ndarray, " path"],
    *,
    alpha: float,
    weights: Float[np.ndarray, " path"] | None = None,
) -> float:
    """Mean loss over the worst ``1 - alpha`` of the paths.

    The path on the boundary counts with the part of it that lies inside the tail.

    Parameters
    ----------
    pnl : array of shape (path,)
        P&L over one horizon; a gain is positive.
    alpha : float
        Confidence level in (0.5, 1), e.g. 0.975. Not the tail probability.
    weights : array of shape (path,), optional
        Probabilities up to a common factor, not negative; by default all alike.

    Returns
    -------
    float
        ES in the unit of ``pnl``; a loss is positive. At least `value_at_risk`.

    Raises
    ------
    ValueError
        As `value_at_risk`.

    References
    ----------
    Acerbi and Tasche (2002), *On the coherence of expected shortfall*.
    """
    tail = tail_paths(pnl, alpha=alpha, weights=weights)
    losses = -pnl[tail.paths]
    mean = float(losses @ tail.share / tail.share.sum())
    return max(mean, float(losses[-1]))  # rounding, where all of them tie


@dataclass(frozen=True, slots=True)
class TailPaths:
    """The paths that make ES, and how much each counts.

    Attributes
    ----------
    paths : int array of shape (inside,)
        From the worst to the one at VaR.
    share : array of shape (inside,)
        Up to a common factor; the last path counts only as far as it is inside the tail.
    """

    paths: Int[np.ndarray, " inside"]
    share: Float[np.ndarray, " inside"]


def tail_paths(
    pnl: Float[np.ndarray, " path"],
    *,
    alpha: float,
    weights: Float[np.ndarray, " path"] | None = None,
) -> TailPaths:
    """The worst ``1 - alpha`` of the paths; arguments and errors as `value_at_risk`."""
    tail = tail_probability(alpha)
    if pnl.size * tail < 1:
        raise ValueError(
            f"{pnl.size} paths cannot resolve alpha={alpha:g}: the tail holds less than one path. "
            f"Simulate at least {math.ceil(1 / tail)}."
        )
    if not np.isfinite(pnl).all():
        bad = pnl[~np.isfinite(pnl)]
        raise ValueError(
            f"pnl must be finite, got {bad[0]} among {bad.size} such of {pnl.size} paths. "
            "Find what made them; a path is never dropped."
        )
    if weights is None:
        mass = tail * pnl.size
        counts = [1] * (math.floor(mass) + 1)
        order = _worst(pnl, len(counts))
    else:
        order = np.argsort(pnl, kind="stable")
        counts = _integers(weights)
        mass = tail * sum(counts)
        worst_first = [counts[path] for path in order.tolist()]
        reached = next(k for k, total in enumerate(accumulate(worst_first)) if total > mass)
        counts = worst_first[: reached + 1]
    inside = [*counts[:-1], mass - sum(counts[:-1])]
    unit = max(counts)
    share = np.array([float(count / unit) for count in inside])
    return TailPaths(order[: len(inside)], share)


def _worst(pnl: Float[np.ndarray, " path"], count: int) -> Int[np.ndarray, " inside"]:
    """The worst so many paths, the earlier of equals first, without sorting all the others."""
    last = np.partition(pnl, count - 1)[count - 1]
    beyond = np.flatnonzero(pnl < last)
    beyond = beyond[np.argsort(pnl[beyond], kind="stable")]
    return np.concatenate([beyond, np.flatnonzero(pnl == last)[: count - len(beyond)]])


def _integers(weights: Float[np.ndarray, " path"]) -> list[int]:
    """Whole numbers in exactly the proportions of the weights, so that no sum of them rounds."""
    if not (np.isfinite(weights).all() and weights.min() >= 0.0 and weights.max() > 0.0):
        raise ValueError(
            f"weights must be finite, not negative and not all zero, got a range from "
            f"{weights.min():g} to {weights.max():g}."
        )
    ratios = [weight.as_integer_ratio() for weight in weights.tolist()]
    common = max(denominator for _, denominator in ratios)  # all are powers of two
    return [numerator * (common // denominator) for numerator, denominator in ratios]


def tail_probability(alpha: float) -> Fraction:
    """Exact ``1 - alpha`` of the decimal that ``alpha`` was written as.

    Raises
    ------
    ValueError
        If ``alpha`` is not in (0.5, 1).
    """
    if not 0.5 < alpha < 1.0:
        hint = f" For the {alpha:g} tail pass alpha={1 - alpha:g}." if 0.0 < alpha < 0.5 else ""
        raise ValueError(
            f"alpha is the confidence level and must lie in (0.5, 1), got {alpha:g}.{hint}"
        )
    return 1 - Fraction(repr(float(alpha)))


@dataclass(frozen=True, slots=True)
class TailRanks:
    """Where VaR stands and how ES weighs, for samples of 0, 1, 2, ... equally likely outcomes.

    Attributes
    ----------
    whole : int array of shape (size, level)
        ``floor(tail * n)``: outcomes wholly inside the tail. VaR is the one after them.
    boundary : array of shape (size, level)
        ``tail * n - whole``: the weight of that one in ES.
    mass : array of shape (size, level)
        ``tail * n``: what the weighted sum is divided by.
    """

    whole: Int[np.ndarray, "size level"]
    boundary: Float[np.ndarray, "size level"]
    mass: Float[np.ndarray, "size level"]


def tail_ranks(alphas: Iterable[float], *, largest: int) -> TailRanks:
    """Ranks and weights for all sample sizes up to ``largest``, in integer arithmetic.

    A float product such as ``(1 - 0.99) * 1000`` is 10.000000000000009: no rank is left to it.
    """
    sizes = np.arange(largest + 1, dtype=object)
    tails = [tail_probability(alpha) for alpha in alphas]
    scaled = [(tail.numerator * sizes, tail.denominator) for tail in tails]
    return TailRanks(
        whole=np.stack([(top // bottom).astype(np.int64) for top, bottom in scaled], axis=1),
        boundary=np.stack(
            [(top % bottom / bottom).astype(np.float64) for top, bottom in scaled], axis=1
        ),
        mass=np.stack([(top / bottom).astype(np.float64) for top, bottom in scaled], axis=1),
    )
