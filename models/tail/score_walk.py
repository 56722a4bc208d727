r"""A factor on VaR and ES that walks down the score: after each result one step against its slope.

With loss :math:`L`, tail :math:`p` and both forecasts multiplied by :math:`e^\theta`, the slope of
FZ0 in :math:`\theta` is :math:`1 - 1\{L > \mathrm{VaR}\}\,L / (p\,\mathrm{ES})`: exactly one
session's term of the second statistic of Acerbi and Szekely. A step against it therefore lowers
the score and holds that statistic near zero at once, series by series, whatever a pooled head gets
wrong of one of them. A second, quicker walk that is soon forgotten follows what comes in a crisis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from models.tail.inputs import Rows
from models.tail.transport import KNOTS, TailMap, knot_shares, knot_shortfall, tails

LEVELS = (0.975, 0.99)
"""Whose slopes are averaged: one factor serves every level."""
WARM_UP = 275
"""Sessions before the one that is asked for at which a walk is begun, where it is not long under
way: as many as a session of the desk looks back on."""
_AT = [KNOTS.index(level) for level in LEVELS]


@dataclass(frozen=True, slots=True)
class ScoreWalk:
    """How far the factor moves; chosen on targets up to 2014.

    Attributes
    ----------
    slow : float
        Step of the walk that is kept. A loss as large as the 99% ES moves the factor up by about
        70 times this, a session without one down by once this.
    fast, back : float
        Step of the walk that is forgotten, and the share of it that is forgotten each session.
    widest : float
        Bound on the size of the factor's logarithm.
    """

    slow: float = 2e-4
    fast: float = 1.5e-3
    back: float = 0.05
    widest: float = 0.5


def walked(tail_map: TailMap, rows: Rows, walk: ScoreWalk, *, horizon: int = 1) -> TailMap:
    """A series' map times its walk's factor; the walk begins at the first row that says anything.

    Parameters
    ----------
    tail_map : TailMap
        One row per origin of one series, in order of time.
    rows : Rows
        The same origins.
    walk : ScoreWalk
    horizon : int
        Rows from origin to target.
    """
    es = knot_shortfall(tail_map, *knot_shares(tail_map.source, torch.as_tensor(rows.es)))
    factor = walked_factors(
        -rows.move, tail_map.image[:, _AT].numpy(), es[:, _AT].numpy(), walk=walk, horizon=horizon
    )
    return tail_map.scaled(torch.as_tensor(factor)[:, None])


def walked_factors(
    loss: Float[np.ndarray, " time"],
    var: Float[np.ndarray, "time level"],
    es: Float[np.ndarray, "time level"],
    *,
    walk: ScoreWalk | None = None,
    horizon: int = 1,
) -> Float[np.ndarray, " time"]:
    """Factor on VaR and ES at each origin of one series, from results known there.

    Nothing is guaranteed of any one crisis: a walk follows, and comes late.

    Parameters
    ----------
    loss : array of shape (time,)
        Of each origin's target, in the unit of the forecasts; NaN where unknown.
    var, es : array of shape (time, level)
        Forecasts at `LEVELS`; where one is not finite, or ES not positive, the row teaches nothing.
    walk : ScoreWalk, optional
    horizon : int
        Rows from origin to target.

    References
    ----------
    Gibbs and Candes (2021), *Adaptive conformal inference under distribution shift*, for the walk;
    Acerbi and Szekely (2014), *Backtesting expected shortfall*, equation 7, for its step.
    """
    walk = walk or ScoreWalk()
    tail = tails(LEVELS)
    teaches = np.isfinite(loss) & (np.isfinite(var) & np.isfinite(es) & (es > 0.0)).all(axis=1)
    factor = np.ones(len(loss))
    slow = fast = 0.0
    for row in range(horizon, len(loss)):
        known = row - horizon
        if teaches[known]:
            served = factor[known]
            beyond = loss[known] > served * var[known]
            excess = np.where(beyond, loss[known] / (served * es[known]), 0.0)
            slope = float(np.mean(1.0 - excess / tail))
            slow -= walk.slow * slope
            fast -= walk.back * fast + walk.fast * slope
        factor[row] = np.exp(min(max(slow + fast, -walk.widest), walk.widest))
    return factor
