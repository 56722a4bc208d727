"""A forecast table sorted once: panels of one model at one level, and the series within them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
    """Everything in a forecast table that can be judged.

    Attributes
    ----------
    portfolios : tuple of str
    dates : DatetimeIndex
        Every target date with a known P&L, ascending.
    windows : dict of str to slice
        Positions in ``dates`` of each window, see `validation.crises.windows`.
    panels : tuple of Panel
        In order of model, level and horizon; those without a judged forecast are left out.
    """

    portfolios: tuple[str, ...]
    dates: pd.DatetimeIndex
    windows: dict[str, slice]
    panels: tuple[Panel, ...]


def judged_panels(table: pd.DataFrame, *, as_of: np.datetime64) -> Panels:
    """Forecasts whose P&L is known by the as-of, sorted into panels.

    Parameters
    ----------
    table : DataFrame
        As `validation.forecasts.check_forecasts` returns it.
    as_of : datetime64
        Targets after it are not judged.
    """
    known = np.isfinite(table["pnl"].to_numpy()) & (table["target"].to_numpy() <= as_of)
    table = table.loc[known]
    days, date = np.unique(table["target"].to_numpy(), return_inverse=True)
    dates, day_number = pd.DatetimeIndex(days), days.astype("datetime64[D]").astype(np.int64)
    portfolio, portfolios = pd.factorize(table["portfolio"].astype(str), sort=True)
    kind, kinds = _kinds(table)
    order = np.lexsort((date, portfolio, kind))
    numbers = {name: table[name].to_numpy()[order] for name in _numbers(table)}
    # a file's rounding may leave ES a hair below VaR
    numbers["es"] = np.maximum(numbers["es"], numbers["var"])
    origin = table["origin"].to_numpy().astype("datetime64[D]").astype(np.int64)[order]
    portfolio, date = portfolio[order], date[order]
    bounds = np.searchsorted(kind[order], np.arange(len(kinds) + 1))
    panels = [
        _panel(
            kinds[index],
            portfolio[rows],
            date[rows],
            {name: values[rows] for name, values in numbers.items()},
            overlapping=_overlap(origin[rows], day_number[date[rows]], portfolio[rows]),
        )
        for index, rows in enumerate(map(slice, bounds[:-1], bounds[1:]))
    ]
    return Panels(tuple(portfolios), dates, windows(dates), tuple(panels))


def _numbers(table: pd.DataFrame) -> list[str]:
    return [name for name in ("pnl", "var", "es", "pit", "sigma") if name in table.columns]


def _kinds(table: pd.DataFrame) -> tuple[NDArray[np.int64], list[tuple[str, float, int]]]:
    """Code of each row's (model, alpha, horizon), and what the codes stand for, in order."""
    model, models = pd.factorize(table["model"].astype(str), sort=True)
    alphas, alpha = np.unique(table["alpha"].to_numpy(), return_inverse=True)
    horizons, horizon = np.unique(table["horizon"].to_numpy(), return_inverse=True)
    every = [
        (str(name), float(level), int(ahead))
        for name in models
        for level in alphas
        for ahead in horizons
    ]
    joint = (model * len(alphas) + alpha) * len(horizons) + horizon
    present, code = np.unique(joint, return_inverse=True)
    return code, [every[one] for one in present]


def _overlap(
    origin: NDArray[np.int64],
    target: NDArray[np.int64],
    portfolio: NDArray[np.int64],
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
