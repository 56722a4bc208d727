"""What a filter took away: how many paths by which rule, and what that did to VaR and ES."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from validation.realism.resampling import DRAWS, estimated
from validation.realism.sample import PathSample
from validation.realism.tails import LEVELS, tail_measures

MOST_REJECTED = 0.05
"""A filter that takes more is editing the distribution."""


def filter_report(
    rejected: Mapping[str, Bool[np.ndarray, " path"]],
    pnl: Float[np.ndarray, " path"],
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """Rejections by rule, and VaR and ES of one book before and after them.

    Parameters
    ----------
    rejected : mapping of rule to bool array of shape (path,)
        Which of all paths each rule takes away; a path may break several.
    pnl : array of shape (path,)
        P&L of the book on every path, before any filter; a gain is positive.
    seed, draws : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``paths``, ``rejected``, ``share``, ``by_rule``, ``edits_the_distribution``, ``status``,
        and ``measures``: by level, VaR and ES before and after with 95% bands; null where too few
        paths resolve a level.
    """
    taken = np.zeros(pnl.size, dtype=bool)
    for mask in rejected.values():
        taken |= mask
    share = float(taken.mean())
    unknown = ~np.isfinite(pnl)
    known = pnl[~unknown]
    left = pnl[~taken & ~unknown]
    before, after = (_measured(part, seed=seed, draws=draws) for part in (known, left))
    status = "ok"
    if before is None or after is None:
        status = f"not_computable: {min(known.size, left.size)} paths do not resolve the 1% tail"
    return {
        "paths": int(pnl.size),
        "rejected": int(taken.sum()),
        "share": share,
        "limit": MOST_REJECTED,
        "edits_the_distribution": share > MOST_REJECTED,
        "by_rule": {rule: int(mask.sum()) for rule, mask in rejected.items()},
        "pnl_unknown": int(unknown.sum()),
        "measures": [
            {
                "alpha": alpha,
                "before": None if before is None else before[level],
                "after": None if after is None else after[level],
            }
            for level, alpha in enumerate(LEVELS)
        ],
        "status": status,
    }


def _measured(
    pnl: Float[np.ndarray, " path"], *, seed: int, draws: int
) -> list[dict[str, list[float]]] | None:
    """By level: VaR and ES as value, low and high."""
    if pnl.size < round(1 / (1 - max(LEVELS))):
        return None
    sample = PathSample(pnl[:, None, None], np.ones(1, dtype=bool))
    found = estimated(
        lambda law, weights: tail_measures(law.moves[:, 0], weights).reshape(len(weights), -1),
        sample,
        seed=seed,
        draws=draws,
    )
    low, high = np.quantile(found.resampled, (0.025, 0.975), axis=0)
    cells = np.stack((found.values, low, high), axis=1).reshape(len(LEVELS), 2, 3)
    return [{"var": var.tolist(), "es": es.tolist()} for var, es in cells]
