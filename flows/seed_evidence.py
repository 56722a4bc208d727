"""Evidence of stability over seeds: the last heads' members, on the last year of every series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.panel import Panel
from validation.seed_stability import seed_stability

if TYPE_CHECKING:
    from models.tail.combine import Weights
    from models.tail.walk_forward import Candidate

SESSIONS = 250
"""Last rows of every judged series, one year."""
LEVELS = (0.975, 0.99)


def seed_evidence(
    heads: Mapping[str, bytes],
    candidates: Iterable[Candidate],
    panel: Panel,
    *,
    models: Sequence[str],
    weights: Weights,
) -> tuple[dict[str, Any], ...]:
    """How far each learned model hangs on its seeds; nothing is trained again.

    The heads have learned from most of these sessions, and their members from the same ones: the
    differences between members say how stable training is, the scores say nothing of quality.

    Parameters
    ----------
    heads : mapping of kind to bytes
        The last ones, those that are served.
    candidates : iterable of Candidate
        Those that are judged count.
    panel : Panel
    models : sequence of str
        Learned ones.
    weights : Weights
        Of the combination.

    Returns
    -------
    tuple of dict
        By model and level: ``model``, ``alpha``, ``series``, and what
        `validation.seed_stability.seed_stability` finds over the rows of all series together.
    """
    from models.tail.learned import Head
    from models.tail.seed_spread import members
    from models.tail.served import Served, inputs_of

    judged = [one for one in candidates if one.judged]
    if not judged:
        return ()
    pnl = np.concatenate([_pnl(one) for one in judged])
    frame = pd.concat(
        inputs_of(
            one.history.name, panel, fhs=one.fhs, evt=one.evt, past="transformer" in heads
        ).iloc[-SESSIONS - 1 : -1]
        for one in judged
    )
    records: list[dict[str, Any]] = []
    for model in models:
        kinds = {model} & set(heads) or set(weights.heads)
        fitted = {kind: Head.from_bytes(heads[kind]) for kind in kinds}
        served = Served(model, fitted, weights, panel.own, panel.shared)
        whole, *alone = (one.predict(frame) for one in (served, *members(served)))
        for alpha in LEVELS:
            var, es = (f"var_{alpha}", f"es_{alpha}")
            ensemble = whole[var].to_numpy(), whole[es].to_numpy()
            apart = np.stack([one[var] for one in alone]), np.stack([one[es] for one in alone])
            found = seed_stability(pnl, ensemble, apart, alpha=alpha)
            about = {"model": model, "alpha": alpha, "series": len(judged)}
            records.append(about | asdict(found))
    return tuple(records)


def _pnl(candidate: Candidate) -> NDArray[np.float64]:
    """Return that follows each of the rows; NaN where it is not clean."""
    history = candidate.history
    return np.where(history.clean[1:], history.returns[1:], np.nan)[-SESSIONS:]
