"""Numbers of one book on one set of scenarios: measures with error bars, and their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from flows.refusal import RefusedError
from models.attribution import es_error, es_parts, var_contributions, var_error
from models.measures import expected_shortfall, value_at_risk

FEWEST_IN_TAIL = 10
"""Paths that a tail must hold before a number is read off them."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """P&L of a book's positions on every path, over one horizon.

    Attributes
    ----------
    horizon : int
        Sessions.
    pnl : array of shape (path, position)
        Gain positive; they sum to the book's.
    positions : tuple of str
    groups : mapping of grouping to tuple of str
        For each way to group (``asset_class``, ``desk``, ...) the group of each position.
    weights : array of shape (path,), optional
        Probabilities of the paths.
    unit : str
        ``share`` of the book's value, or a currency.
    """

    horizon: int
    pnl: Float[np.ndarray, "path position"]
    positions: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    weights: Float[np.ndarray, " path"] | None = None
    unit: str = "share"

    @property
    def total(self) -> Float[np.ndarray, " path"]:
        """P&L of the book."""
        return self.pnl.sum(axis=1)


def levels_of(outcomes: Outcomes, alphas: Sequence[float]) -> list[dict[str, Any]]:
    """VaR and ES at each level with 95% Monte Carlo intervals; losses, positive.

    Raises
    ------
    RefusedError
        If there are too few paths for a level.
    """
    total, weights = outcomes.total, outcomes.weights
    told: list[dict[str, Any]] = []
    for alpha in alphas:
        inside = (1.0 - alpha) * len(total)
        if inside < FEWEST_IN_TAIL:
            raise RefusedError(
                f"alphas: at {alpha:g} the tail of {len(total)} paths holds {inside:.1f}, fewer "
                f"than {FEWEST_IN_TAIL}. Make a set of at least "
                f"{int(np.ceil(FEWEST_IN_TAIL / (1.0 - alpha)))} paths."
            )
        es_bars = es_error(total, alpha=alpha, weights=weights)
        row: dict[str, Any] = {
            "alpha": alpha,
            "horizon": outcomes.horizon,
            "var": value_at_risk(total, alpha=alpha, weights=weights),
            "es": expected_shortfall(total, alpha=alpha, weights=weights),
            "es_low": es_bars.low,
            "es_high": es_bars.high,
        }
        if weights is None:  # order statistics need equally likely paths
            var_bars = var_error(total, alpha=alpha)
            row |= {"var_low": var_bars.low, "var_high": var_bars.high}
        else:
            row |= {"var_low": None, "var_high": None}
        told.append(row)
    return told


def loss_probability(outcomes: Outcomes, loss: float) -> dict[str, float]:
    """Probability of a loss above an amount, with its standard error."""
    weights = outcomes.weights
    share = np.full(len(outcomes.pnl), 1.0 / len(outcomes.pnl)) if weights is None else weights
    beyond = outcomes.total < -loss
    odds = float(share[beyond].sum())
    error = float(np.sqrt(odds * (1.0 - odds) * (share @ share)))
    return {"loss": loss, "probability": odds, "standard_error": error}


def parts_of(outcomes: Outcomes, by: str, *, alpha: float) -> dict[str, Any]:
    """ES and VaR of the book shared out, by position or by a grouping.

    Parameters
    ----------
    outcomes : Outcomes
    by : str
        ``position``, or one of its groupings.
    alpha : float

    Returns
    -------
    dict
        ``total``, ``diversification`` (null where standalone numbers sum to zero) and one row a
        part, largest contribution first; contributions sum to the total.
    """
    names = outcomes.positions if by == "position" else outcomes.groups[by]
    labels = tuple(dict.fromkeys(names))
    grouped = outcomes.pnl
    if len(labels) < len(names):
        member = np.array([[name == one for one in labels] for name in names], dtype=np.float64)
        grouped = outcomes.pnl @ member
    parts = es_parts(grouped, alpha=alpha, weights=outcomes.weights)
    moved = bool(np.ptp(outcomes.total) > 0.0)
    near = (
        var_contributions(grouped, alpha=alpha, weights=outcomes.weights)
        if moved
        else np.zeros(len(labels))
    )
    rows: list[dict[str, Any]] = [
        {
            by: label,
            "es_contribution": float(parts.contribution[k]),
            "var_contribution": float(near[k]),
            "standalone": float(parts.standalone[k]),
            "incremental": float(parts.incremental[k]),
        }
        for k, label in enumerate(labels)
    ]
    rows.sort(key=lambda row: -row["es_contribution"])
    saved = parts.diversification
    return {
        "by": by,
        "alpha": alpha,
        "horizon": outcomes.horizon,
        "total": parts.total,
        "diversification": saved if np.isfinite(saved) else None,
        "parts": rows,
    }
