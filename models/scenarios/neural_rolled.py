"""A neural law put into a rolled generator: its conditions, its factors, its marginal laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float32

from models.scenarios.chunks import CHUNK
from models.scenarios.day_law import DayLaw
from models.scenarios.filtered import FilteredHistory
from models.scenarios.marginals import recalibrated
from models.scenarios.preparation import Prepared
from models.scenarios.rolled import Drawing, Rolled
from models.scenarios.rolling import PathState, Session, triangles
from models.scenarios.safety import SHARE, Safeguarded

CALIBRATION = 64
"""Chunks of scores drawn over history to set the marginal laws by, 131,072 sessions."""


def with_law(prepared: Prepared, law: DayLaw, *, seed: int, share: float = SHARE) -> Safeguarded:
    """The generator of a fitted law, with its safety share.

    The law's scores are nearly normal and the sum of its factors and of Student-t moves is not
    quite; so marginal laws are read at ranks of what it draws over all of history's conditions.

    Parameters
    ----------
    prepared : Prepared
    law : DayLaw
        Fitted on ``prepared.path.whitened`` and ``prepared.condition[:-1]``.
    seed : int
        Of the draws over history.
    share : float
        Of the paths that are filtered history, in [0, 1).

    Raises
    ------
    ValueError
        If the share is outside [0, 1).
    """
    if not 0.0 <= share < 1.0:
        raise ValueError(f"share must lie in [0, 1), got {share:g}. For all of it use fhs.")
    filtered = prepared.filtered
    rolled = Rolled(
        name=law.name,
        assets=filtered.assets,
        recursions=prepared.recursions,
        factors=prepared.factors,
        dynamics=prepared.dynamics,
        market=prepared.market,
        start=prepared.start,
        table=filtered.marginals.table.T.astype(np.float32),
        law=law,
        notes=prepared.notes,
    )
    drawn = scores_over_history(rolled, prepared, seed=seed)
    table = np.ascontiguousarray(recalibrated(filtered.marginals, drawn).T, dtype=np.float32)
    return Safeguarded(replace(rolled, table=table), FilteredHistory.of(filtered), share)


def scores_over_history(
    rolled: Rolled, prepared: Prepared, *, seed: int, chunks: int = CALIBRATION
) -> Float32[np.ndarray, "path asset"]:
    """Scores of one session drawn under each condition of history in turn, again and again."""
    session = Session(rolled.factors, rolled.dynamics, rolled.table, rolled.recursions)
    sessions = len(prepared.scores)
    moves = np.empty((CHUNK, len(rolled.assets)), np.float32)
    found: list[Float32[np.ndarray, "path asset"]] = []
    for index in range(chunks):
        rows = np.arange(index * CHUNK, (index + 1) * CHUNK) % sessions
        condition = prepared.condition[rows]
        state = PathState(
            np.tile(rolled.recursions.state, (CHUNK, 1)),
            triangles(prepared.path.covariance[rows]),
        )
        draws = Drawing(rolled, index, CHUNK, seed)(condition)
        found.append(session(draws, state, condition[:, 0].copy(), moves))
    return np.concatenate(found)
