"""Scenarios tilted to another model's tail: weights under which VaR and ES are those it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from flows.refusal import RefusedError
from models.scenarios.entropy_pooling import Pooled, entropy_pooling


@dataclass(frozen=True, slots=True)
class Tail:
    """A VaR and an ES of one level; losses, positive, in the unit of the P&L they are held against.

    Attributes
    ----------
    alpha : float
    var, es : float
    """

    alpha: float
    var: float
    es: float


def tilted(
    pnl: Float[np.ndarray, " path"],
    tail: Tail,
    *,
    weights: Float[np.ndarray, " path"] | None = None,
) -> Pooled:
    """Weights nearest to the given ones under which a book's tail is the one asked for.

    Two views: a loss beyond the VaR has the tail's probability, and the losses beyond it have the
    ES for their mean.

    Parameters
    ----------
    pnl : array of shape (path,)
        Of the book; gain positive.
    tail : Tail
    weights : array of shape (path,), optional
        Probabilities before.

    Raises
    ------
    RefusedError
        If the scenarios cannot show such a tail: no path is bad enough, or ES lies below VaR.
    """
    if not tail.es > tail.var:
        raise RefusedError(
            f"tilt: ES {tail.es:.4g} must lie above VaR {tail.var:.4g}; a tail of one point has no "
            f"weights to find."
        )
    mass = 1.0 - tail.alpha
    beyond = pnl < -tail.var
    features = np.column_stack([beyond, np.where(beyond, -pnl - tail.var, 0.0)]).astype(np.float64)
    try:
        return entropy_pooling(
            features, np.array([mass, mass * (tail.es - tail.var)]), prior=weights
        )
    except ValueError as error:
        raise RefusedError(
            f"tilt: no weights give these scenarios a VaR of {tail.var:.4g} and an ES of "
            f"{tail.es:.4g} at {tail.alpha:g} ({error}) Draw more paths, or leave the tilt out."
        ) from error
