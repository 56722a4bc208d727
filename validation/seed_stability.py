"""How far forecasts and their score depend on a random seed that nobody chose for a reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from validation.scores import fz0, in_percent

Members = Float[np.ndarray, "member row"]
Rows = Float[np.ndarray, " row"]


@dataclass(frozen=True, slots=True)
class SeedStability:
    """What the members of an ensemble say apart, on the rows that all of them can be judged on.

    Attributes
    ----------
    members, rows : int
    fz0 : float or None
        Mean FZ0 of the ensemble. None, as the figures below, for fewer than two members or no row.
    fz0_apart : float or None
        How far the mean FZ0 of the member farthest off lies from the ensemble's, either way. Not
        as a share of it: the level of FZ0 depends on the unit and may be zero.
    var_range : float or None
        Median over rows of the members' largest VaR less the smallest, as a share of their mean.
    """

    members: int
    rows: int
    fz0: float | None
    fz0_apart: float | None
    var_range: float | None


def seed_stability(
    pnl: Rows, ensemble: tuple[Rows, Rows], members: tuple[Members, Members], *, alpha: float
) -> SeedStability:
    """Hold the members of an ensemble against it and against each other.

    Parameters
    ----------
    pnl : array of shape (row,)
        Realised simple return, a fraction; a gain is positive. NaN where it is not known.
    ensemble : tuple of two arrays of shape (row,)
        VaR and ES of the ensemble, fractions; losses are positive.
    members : tuple of two arrays of shape (member, row)
        VaR and ES of each member alone.
    alpha : float
        Confidence level in (0.5, 1), e.g. 0.99.

    Returns
    -------
    SeedStability
    """
    var, es = (np.vstack([one, many]) for one, many in zip(ensemble, members, strict=True))
    known = np.isfinite(pnl) & (var > 0.0).all(axis=0) & (es > 0.0).all(axis=0)
    count, rows = len(members[0]), int(known.sum())
    if count < 2 or not rows:
        return SeedStability(count, rows, None, None, None)
    percent = in_percent(pnl[known])
    whole, *alone = (
        float(fz0(percent, in_percent(v), in_percent(e), alpha=alpha).mean())
        for v, e in zip(var[:, known], es[:, known], strict=True)
    )
    apart = max(abs(one - whole) for one in alone)
    said = var[1:, known]
    spread = np.median((said.max(axis=0) - said.min(axis=0)) / said.mean(axis=0))
    return SeedStability(count, rows, whole, apart, float(spread))
