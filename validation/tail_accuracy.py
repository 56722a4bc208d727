"""Tail accuracy: in which share of cells is a model's tail not rejected.

A cell is a (portfolio, window, level) with at least 15 one-session forecasts by target date; the
windows are the calendar years and the crises. It passes where neither the exact two-sided test of
coverage (minimum likelihood) nor the two-sided Z2 rejects at 5%. Even a perfect model fails some:
the *ceiling* is the share that one simulated on the same cells passes. A huge VaR passes short
windows, so the share is never read without FZ0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.coverage import count_p_values
from validation.crises import ALL, block_year, is_crisis
from validation.exceedances import tail_probability
from validation.outcome import Outcome
from validation.panels import Panel, Series
from validation.shortfall import ShortfallNull, shortfall_null

FEWEST_FORECASTS = 15
LEVEL = 0.05
SCOPES = ("all", "years", "crises")

BLOCK_DRAWS = 2_000
"""Resamples of the calendar years behind the interval."""


@dataclass(frozen=True, slots=True)
class TailCell:
    """One model judged on one (portfolio, window, level).

    Attributes
    ----------
    model, window : str
    coverage, shortfall : bool
        Whether each test passes; ``passed`` needs both. Shortfall is None where Z2 is not
        computable: the cell is then undecided.
    perfect : float
        Probability that a perfect model passes both here; NaN where undecided.
    """

    model: str
    window: str
    coverage: bool
    shortfall: bool | None
    perfect: float

    @property
    def passed(self) -> bool:
        """Whether neither test rejects."""
        return self.coverage and bool(self.shortfall)


def tail_cell(
    series: Series,
    tests: Mapping[str, Outcome],
    *,
    panel: Panel,
    window: str,
    draws: int,
    seed: int,
    null: ShortfallNull | None = None,
) -> TailCell | None:
    """The cell of one series in one window, or None where it is none.

    Parameters
    ----------
    series : Series
        Forecasts of one portfolio of the panel whose targets fall in the window.
    tests : mapping of str to Outcome
        Of this series; ``kupiec`` and ``z2`` decide by their two-sided ``p_exact``.
    panel : Panel
        Whose model and level they are; only one-session forecasts make cells.
    window : str
        A year or a crisis; ``all`` is no cell.
    draws, seed : int
        Of the simulated perfect model: the draws that ``z2`` was judged by.
    null : ShortfallNull, optional
        These draws, where they are known already.
    """
    coverage, shortfall = tests["kupiec"].p_exact, tests["z2"].p_exact
    if window == ALL or panel.horizon > 1 or len(series.pnl) < FEWEST_FORECASTS:
        return None
    if coverage is None or shortfall is None:
        return None
    return TailCell(
        model=panel.model,
        window=window,
        coverage=coverage >= LEVEL,
        shortfall=shortfall >= LEVEL,
        perfect=perfect_pass_rate(
            series.var, series.es, alpha=panel.alpha, draws=draws, seed=seed, null=null
        ),
    )


def perfect_pass_rate(
    var: NDArray[np.float64],
    es: NDArray[np.float64],
    *,
    alpha: float,
    draws: int,
    seed: int,
    null: ShortfallNull | None = None,
) -> float:
    """Probability that a model whose forecasts are the truth passes both tests.

    Parameters
    ----------
    var, es : array of shape (time,)
        Its forecasts; losses are positive, ES above zero.
    alpha : float
        Confidence level in (0.5, 1).
    draws, seed : int
        Samples of independent exceedances with generalised Pareto excess of mean ``es - var``
        and shape 0.2; they are judged against each other, as the null of Z2 is.
    null : ShortfallNull, optional
        These samples, where they are known already.
    """
    null = null or shortfall_null(var, es, alpha=alpha, draws=draws, seed=seed)
    loss = null.count + null.surplus
    # Z2 falls in the loss, so its two-sided p is that of the loss among the draws: not rejected
    # between its k-th smallest and k-th largest, where 2 (1 + k) / (1 + draws) reaches the level
    k = max(1, int(np.ceil(LEVEL * (1 + draws) / 2 - 1)))
    ordered = np.partition(loss, (k - 1, draws - k))
    accepted = (loss >= ordered[k - 1]) & (loss <= ordered[draws - k])
    covers = count_p_values(len(var), tail_probability(alpha)) >= LEVEL
    return float(np.mean(covers[null.count] & accepted))


def tail_accuracy(cells: Iterable[TailCell], *, seed: int) -> list[dict[str, Any]]:
    """Share of cells passed by each model in each scope, beside the ceiling.

    Parameters
    ----------
    cells : iterable of TailCell
    seed : int
        Of the interval's resampling.

    Returns
    -------
    list of dict
        ``passed`` and ``cells`` are counts, ``share`` their ratio; ``undecided`` more cells have
        no Z2, because some ES is not positive. ``interval`` is the 95% range of the share
        when calendar years are resampled, a crisis with the year it began in: what happened in
        one year is one observation; None where there is a single year.
    """
    by_model: dict[str, list[TailCell]] = {}
    for cell in cells:
        by_model.setdefault(cell.model, []).append(cell)
    return [
        {"model": model, "scope": scope, **_share(chosen, seed)}
        for model, every in by_model.items()
        for scope in SCOPES
        if (chosen := [cell for cell in every if _in_scope(cell, scope)])
    ]


def _in_scope(cell: TailCell, scope: str) -> bool:
    return scope == "all" or is_crisis(cell.window) == (scope == "crises")


def _share(every: list[TailCell], seed: int) -> dict[str, Any]:
    cells = [cell for cell in every if cell.shortfall is not None]
    passed = np.array([cell.passed for cell in cells], dtype=bool)
    return {
        "passed": int(passed.sum()),
        "cells": len(cells),
        "undecided": len(every) - len(cells),
        "share": float(passed.mean()) if cells else None,
        "interval": _interval(passed, [block_year(cell.window) for cell in cells], seed),
        "coverage_passed": sum(cell.coverage for cell in cells),
        "shortfall_passed": sum(bool(cell.shortfall) for cell in cells),
        "ceiling": float(np.mean([cell.perfect for cell in cells])) if cells else None,
    }


def _interval(passed: NDArray[np.bool_], years: list[str], seed: int) -> list[float] | None:
    names, year = np.unique(years, return_inverse=True)
    if len(names) < 2:
        return None
    held, of_all = np.bincount(year, weights=passed), np.bincount(year)
    drawn = np.random.default_rng(seed).integers(len(names), size=(BLOCK_DRAWS, len(names)))
    shares = held[drawn].sum(axis=1) / of_all[drawn].sum(axis=1)
    return np.quantile(shares, (0.025, 0.975)).tolist()
