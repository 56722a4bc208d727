"""The shadow comparison: hand counts on a year small enough to count."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flows.shadow import shadow


def table(*, pnl: list[float], legacy: float, ours: float, book: str = "equity") -> pd.DataFrame:
    dates = pd.bdate_range("2024-01-01", periods=len(pnl) + 1)
    rows = {
        "origin": dates[:-1],
        "target": dates[1:],
        "portfolio": book,
        "alpha": 0.99,
        "horizon": 1,
        "pnl": pnl,
    }
    return pd.concat(
        [
            pd.DataFrame(rows | {"model": model, "var": var, "es": 1.25 * var})
            for model, var in (("hs_250", legacy), ("combined", ours))
        ]
    )


def test_losses_beyond_var_are_counted_by_hand():
    pnl = [-0.010, 0.020, -0.031, -0.030, np.nan, -0.025]
    (row,) = shadow(table(pnl=pnl, legacy=0.02, ours=0.03), legacy="hs_250", candidate="combined")[
        "rows"
    ]
    assert row["n"] == 5  # the unknown P&L counts for neither
    assert row["legacy"]["exceedances"] == 3
    assert row["candidate"]["exceedances"] == 1  # a loss equal to VaR is no exceedance
    assert row["expected"] == pytest.approx(0.05)
    assert row["var_ratio"] == pytest.approx(1.5)
    assert (row["from"], row["to"]) == ("2024-01-02", "2024-01-09")


def test_a_score_follows_its_formula_in_percent():
    (row,) = shadow(
        table(pnl=[-0.04], legacy=0.02, ours=0.03), legacy="hs_250", candidate="combined"
    )["rows"]
    # FZ0 of VaR 3, ES 3.75, loss 4, tail 0.01, by hand
    assert row["candidate"]["fz0"] == pytest.approx(
        (4 - 3) / (0.01 * 3.75) + 3 / 3.75 + np.log(3.75) - 1
    )


def test_only_the_last_year_counts():
    pnl = [-0.5] * 10 + [0.0] * 250
    (row,) = shadow(table(pnl=pnl, legacy=0.02, ours=0.03), legacy="hs_250", candidate="combined")[
        "rows"
    ]
    assert (row["n"], row["legacy"]["exceedances"]) == (250, 0)


def test_a_missing_model_is_said_and_not_guessed():
    answer = shadow(table(pnl=[0.0], legacy=0.02, ours=0.03), legacy="hs_250", candidate="mlp")
    assert answer["status"] == "not_computable: no forecasts of mlp"
    assert answer["rows"] == []
