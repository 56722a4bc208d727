"""Value at risk and expected shortfall of a P&L sample."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Int


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
