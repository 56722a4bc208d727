"""The shadow step: what the desk's number was beside what ours would have been, last year."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from validation.exceedances import exceedances
from validation.scores import fz0, in_percent

SESSIONS = 250
"""One year, the period the regulator's traffic light looks at."""


def shadow(
    table: pd.DataFrame, *, legacy: str, candidate: str, sessions: int = SESSIONS
) -> dict[str, Any]:
    """Compare two models on the last year of each portfolio, on the forecasts both made.

    Parameters
    ----------
    table : DataFrame
        Forecast table.
    legacy, candidate : str
        Model names; the legacy is the number the desk uses.
    sessions : int
        Last known P&Ls of each portfolio that count.

    Returns
    -------
    dict
        ``legacy``, ``candidate``, ``sessions``, ``status`` (``ok``, or ``not_computable:
        REASON``) and ``rows``: for each portfolio and alpha its number of forecasts ``n``,
        ``from`` and ``to`` (target dates), ``expected`` exceedances, and for both models
        ``exceedances``, mean ``var``, mean ``es`` and mean ``fz0`` (P&L in percent), beside
        ``var_ratio``, the median of candidate over legacy VaR.
    """
    answer: dict[str, Any] = {"legacy": legacy, "candidate": candidate, "sessions": sessions}
    absent = sorted({legacy, candidate} - set(table["model"].unique()))
    if absent:
        reason = f"not_computable: no forecasts of {', '.join(absent)}"
        return answer | {"status": reason, "rows": []}
    known = table["pnl"].notna() & table["model"].isin([legacy, candidate])
    both = _paired(table[known], legacy, candidate)
    rows = [
        _row(str(portfolio), float(alpha), cell.tail(sessions))
        for (portfolio, alpha), cell in both.groupby(["portfolio", "alpha"], observed=True)
    ]
    return answer | {"status": "ok", "rows": rows}


def _paired(known: pd.DataFrame, legacy: str, candidate: str) -> pd.DataFrame:
    """Rows of both models side by side, by target."""
    key = ["portfolio", "alpha", "target"]
    columns = [*key, "var", "es", "pnl"]
    mine = known.loc[known["model"] == candidate, columns]
    theirs = known.loc[known["model"] == legacy, columns].drop(columns="pnl")
    return mine.merge(theirs, on=key, suffixes=("", "_legacy")).sort_values(key)


def _row(portfolio: str, alpha: float, cell: pd.DataFrame) -> dict[str, Any]:
    pnl = cell["pnl"].to_numpy()
    ratio = cell["var"] / cell["var_legacy"].where(cell["var_legacy"] > 0)
    return {
        "portfolio": portfolio,
        "alpha": alpha,
        "n": len(cell),
        "from": str(cell["target"].iloc[0].date()),
        "to": str(cell["target"].iloc[-1].date()),
        "expected": round(len(cell) * (1 - alpha), 6),
        "var_ratio": _number(ratio.median()),
        "candidate": _figures(pnl, cell["var"].to_numpy(), cell["es"].to_numpy(), alpha),
        "legacy": _figures(pnl, cell["var_legacy"].to_numpy(), cell["es_legacy"].to_numpy(), alpha),
    }


def _figures(pnl: np.ndarray, var: np.ndarray, es: np.ndarray, alpha: float) -> dict[str, Any]:
    score = fz0(in_percent(pnl), in_percent(var), in_percent(es), alpha=alpha)
    defined = score[np.isfinite(score)]
    return {
        "exceedances": int(exceedances(pnl, var).sum()),
        "var": _number(var.mean()),
        "es": _number(es.mean()),
        "fz0": _number(defined.mean()) if len(defined) else None,
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
