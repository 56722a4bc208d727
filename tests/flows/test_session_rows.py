"""Rows of a session as the ledger keeps them: plain values, and only what is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from flows.daily import SessionInputs
from flows.desk_history import DeskHistory
from flows.ledger.chain import bulk_digest
from flows.session_rows import COLUMNS, forecast_rows, outcome_rows

FRIDAY, MONDAY = pd.Timestamp("2020-03-13"), pd.Timestamp("2020-03-16")


def said(**changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"portfolio": "fx", "role": "champion", "model": "combined", "version": 7}
    row |= {"alpha": 0.99, "horizon": 1, "origin": FRIDAY, "target": MONDAY}
    return row | {"var": 0.03, "es": 0.04, "sigma": 0.012} | changed


def test_a_row_holds_plain_values_and_iso_dates() -> None:
    frame = pd.DataFrame([said(more="left out"), said(role="legacy", version=None, sigma=np.nan)])
    first, second = forecast_rows(frame)
    assert first == said(origin="2020-03-13", target="2020-03-16") | {"pit": None}
    assert (second["version"], second["sigma"]) == (None, None)
    assert {type(value) for value in first.values()} <= {str, int, float, type(None)}
    assert set(first) == {*COLUMNS, "pit"}
    assert bulk_digest([first, second]) == bulk_digest(forecast_rows(frame))


def test_a_model_without_a_number_has_no_row() -> None:
    rows = [said(var=np.nan), said(es=np.nan), said(portfolio="eq")]
    assert [row["portfolio"] for row in forecast_rows(pd.DataFrame(rows))] == ["eq"]


def awaiting() -> DeskHistory:
    """A history that has heard Friday's forecasts of two books for Monday."""
    history = DeskHistory((0.99,))
    history.forecast(forecast_rows(pd.DataFrame([said(), said(portfolio="eq")])))
    return history


def inputs(realised: dict[str, dict[str, float]], pits: dict[str, Any]) -> SessionInputs:
    return SessionInputs(MONDAY, "01" * 32, pd.DataFrame(), realised, pits)


def test_a_return_is_held_against_the_forecast_that_spoke_of_its_session() -> None:
    history = awaiting()
    realised = {
        "fx": {"2020-03-13": 0.5, "2020-03-16": -0.12},
        "eq": {"2020-03-13": 0.5},  # its session has not come
        "new": {"2020-03-16": 0.5},  # nothing was forecast for it
    }
    pits = {"fx": {"combined": {"2020-03-13": 0.9, "2020-03-16": 0.001}, "hs_250": {}}}
    assert outcome_rows(history, inputs(realised, pits)) == [
        {"portfolio": "fx", "target": "2020-03-16", "pnl": -0.12, "pits": {"combined": 0.001}}
    ]
    assert history.books["fx"].pnl == [-0.12]
    assert history.awaited == {"eq": "2020-03-16"}


def test_a_return_that_is_not_clean_is_recorded_as_not_known() -> None:
    history = awaiting()
    realised = {"fx": {"2020-03-16": np.nan}}
    assert outcome_rows(history, inputs(realised, {})) == [
        {"portfolio": "fx", "target": "2020-03-16", "pnl": None, "pits": None}
    ]
    assert "fx" not in history.awaited
