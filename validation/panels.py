"""A forecast table sorted once: panels of one model at one level, and the series within them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from validation.crises import windows
from validation.scores import fz0, in_percent, pinball

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """Judged forecasts of one portfolio in order of target date, in fractions of value.

    Attributes
    ----------
    pnl, var, es : array of shape (time,)
        All finite.
    pit, sigma : array of shape (time,), or None
        None where the table has no such column; NaN where a cell is empty.
    fz0, pinball : array of shape (time,)
        Scores with P&L in percent; FZ0 is NaN where ES is not positive.
    overlapping : bool
        Whether a forecast was made before an earlier one came true, so that neighbours share
        sessions.
    """

    pnl: Numbers
    var: Numbers
    es: Numbers
    pit: Numbers | None
    sigma: Numbers | None
    fz0: Numbers
    pinball: Numbers
    overlapping: bool

    def rows(self, chosen: slice | NDArray[np.int64]) -> Series:
        """The same series on some of its rows."""
        return Series(
            pnl=self.pnl[chosen],
            var=self.var[chosen],
            es=self.es[chosen],
            pit=None if self.pit is None else self.pit[chosen],
            sigma=None if self.sigma is None else self.sigma[chosen],
            fz0=self.fz0[chosen],
            pinball=self.pinball[chosen],
            overlapping=self.overlapping,
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """Judged forecasts of one model at one level and horizon, by portfolio, then by target.

    Attributes
    ----------
    model : str
    alpha : float
    horizon : int
    portfolio, date : int array of shape (row,)
        Positions in `Panels.portfolios` and `Panels.dates`.
    forecasts : Series
        All rows one after the other; only `series` are in order of time.
    """

    model: str
    alpha: float
    horizon: int
    portfolio: NDArray[np.int64]
    date: NDArray[np.int64]
    forecasts: Series

    def series(self) -> Iterator[tuple[int, NDArray[np.int64], Series]]:
        """Each portfolio with its dates and its forecasts."""
        starts = np.flatnonzero(np.diff(self.portfolio, prepend=-1))
        for start, stop in zip(starts, np.append(starts[1:], len(self.portfolio)), strict=True):
            rows = slice(int(start), int(stop))
            yield int(self.portfolio[start]), self.date[rows], self.forecasts.rows(rows)


@dataclass(frozen=True, slots=True)
class Panels:
    """Everything in a forecast table that can be judged, a panel made when it is asked for.

    Together the panels would be larger than the table itself.

    Attributes
    ----------
    portfolios : tuple of str
    dates : DatetimeIndex
        Every target date with a known P&L, ascending.
    windows : dict of str to slice
        Positions in ``dates`` of each window, see `validation.crises.windows`.
    kinds : tuple of (str, float, int)
        Model, level and horizon of each panel, in order; those without a judged forecast are left
        out.
    judged : int
        Forecasts in all panels.
    """

    portfolios: tuple[str, ...]
    dates: pd.DatetimeIndex
    windows: dict[str, slice]
    kinds: tuple[tuple[str, float, int], ...]
    judged: int
    _table: pd.DataFrame
    _portfolio: NDArray[np.int32]
    _date: NDArray[np.int32]
    _rows: tuple[NDArray[np.int32], ...]

    def panel(self, position: int) -> Panel:
        """The panel of ``kinds[position]``."""
        rows = self._rows[position]
        portfolio = self._portfolio[rows].astype(np.int64)
        date = self._date[rows].astype(np.int64)
        place = portfolio * len(self.dates) + date
        if np.any(place[1:] < place[:-1]):
            order = np.argsort(place)
            rows, portfolio, date = rows[order], portfolio[order], date[order]
        origin = _days(self._table["origin"].to_numpy()[rows])
        overlapping = _overlap(origin, _days(self.dates.to_numpy())[date], portfolio)
        numbers = {name: self._table[name].to_numpy()[rows] for name in _numbers(self._table)}
        # a file's rounding may leave ES a hair below VaR
        numbers["es"] = np.maximum(numbers["es"], numbers["var"])
        return _panel(self.kinds[position], portfolio, date, numbers, overlapping=overlapping)

    def __iter__(self) -> Iterator[Panel]:
        """Each panel in order."""
        return map(self.panel, range(len(self.kinds)))


def judged_panels(table: pd.DataFrame, *, as_of: np.datetime64) -> Panels:
    """Forecasts whose P&L is known by the as-of, sorted into panels.

    Parameters
    ----------
    table : DataFrame
        As `validation.forecasts.check_forecasts` returns it; it must not change afterwards.
    as_of : datetime64
        Targets after it are not judged.
    """
    known = np.isfinite(table["pnl"].to_numpy()) & (table["target"].to_numpy() <= as_of)
    date, days = pd.factorize(table["target"].where(known), sort=True)
    dates = pd.DatetimeIndex(days)
    portfolio, portfolios = _named(table["portfolio"], known)
    kind, kinds = _kinds(table, known)
    order = np.argsort(kind, kind="stable")
    bounds = np.searchsorted(kind, np.arange(len(kinds) + 1), sorter=order)
    rows = np.split(order.astype(np.int32), bounds)[1:-1]
    return Panels(
        portfolios=tuple(portfolios),
        dates=dates,
        windows=windows(dates),
        kinds=tuple(kinds),
        judged=int(np.count_nonzero(known)),
        _table=table,
        _portfolio=portfolio,
        _date=date.astype(np.int32),
        _rows=tuple(rows),
    )


def _named(names: pd.Series, known: NDArray[np.bool_]) -> tuple[NDArray[np.int32], list[str]]:
    """Position of each row's name among those of known rows, in alphabetical order, else -1."""
    categories = names.astype("category").cat
    code = categories.codes.to_numpy()
    present = np.bincount(code[known], minlength=len(categories.categories)) > 0
    labels = categories.categories.to_numpy().astype(str)
    found, rank = np.unique(labels[present], return_inverse=True)
    position = np.full(len(labels), -1, dtype=np.int32)
    position[present] = rank
    return position[code], found.tolist()


def _numbers(table: pd.DataFrame) -> list[str]:
    return [name for name in ("pnl", "var", "es", "pit", "sigma") if name in table.columns]


def _kinds(
    table: pd.DataFrame, known: NDArray[np.bool_]
) -> tuple[NDArray[np.int16], list[tuple[str, float, int]]]:
    """Code of each known row's (model, alpha, horizon), else -1, and what the codes stand for."""
    model, models = _named(table["model"], known)
    alpha, alphas = pd.factorize(table["alpha"], sort=True)
    horizon, horizons = pd.factorize(table["horizon"], sort=True)
    every = [
        (name, float(level), int(ahead))
        for name in models
        for level in alphas
        for ahead in horizons
    ]
    joint = ((model.astype(np.int64) * len(alphas) + alpha) * len(horizons) + horizon)[known]
    present = np.bincount(joint, minlength=len(every)) > 0
    code = np.full(len(table), -1, dtype=np.int16)
    code[known] = (np.cumsum(present) - 1)[joint]
    return code, [one for one, there in zip(every, present, strict=True) if there]


def _days(dates: NDArray[Any]) -> NDArray[np.int64]:
    return dates.astype("datetime64[D]").astype(np.int64)


def _overlap(
    origin: NDArray[np.int64], target: NDArray[np.int64], portfolio: NDArray[np.int64]
) -> bool:
    same = portfolio[1:] == portfolio[:-1]
    return bool(np.any(same & (origin[1:] < target[:-1])))


def _panel(
    kind: tuple[str, float, int],
    portfolio: NDArray[np.int64],
    date: NDArray[np.int64],
    numbers: dict[str, Numbers],
    *,
    overlapping: bool,
) -> Panel:
    model, alpha, horizon = kind
    pnl, var, es = (in_percent(numbers[name]) for name in ("pnl", "var", "es"))
    forecasts = Series(
        pnl=numbers["pnl"],
        var=numbers["var"],
        es=numbers["es"],
        pit=numbers.get("pit"),
        sigma=numbers.get("sigma"),
        fz0=fz0(pnl, var, es, alpha=alpha),
        pinball=pinball(pnl, var, alpha=alpha),
        overlapping=overlapping,
    )
    return Panel(model, alpha, horizon, portfolio, date, forecasts)
