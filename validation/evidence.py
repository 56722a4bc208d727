"""The examiner: everything that can be said about a forecast table, as plain data.

The models that made the forecasts are unknown here. What is returned holds only what strict JSON
can say: a number that does not exist is null beside a status that gives the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from validation.crises import CATALOGUE, not_covered
from validation.forecasts import check_forecasts
from validation.groups import judged_groups
from validation.head_to_head import comparisons, superior_ability
from validation.panels import Panels, judged_panels
from validation.stationary_bootstrap import DRAWS as BOOTSTRAP_DRAWS
from validation.tail_accuracy import tail_accuracy

SCHEMA = "foreshock.evidence/1"
BASELINE = "gjr_fhs"
DRAWS = 5_000


def examine(
    table: pd.DataFrame,
    *,
    baseline: str = BASELINE,
    as_of: pd.Timestamp | None = None,
    snapshot: str | None = None,
    asset_classes: Mapping[str, str] | None = None,
    seed: int = 0,
    draws: int = DRAWS,
    simulated: bool = True,
    jobs: int = 1,
) -> dict[str, Any]:
    """Judge a forecast table: every test, every window, against the baseline and in crises.

    Parameters
    ----------
    table : DataFrame
        One row per (origin, portfolio, model, alpha, horizon), see `validation.forecasts`.
    baseline : str
        Model that the others are compared with; without it ``comparisons`` is empty.
    as_of : Timestamp, optional
        Targets after it are not judged; by default the last target with a known P&L.
    snapshot : str, optional
        Identity of the market data, passed on.
    asset_classes : mapping of portfolio to class, optional
        For the class-balanced difference, which is null without it.
    seed : int
        Of everything simulated. All series are judged by the same draws, so that names and order
        do not matter.
    draws : int
        Simulated samples behind the shortfall tests; the bootstrap of whole models uses at most
        5,000, costlier tests at most 1,000, and each p-value says how many.
    simulated : bool
        False leaves out simulated p-values and what needs them: tail accuracy, the model
        confidence set and the test of superior ability.
    jobs : int
        Processes to share the work out to; the evidence does not depend on it.

    Returns
    -------
    dict
        Evidence of schema ``foreshock.evidence/1``.

    Raises
    ------
    UnreadableError
        If a row of the table breaks a rule.
    """
    checked = check_forecasts(table)
    last = _last_known(checked) if as_of is None else as_of.to_datetime64()
    panels = judged_panels(checked, as_of=last)
    drawn = draws if simulated else 0
    resampled = min(drawn, BOOTSTRAP_DRAWS)
    groups, pooled, cells = judged_groups(panels, draws=drawn, seed=seed, jobs=jobs)
    return {
        "schema": SCHEMA,
        "as_of": _iso(last),
        "snapshot": snapshot,
        "baseline": baseline,
        "table": _contents(checked, panels, ignored=table.attrs.get("ignored_columns", [])),
        "crises": _crises(panels),
        "groups": groups,
        "pooled": pooled,
        "comparisons": comparisons(
            panels,
            baseline=baseline,
            asset_classes=asset_classes,
            seed=seed,
            draws=resampled,
        ),
        "superior_ability": superior_ability(panels, baseline=baseline, seed=seed, draws=resampled),
        "tail_accuracy": tail_accuracy(cells, seed=seed),
        "not_covered": not_covered(panels.dates),
    }


def _contents(checked: pd.DataFrame, panels: Panels, *, ignored: list[str]) -> dict[str, Any]:
    """What the table holds, and what of it could not be judged."""
    days = panels.dates.to_numpy()
    return {
        "rows": len(checked),
        "judged": panels.judged,
        "not_judged": len(checked) - panels.judged,
        "es_not_positive": int(np.count_nonzero(checked["es"].to_numpy() <= 0)),
        "pnl_conflicts": _conflicts(checked),
        "portfolios": list(panels.portfolios),
        "models": sorted({model for model, _, _ in panels.kinds}),
        "alphas": sorted({alpha for _, alpha, _ in panels.kinds}),
        "horizons": sorted({horizon for _, _, horizon in panels.kinds}),
        "first": _iso(days[0]) if len(days) else None,
        "last": _iso(days[-1]) if len(days) else None,
        "ignored_columns": ignored,
    }


def _conflicts(checked: pd.DataFrame) -> int:
    """Portfolio, origin, target and horizon for which rows disagree on what was realised."""
    pnl = checked.groupby(["portfolio", "origin", "target", "horizon"], observed=True)["pnl"]
    spread = pnl.max().to_numpy() - pnl.min().to_numpy()
    return int(np.count_nonzero(spread > 1e-9))


def _crises(panels: Panels) -> list[dict[str, Any]]:
    """The catalogue, with how much of each window the judged dates reach."""
    days = panels.dates.to_numpy()
    found: list[dict[str, Any]] = []
    for crisis in CATALOGUE:
        held = panels.windows.get(crisis.name, slice(0, 0))
        covered = "none"
        if held.start < held.stop:
            whole = days[0] <= np.datetime64(crisis.first) and days[-1] >= np.datetime64(
                crisis.last
            )
            covered = "whole" if whole else "part"
        about = asdict(crisis) | {"first": str(crisis.first), "last": str(crisis.last)}
        found.append(about | {"n_dates": held.stop - held.start, "covered": covered})
    return found


def _last_known(checked: pd.DataFrame) -> np.datetime64:
    """Last target with a known P&L; the last target of all where none is known."""
    target, known = checked["target"].to_numpy(), np.isfinite(checked["pnl"].to_numpy())
    return (target[known] if known.any() else target).max()


def _iso(day: np.datetime64) -> str:
    return str(day.astype("datetime64[D]"))
