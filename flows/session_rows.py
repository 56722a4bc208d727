"""Rows of a session as the ledger keeps them: forecasts, and what became of earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from flows.daily import SessionInputs
    from flows.desk_history import DeskHistory

COLUMNS = (
    "portfolio",
    "role",
    "model",
    "version",
    "alpha",
    "horizon",
    "origin",
    "target",
    "var",
    "es",
    "sigma",
)
"""Columns of a session's forecasts."""


def forecast_rows(forecasts: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as the ledger keeps them; a model without a number has no row."""
    known = forecasts[forecasts["var"].notna() & forecasts["es"].notna()]
    rows: list[dict[str, Any]] = []
    for row in known.loc[:, list(COLUMNS)].to_dict("records"):
        version, sigma = row["version"], row["sigma"]
        rows.append(
            {str(name): value for name, value in row.items()}
            | {
                "portfolio": str(row["portfolio"]),
                "role": str(row["role"]),
                "model": str(row["model"]),
                "version": None if pd.isna(version) else int(version),
                "alpha": float(row["alpha"]),
                "horizon": int(row["horizon"]),
                "origin": _day(row["origin"]),
                "target": _day(row["target"]),
                "var": float(row["var"]),
                "es": float(row["es"]),
                "sigma": None if pd.isna(sigma) else float(sigma),
                "pit": None,
            }
        )
    return rows


def outcome_rows(history: DeskHistory, inputs: SessionInputs) -> list[dict[str, Any]]:
    """What became of the forecasts whose session has come, by book."""
    rows: list[dict[str, Any]] = []
    for book, target in history.awaited.items():
        returns = inputs.realised.get(book, {})
        if target not in returns:  # not known yet, e.g. a session that all of its holdings skipped
            continue
        shown = inputs.pits.get(book, {})
        pits = {key: by_date.get(target, np.nan) for key, by_date in shown.items()}
        pits = {key: float(pit) for key, pit in pits.items() if np.isfinite(pit)}
        pnl = float(returns[target]) if np.isfinite(returns[target]) else None
        history.happened(book, pnl, pits)
        rows.append({"portfolio": book, "target": target, "pnl": pnl, "pits": pits or None})
    return rows


def _day(value: Any) -> str:
    return f"{pd.Timestamp(value):%Y-%m-%d}"
