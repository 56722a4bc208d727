"""Calibration last, and gently: one factor on VaR and ES from how past losses compared with VaR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Int, Shaped


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the factor is found.

    Attributes
    ----------
    memory : int
        Past sessions it looks back on. With 250 the factor follows the two or three largest
        losses of a year and costs more than it brings.
    least : int
        Past sessions before which there is no factor.
    every : int
        Sessions between new factors.
    strengths : tuple of float
        Shares of the way from 1 to the empirical factor; the one with the best past score is
        taken each time, and 0 leaves the forecast as it is.
    """

    memory: int = 1000
    least: int = 399
    every: int = 21
    strengths: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Record:
    """Forecasts at one level with what became of them, one row per series and origin.

    Attributes
    ----------
    session : int array of shape (row,)
        Position of the origin on the pool's sessions, ascending.
    group : int array of shape (row,)
        Asset class: factors are pooled over its series.
    loss : array of shape (row,)
        Realised loss of the session that followed; NaN where unknown.
    var, es : array of shape (row,)
        Forecast, positive.
    """

    session: Int[np.ndarray, " row"]
    group: Int[np.ndarray, " row"]
    loss: Float[np.ndarray, " row"]
    var: Float[np.ndarray, " row"]
    es: Float[np.ndarray, " row"]


@dataclass(frozen=True, slots=True)
class Pooled:
    """Records of several series in one, by session, and the way back."""

    record: Record
    order: Int[np.ndarray, " row"]
    lengths: tuple[int, ...]

    def split(self, values: Float[np.ndarray, " row"]) -> list[Float[np.ndarray, " time"]]:
        """One value per row of the pool, handed back series by series in their own order."""
        back = np.empty(len(values))
        back[self.order] = values
        return np.split(back, np.cumsum(self.lengths)[:-1])


def pooled(records: Sequence[Record]) -> Pooled:
    """Join the records of several series; rows without a forecast count as not realised."""
    columns = [
        np.concatenate([getattr(one, item.name) for one in records]) for item in fields(Record)
    ]
    session, group, loss, var, es = columns
    order = np.argsort(session, kind="stable")
    made = np.isfinite(var) & (var > 0.0) & (es > 0.0)
    whole = Record(
        session[order],
        group[order],
        np.where(made, loss, np.nan)[order],
        np.where(made, var, 1.0)[order],
        np.where(made, es, 1.0)[order],
    )
    return Pooled(whole, order, tuple(len(one.loss) for one in records))


def factors(
    record: Record, *, alpha: float, calibration: Calibration | None = None, horizon: int = 1
) -> Float[np.ndarray, " row"]:
    """Factor on VaR and ES of each row, from rows whose target lay before its origin's date.

    The empirical factor of a group is the ``alpha`` quantile of loss over VaR in its past: the
    number that would have made the past VaR right. It is adaptive conformal prediction with a
    rolling window; nothing is guaranteed where the future differs from the window.

    Parameters
    ----------
    record : Record
    alpha : float
        Level of the forecasts in the record.
    calibration : Calibration, optional
    horizon : int
        Sessions from origin to target.

    References
    ----------
    Gibbs and Candes (2021), *Adaptive conformal inference under distribution shift*.
    """
    calibration = calibration or Calibration()
    answer = np.ones(len(record.loss))
    raw = np.ones(len(record.loss))
    first, last = int(record.session[0]), int(record.session[-1])
    for start in range(first + calibration.least, last + 1, calibration.every):
        # A target on the date of the origin may be of a market that closes later.
        known = slice(
            int(np.searchsorted(record.session, max(first, start - calibration.memory))),
            int(np.searchsorted(record.session, start - horizon)),
        )
        served = slice(
            *np.searchsorted(record.session, (start, start + calibration.every)).tolist()
        )
        strength = _best_strength(record, raw, known.stop, alpha, calibration.strengths)
        for group in np.unique(record.group[served]):
            past = record.group[known] == group
            ratio = record.loss[known][past] / record.var[known][past]
            ratio = ratio[np.isfinite(ratio)]
            if len(ratio) < calibration.least:
                continue
            rows = np.flatnonzero(record.group[served] == group) + served.start
            raw[rows] = np.quantile(ratio, alpha, method="higher")
            answer[rows] = 1.0 + strength * (raw[rows] - 1.0)
    return answer


def _best_strength(
    record: Record,
    raw: Float[np.ndarray, " row"],
    until: int,
    alpha: float,
    strengths: tuple[float, ...],
) -> float:
    """Strength whose factors would have scored best so far; none while there is no past to tell."""
    tried = np.flatnonzero((raw[:until] != 1.0) & np.isfinite(record.loss[:until]))
    if not len(tried):
        return 0.0
    loss, var, es = (x[tried] for x in (record.loss, record.var, record.es))

    def score(strength: float) -> float:
        factor = 1.0 + strength * (raw[tried] - 1.0)
        v, e = factor * var, factor * es
        return float(np.mean(np.maximum(loss - v, 0.0) / ((1.0 - alpha) * e) + v / e + np.log(e)))

    return min(strengths, key=score)


def session_of(
    dates: Shaped[np.ndarray, " row"], sessions: Shaped[np.ndarray, " session"]
) -> Int[np.ndarray, " row"]:
    """Position of each date on the pool's sessions, that of the one before where it is none."""
    return np.searchsorted(sessions, dates, side="right") - 1
