"""Every model against the baseline, on the cells that both have forecast.

A cell is a portfolio on a target date at one level with a finite P&L and a positive ES in both
models. Levels are means over cells with P&L in percent; t-statistics are of date means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from validation.comparison import (
    diebold_mariano,
    giacomini_white,
    hac_lag,
    holm,
    superior_predictive_ability,
)
from validation.confidence_set import model_confidence_set
from validation.crises import ALL, is_crisis
from validation.outcome import not_computable
from validation.panels import Panels
from validation.stationary_bootstrap import DRAWS

BALANCED = "balanced"
"""Entry of ``difference_by_class``: the mean over classes of the mean within each class."""


@dataclass(frozen=True, slots=True)
class _Scored:
    """FZ0 of one model, where it has one; ``place`` says of which portfolio and date."""

    place: NDArray[np.int64]
    fz0: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Cells:
    """FZ0 of several models on their common cells, in order of date.

    Attributes
    ----------
    date, portfolio : int array of shape (cell,)
    scores : array of shape (cell, model)
    """

    date: NDArray[np.int64]
    portfolio: NDArray[np.int64]
    scores: NDArray[np.float64]

    def within(self, window: slice) -> _Cells:
        rows = slice(*np.searchsorted(self.date, (window.start, window.stop)))
        return _Cells(self.date[rows], self.portfolio[rows], self.scores[rows])

    def date_means(self) -> NDArray[np.float64]:
        """Mean over the portfolios of each date that has a cell: (date, model)."""
        return _means(self.scores, self.date)


def comparisons(
    panels: Panels,
    *,
    baseline: str,
    asset_classes: Mapping[str, str] | None,
    seed: int,
    draws: int = DRAWS,
) -> list[dict[str, Any]]:
    """Records of every other model against the baseline, by level, horizon and window.

    Parameters
    ----------
    panels : Panels
    baseline : str
        Model to beat; without it in the table there is nothing to record.
    asset_classes : mapping of portfolio to class, or None
        Portfolios it leaves out belong to no class; None where classes are unknown.
    seed : int
        Of the bootstrap behind the model confidence set.
    draws : int
        Of that bootstrap; 0 for no confidence set.

    Returns
    -------
    list of dict
        ``difference`` is model less baseline, negative where the model is better; ``relative``
        divides it by the size of the baseline's level. ``t_hac`` and the two-sided ``p_value``
        are Diebold and Mariano's; ``p_worse`` is one-sided, against a model that is worse, and
        ``p_worse_holm`` adjusts it over the crisis windows.
    """
    classes = None if asset_classes is None else _class_codes(panels.portfolios, asset_classes)
    records: list[dict[str, Any]] = []
    for (alpha, horizon), rivals in _by_level(panels):
        against = rivals.get(baseline)
        if against is None:
            continue
        sets: dict[str, dict[str, float]] = {}
        if draws and len(rivals) > 1:
            sets = _confidence_sets(panels, rivals, horizon, seed=seed, draws=draws)
        for model, scored in rivals.items():
            if model == baseline:
                continue
            common = _common([scored, against], panels)
            about = {"model": model, "baseline": baseline, "alpha": alpha, "horizon": horizon}
            of_model = [
                about
                | {"window": name}
                | _record(common.within(window), horizon, classes)
                | {"mcs_p": sets.get(name, {}).get(model)}
                for name, window in panels.windows.items()
            ]
            _adjust_over_crises(of_model)
            records += of_model
    return records


def _confidence_sets(
    panels: Panels, rivals: Mapping[str, _Scored], horizon: int, *, seed: int, draws: int
) -> dict[str, dict[str, float]]:
    """p-value of each model in the model confidence set of each window, where there is one.

    On date means over the cells that all models of the level have.
    """
    common = _common(list(rivals.values()), panels)
    sets: dict[str, dict[str, float]] = {}
    for name, window in panels.windows.items():
        means = common.within(window).date_means()
        p_values = model_confidence_set(means, seed=seed, draws=draws, horizon=horizon)
        if p_values is not None:
            sets[name] = dict(zip(rivals, p_values.tolist(), strict=True))
    return sets


def superior_ability(
    panels: Panels, *, baseline: str, seed: int, draws: int = DRAWS
) -> list[dict[str, Any]]:
    """Hansen's test that none of the other models of the table beats the baseline.

    Give it a table with every configuration that was tried: it guards the best of them against
    the search.
    """
    records: list[dict[str, Any]] = []
    for (alpha, horizon), rivals in _by_level(panels):
        if not draws or baseline not in rivals or len(rivals) < 2:
            continue
        names = [baseline, *(name for name in rivals if name != baseline)]
        means = _common([rivals[name] for name in names], panels).date_means()
        outcome = superior_predictive_ability(
            means[:, 0], means[:, 1:], seed=seed, draws=draws, horizon=horizon
        )
        about = {"baseline": baseline, "alpha": alpha, "horizon": horizon, "window": ALL}
        records.append(about | {"configurations": len(names) - 1} | asdict(outcome))
    return records


def _by_level(panels: Panels) -> Iterator[tuple[tuple[float, int], dict[str, _Scored]]]:
    levels = sorted({(alpha, horizon) for _, alpha, horizon in panels.kinds})
    for level in levels:
        yield (
            level,
            {
                model: _scored(panels, position)
                for position, (model, *kind) in enumerate(panels.kinds)
                if tuple(kind) == level
            },
        )


def _scored(panels: Panels, position: int) -> _Scored:
    panel = panels.panel(position)
    scored = np.isfinite(panel.forecasts.fz0)
    place = panel.portfolio * len(panels.dates) + panel.date
    return _Scored(place[scored], panel.forecasts.fz0[scored])


def _common(rivals: list[_Scored], panels: Panels) -> _Cells:
    """Scores on the cells that all have; each has a cell at most once, in order of place."""
    places = [scored.place for scored in rivals]
    shared = reduce(lambda left, right: np.intersect1d(left, right, assume_unique=True), places)
    columns = [scored.fz0[np.searchsorted(scored.place, shared)] for scored in rivals]
    portfolio, date = np.divmod(shared, len(panels.dates))
    order = np.argsort(date, kind="stable")
    return _Cells(date[order], portfolio[order], np.column_stack(columns)[order])


def _record(
    cells: _Cells, horizon: int, classes: tuple[list[str], NDArray[np.int64]] | None
) -> dict[str, Any]:
    difference = cells.scores[:, 0] - cells.scores[:, 1]
    if not len(difference):
        return _EMPTY
    lag = hac_lag(horizon)
    by_date = _means(difference[:, None], cells.date)[:, 0]
    by_series = _means(difference[:, None], cells.portfolio)[:, 0]
    tested = diebold_mariano(by_date, lag=lag)
    model, baseline = cells.scores.mean(axis=0).tolist()
    mean = float(difference.mean())
    return {
        "n_cells": len(difference),
        "n_dates": len(by_date),
        "n_series": len(by_series),
        "fz0_model": model,
        "fz0_baseline": baseline,
        "difference": mean,
        "relative": mean / abs(baseline) if baseline else None,
        "difference_by_class": None
        if classes is None
        else _by_class(difference, cells, classes, lag),
        "t_hac": tested.statistic,
        "p_value": tested.p_value,
        "p_worse": None if tested.statistic is None else float(ndtr(-tested.statistic)),
        "p_worse_holm": None,
        "share_better": float(np.mean(by_series < 0)),
        "giacomini_white": asdict(giacomini_white(by_date, horizon=horizon)),
        "status": tested.status,
    }


_EMPTY: dict[str, Any] = {
    "n_cells": 0,
    "n_dates": 0,
    "n_series": 0,
    **dict.fromkeys(
        (
            "fz0_model",
            "fz0_baseline",
            "difference",
            "relative",
            "difference_by_class",
            "t_hac",
            "p_value",
            "p_worse",
            "p_worse_holm",
            "share_better",
        )
    ),
    "giacomini_white": asdict(not_computable("no common cells")),
    "status": not_computable("no common cells").status,
}


def _by_class(
    difference: NDArray[np.float64],
    cells: _Cells,
    classes: tuple[list[str], NDArray[np.int64]],
    lag: int,
) -> dict[str, Any]:
    """Mean difference within each class, and the mean over classes, each with its t.

    The balanced series of dates is the mean over the classes that have a cell on each date.
    """
    names, codes = classes
    member = codes[cells.portfolio]
    dates = np.unique(cells.date)
    series = np.full((len(dates), len(names)), np.nan)
    means = np.full(len(names), np.nan)
    for code in np.unique(member[member >= 0]):
        own = member == code
        at = np.searchsorted(dates, np.unique(cells.date[own]))
        series[at, code] = _means(difference[own][:, None], cells.date[own])[:, 0]
        means[code] = difference[own].mean()
    present = np.isfinite(means)
    if not present.any():
        return {}
    columns = {names[code]: (means[code], series[:, code]) for code in np.flatnonzero(present)}
    held = series[np.isfinite(series).any(axis=1)]
    columns[BALANCED] = (means[present].mean(), np.nanmean(held, axis=1))
    return {
        name: {
            "difference": float(mean),
            "t_hac": diebold_mariano(dated[np.isfinite(dated)], lag=lag).statistic,
        }
        for name, (mean, dated) in columns.items()
    }


def _class_codes(
    portfolios: tuple[str, ...], asset_classes: Mapping[str, str]
) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the classes, and the position of each portfolio's class, -1 where it has none."""
    names = sorted({asset_classes[name] for name in portfolios if name in asset_classes})
    code = {name: position for position, name in enumerate(names)}
    return names, np.array([code.get(asset_classes.get(name, ""), -1) for name in portfolios])


def _adjust_over_crises(records: list[dict[str, Any]]) -> None:
    """Fill in the p-values adjusted over the crisis windows that have one."""
    crises = [one for one in records if is_crisis(one["window"]) and one["p_worse"] is not None]
    if crises:
        adjusted = holm(np.array([one["p_worse"] for one in crises]))
        for one, p_value in zip(crises, adjusted.tolist(), strict=True):
            one["p_worse_holm"] = p_value


def _means(values: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of each column over each group that has a row, in order of group."""
    count = np.bincount(group)
    sums = np.column_stack([np.bincount(group, weights=column) for column in values.T])
    return (sums / np.maximum(count, 1)[:, None])[count > 0]
