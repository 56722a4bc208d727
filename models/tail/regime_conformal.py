r"""Adaptive conformal factors by asset class and regime: the level itself learns from its misses.

In each cell the factor is a quantile of past loss over VaR. The level of that quantile moves by
:math:`a \leftarrow a + \gamma\,(p - e)`, with :math:`p` the tail and :math:`e` the share of the
cell's series that exceeded on the last date known: after misses the factor grows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from models.tail.conformal import Record

Cell = tuple[int, int]
"""Asset class and regime; regime -1 is a whole class."""


@dataclass(frozen=True, slots=True)
class RegimeCalibration:
    """How the factors are found.

    Attributes
    ----------
    memory : int
        Past sessions of its own that a cell looks back on.
    least : int
        Sessions below which a cell looks back on its whole class, and a class on nothing.
    every : int
        Sessions between new samples; the level moves on each.
    rate : float
        How far one date's misses move the level, gamma.
    widest : float
        The level's tail stays between the nominal tail divided and multiplied by this.
    strength : float
        Share of the way from 1 to the factor that is served; the level learns from the whole.
    """

    memory: int = 1000
    least: int = 250
    every: int = 21
    rate: float = 0.005
    widest: float = 4.0
    strength: float = 0.5


def regime_factors(
    record: Record,
    state: Int[np.ndarray, " row"],
    *,
    alpha: float,
    calibration: RegimeCalibration | None = None,
    horizon: int = 1,
) -> Float[np.ndarray, " row"]:
    """Factor on VaR and ES of each row, from rows whose target lay before its origin's date.

    Nothing is guaranteed: the bound of the source is on the mean of misses over a long time, at
    full strength, and says nothing of any one crisis. What it does under drift is simulated in
    `infra/bench/conformal.py`.

    Parameters
    ----------
    record : Record
        Rows without a forecast count as not realised, see `models.tail.conformal.pooled`.
    state : int array of shape (row,)
        Regime as known at the row's origin, zero or more.
    alpha : float
        Level of the forecasts in the record.
    calibration : RegimeCalibration, optional
    horizon : int
        Sessions from origin to target.

    References
    ----------
    Gibbs and Candes (2021), *Adaptive conformal inference under distribution shift*.
    """
    calibration = calibration or RegimeCalibration()
    cells: dict[Cell, _Cell] = {}

    def cell(group: int, regime: int) -> _Cell:
        return cells.setdefault((group, regime), _Cell(calibration, alpha))

    sessions, firsts = np.unique(record.session, return_index=True)
    bounds = [*firsts.tolist(), len(record.session)]
    raw = np.full(len(record.loss), np.nan)
    absorbed = 0
    for position, session in enumerate(sessions.tolist()):
        while sessions[absorbed] + horizon < session:
            for (group, regime), rows in _cells_of(record, state, bounds, absorbed):
                ratio = record.loss[rows] / record.var[rows]
                known = np.isfinite(ratio)
                if known.any():
                    mine = cell(group, regime)
                    mine.learn(ratio[known], raw[rows][known])
                    cell(group, -1).keep(ratio[known])
            absorbed += 1
        for (group, regime), rows in _cells_of(record, state, bounds, position):
            whole = cell(group, -1).sample(session)
            raw[rows] = cell(group, regime).factor(session, instead=whole)
    factor = 1.0 + calibration.strength * (raw - 1.0)
    return np.where(np.isfinite(raw), factor, 1.0)


def _cells_of(
    record: Record, state: Int[np.ndarray, " row"], bounds: list[int], position: int
) -> Iterator[tuple[Cell, Int[np.ndarray, " some"]]]:
    """The cells of one session, each with its rows."""
    first = bounds[position]
    here = slice(first, bounds[position + 1])
    many = int(state[here].max()) + 1
    code = record.group[here] * many + state[here]
    for each in np.unique(code).tolist():
        yield divmod(each, many), np.flatnonzero(code == each) + first


@dataclass(slots=True)
class _Cell:
    """What a cell remembers: ratios by session, and the tail of its level."""

    calibration: RegimeCalibration
    alpha: float
    tail: float = field(init=False)
    ratios: deque[Float[np.ndarray, " some"]] = field(init=False)
    ordered: Float[np.ndarray, " ratio"] | None = None
    made: int = 0

    def __post_init__(self) -> None:
        self.tail = 1.0 - self.alpha
        self.ratios = deque(maxlen=self.calibration.memory)

    def learn(self, ratio: Float[np.ndarray, " some"], factor: Float[np.ndarray, " some"]) -> None:
        """Move the level by what the factors missed, where there were any, and remember."""
        made = np.isfinite(factor)
        if made.any():
            nominal, widest = 1.0 - self.alpha, self.calibration.widest
            missed = float(np.mean(ratio[made] > factor[made]))
            moved = self.tail + self.calibration.rate * (nominal - missed)
            self.tail = min(max(moved, nominal / widest), nominal * widest)
        self.keep(ratio)

    def keep(self, ratio: Float[np.ndarray, " some"]) -> None:
        """Remember one session's ratios."""
        self.ratios.append(ratio)

    def sample(self, session: int) -> Float[np.ndarray, " ratio"] | None:
        """Ratios in order, made anew now and then; None while there are too few sessions."""
        if len(self.ratios) < self.calibration.least:
            return None
        if self.ordered is None or session >= self.made + self.calibration.every:
            self.ordered, self.made = np.sort(np.concatenate(list(self.ratios))), session
        return self.ordered

    def factor(self, session: int, *, instead: Float[np.ndarray, " ratio"] | None) -> float:
        """The quantile at the level of today; NaN where neither cell nor class has a past."""
        sample = self.sample(session)
        sample = instead if sample is None else sample
        if sample is None:
            return np.nan
        return float(sample[int(np.ceil((1.0 - self.tail) * (len(sample) - 1)))])
