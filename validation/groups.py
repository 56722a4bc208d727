"""Groups of evidence: the figures and tests of each portfolio, and of all together, by window."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

import numpy as np
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray

from validation.battery import OVERLAP, TESTS, series_tests
from validation.coverage import basel_zone
from validation.crises import ALL
from validation.exceedances import exceedances, tail_probability
from validation.outcome import Outcome, not_computable
from validation.panels import Panel, Panels, Series
from validation.pooled import pooled_tests, rejecting
from validation.shortfall import ShortfallNull, shortfall_null, unusable_shortfall
from validation.tail_accuracy import TailCell, tail_cell

POOLED = "not_computable: portfolios share their dates, so their exceedances are not independent"
LONGER = "not_computable: the zones are for one-session forecasts"

Group = dict[str, Any]


class Groups(NamedTuple):
    """What was found, ready for JSON, and the cells that tail accuracy counts.

    Attributes
    ----------
    groups : list of dict
        By model, level, horizon, portfolio and window.
    pooled : list of dict
        The same with portfolio None.
    cells : list of TailCell
    """

    groups: list[Group]
    pooled: list[Group]
    cells: list[TailCell]


def judged_groups(panels: Panels, *, draws: int, seed: int, jobs: int = 1) -> Groups:
    """Figures and tests of every portfolio and window in which it has a judged forecast.

    Parameters
    ----------
    panels : Panels
    draws : int
        Simulated samples behind the shortfall tests; 0 leaves out everything simulated.
    seed : int
        Of everything drawn, the same for all groups.
    jobs : int
        Processes that share the panels out; the answer does not depend on it.
    """
    with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        parts = Parallel()(
            delayed(_panel_groups)(panel, panels.portfolios, panels.windows, draws=draws, seed=seed)
            for panel in panels
        )
    found = Groups([], [], [])
    for part in cast("list[Groups]", parts):
        found.groups.extend(part.groups)
        found.pooled.extend(part.pooled)
        found.cells.extend(part.cells)
    return found


def _panel_groups(
    panel: Panel,
    portfolios: tuple[str, ...],
    windows: Mapping[str, slice],
    *,
    draws: int,
    seed: int,
) -> Groups:
    """Each portfolio by window, then all of them together."""
    found = Groups([], [], [])
    outcomes: dict[str, list[dict[str, Outcome]]] = {window: [] for window in windows}
    for portfolio, date, series in panel.series():
        for window, held in _by_window(windows, date, series):
            null = _null(held, panel, draws=draws, seed=seed)
            tests = series_tests(
                held,
                alpha=panel.alpha,
                horizon=panel.horizon,
                draws=draws,
                seed=seed,
                whole=window == ALL,
                null=null,
            )
            outcomes[window].append(tests)
            found.groups.append(_group(portfolios[portfolio], panel, window, held, tests))
            cell = tail_cell(
                held, tests, panel=panel, window=window, draws=draws, seed=seed, null=null
            )
            if cell is not None:
                found.cells.append(cell)
    by_date = np.argsort(panel.date, kind="stable")
    date, forecasts = panel.date[by_date], panel.forecasts.rows(by_date)
    for window, held in _by_window(windows, date, forecasts):
        tests = {name: rejecting(one[name] for one in outcomes[window]) for name in TESTS}
        dates = date[_rows(windows[window], date)]
        tests |= pooled_tests(held, dates, alpha=panel.alpha, horizon=panel.horizon)
        found.pooled.append(_group(None, panel, window, held, tests))
    return found


def _null(held: Series, panel: Panel, *, draws: int, seed: int) -> ShortfallNull | None:
    """What a true model would lose here, simulated once for all that need it."""
    if not draws or held.overlapping or unusable_shortfall(held.var, held.es):
        return None
    return shortfall_null(held.var, held.es, alpha=panel.alpha, draws=draws, seed=seed)


def _by_window(
    windows: Mapping[str, slice], date: NDArray[np.int64], series: Series
) -> Iterator[tuple[str, Series]]:
    """What each window holds of forecasts in order of time; empty windows are left out."""
    for window, dates in windows.items():
        rows = _rows(dates, date)
        if rows.start < rows.stop:
            yield window, series.rows(rows)


def _rows(dates: slice, date: NDArray[np.int64]) -> slice:
    return slice(*np.searchsorted(date, (dates.start, dates.stop)).tolist())


def _group(
    portfolio: str | None, panel: Panel, window: str, held: Series, tests: dict[str, Outcome]
) -> Group:
    n = len(held.pnl)
    count = int(np.count_nonzero(exceedances(held.pnl, held.var)))
    zone_status = _zone_status(portfolio, panel, held)
    scored = held.fz0[np.isfinite(held.fz0)]
    return {
        "portfolio": portfolio,
        "model": panel.model,
        "alpha": panel.alpha,
        "horizon": panel.horizon,
        "window": window,
        "n": n,
        "exceedances": count,
        "expected": n * tail_probability(panel.alpha),
        "zone": basel_zone(count, n, panel.alpha) if zone_status == "ok" else None,
        "zone_status": zone_status,
        "fz0": float(scored.mean()) if len(scored) else None,
        "fz0_status": "ok" if len(scored) else "not_computable: es is nowhere positive",
        "fz0_excluded": n - len(scored),
        "pinball": float(held.pinball.mean()),
        "tests": {name: plain_outcome(tests[name]) for name in TESTS},
    }


def _zone_status(portfolio: str | None, panel: Panel, held: Series) -> str:
    if portfolio is None:
        return POOLED
    if held.overlapping:
        return OVERLAP
    return "ok" if panel.horizon == 1 else LONGER


def plain_outcome(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON can say it: what is not finite is null, and the status says so."""
    numbers = (outcome.statistic, outcome.p_value, outcome.p_exact)
    for number in numbers:
        if number is not None and not math.isfinite(number):
            outcome = not_computable("the statistic is not finite")
    return {
        "statistic": outcome.statistic,
        "p_value": outcome.p_value,
        "p_exact": outcome.p_exact,
        "draws": outcome.draws,
        "status": outcome.status,
    }
