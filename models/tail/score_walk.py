r"""A factor on VaR and ES that walks down the score: after each result one step against its slope.

With loss :math:`L`, tail :math:`p` and both forecasts multiplied by :math:`e^\theta`, the slope of
FZ0 in :math:`\theta` is :math:`1 - 1\{L > \mathrm{VaR}\}\,L / (p\,\mathrm{ES})`: exactly one
session's term of the second statistic of Acerbi and Szekely. A step against it therefore lowers
the score and holds that statistic near zero at once, series by series, whatever a pooled head gets
wrong of one of them. A second walk, of all series together and soon forgotten, follows what comes
over the whole market: in a crisis they exceed on the same days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int, Shaped
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ScoreWalk:
    """How far a factor moves; chosen on targets up to 2014.

    Attributes
    ----------
    series : float
        Step of a series' own walk. At 99% a loss as large as ES moves its factor up by about 100
        times this, a session without one down by once this.
    market : float
        Step of the walk that all share, along the mean slope of a session.
    back : float
        Share of the way back to none that the market's walk goes each session.
    least : int
        Series below which the market's walk is slower in proportion: few tell little of a market.
    widest : float
        Bound on the size of the factor's logarithm.
    """

    series: float = 2e-4
    market: float = 3e-3
    back: float = 0.02
    least: int = 30
    widest: float = 0.5


@dataclass(frozen=True, slots=True)
class Results:
    """Forecasts of many series with what became of them, a row per series and origin, in any order.

    Attributes
    ----------
    origin, target : datetime64 array of shape (row,)
        Dates; no target (NaT) while it is not known.
    series : int array of shape (row,)
        Number of the series, from 0.
    loss : array of shape (row,)
        In the unit of the forecasts; NaN where unknown.
    var, es : array of shape (row, level)
        Positive; where one is not, or is not finite, the row teaches nothing.
    """

    origin: Shaped[np.ndarray, " row"]
    target: Shaped[np.ndarray, " row"]
    series: Int[np.ndarray, " row"]
    loss: Float[np.ndarray, " row"]
    var: Float[np.ndarray, "row level"]
    es: Float[np.ndarray, "row level"]

    @property
    def teaches(self) -> NDArray[np.bool_]:
        """Rows with a result that a forecast can be held against."""
        made = np.isfinite(self.var) & np.isfinite(self.es) & (self.es > 0.0)
        return made.all(axis=1) & np.isfinite(self.loss) & ~np.isnat(self.target)


def walked_factors(
    results: Results, *, alphas: tuple[float, ...], walk: ScoreWalk | None = None
) -> Float[np.ndarray, " row"]:
    """Factor on VaR and ES of each row, from results known at its origin.

    A series' own result is known on its target's date. The market's walk waits a day longer, since
    what New York closed at was not known in Tokyo. Weekends, on which bitcoin trades alone, count
    with the Monday. Nothing is guaranteed of any one crisis: a walk follows, and comes late.

    Parameters
    ----------
    results : Results
    alphas : tuple of float
        Levels of the forecasts; their slopes are averaged, and one factor serves them all.
    walk : ScoreWalk, optional

    References
    ----------
    Gibbs and Candes (2021), *Adaptive conformal inference under distribution shift*, for the walk;
    Acerbi and Szekely (2014), *Backtesting expected shortfall*, equation 7, for its step.
    """
    walk = walk or ScoreWalk()
    tail = 1.0 - np.asarray(alphas)
    dates = np.unique(np.concatenate([results.origin, results.target[results.teaches]]))
    made = _by_date(results.origin, dates, np.arange(len(results.loss)))
    came = _by_date(results.target, dates, np.flatnonzero(results.teaches))
    factor = np.ones(len(results.loss))
    own = np.zeros(int(results.series.max()) + 1)
    heard = np.zeros(len(own), dtype=bool)
    market = told = 0.0
    for weekday, made_now, came_now in zip(
        pd.DatetimeIndex(dates).dayofweek < 5, made, came, strict=True
    ):
        if weekday:
            market -= walk.back * market + walk.market * told / max(walk.least, heard.sum())
            told = 0.0
        if len(came_now):
            served = factor[came_now, None]
            slope = _slope(
                results.loss[came_now, None],
                served * results.var[came_now],
                served * results.es[came_now],
                tail,
            )
            of = results.series[came_now]
            np.subtract.at(own, of, walk.series * slope)
            heard[of] = True
            told += float(slope.sum())
        moved = np.clip(own[results.series[made_now]] + market, -walk.widest, walk.widest)
        factor[made_now] = np.exp(moved)
    return factor


def _slope(
    loss: NDArray[np.float64],
    var: NDArray[np.float64],
    es: NDArray[np.float64],
    tail: NDArray[np.float64],
) -> NDArray[np.float64]:
    """How FZ0 changes with the logarithm of the factor: the mean over levels, one per row."""
    return (1.0 - np.where(loss > var, loss / es, 0.0) / tail).mean(axis=1)


def _by_date(
    when: Shaped[np.ndarray, " row"],
    dates: Shaped[np.ndarray, " date"],
    rows: Int[np.ndarray, " some"],
) -> list[NDArray[np.intp]]:
    """Of some rows those of each date, in their order."""
    at = np.searchsorted(dates, when[rows])
    order = np.argsort(at, kind="stable")
    return np.split(rows[order], np.searchsorted(at[order], np.arange(1, len(dates))))
