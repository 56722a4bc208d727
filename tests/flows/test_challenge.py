"""Models are scored on the challenge weeks and on no others, against GJR-FHS."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows.challenge import challenge_scores, challenge_weeks, table_scores
from flows.clock import FixedClock
from flows.ledger.ledger import Ledger
from tests.flows.desk_sessions import ALPHA, record_session


def test_the_ledgers_forecasts_are_scored_where_no_model_learns(tmp_path: Path) -> None:
    clock = FixedClock(datetime(2020, 3, 12, tzinfo=UTC))
    ledger = Ledger.open(tmp_path, clock=clock)
    var = {"champion": 0.02, "legacy": 0.01, "fallback": 0.04}
    for day in ("2020-03-12", "2020-03-13", "2020-03-16", "2020-03-17", "2020-03-18"):
        pnl = None if day == "2020-03-18" else -0.03
        record_session(ledger, clock, day, var=var, pnl=pnl)
    with ledger.transaction() as tx:
        tx.append("assignment", actor="system", block="2020-W11", arm="training")
        tx.append("assignment", actor="system", block="2020-W12", arm="challenge")
    with ledger.reading() as tx:
        assert challenge_weeks(tx) == ["2020-W12"]
        combined, legacy = challenge_scores(tx, alpha=ALPHA)
    ledger.close()
    # Monday and Tuesday; in percent 1 beyond 2 with ES 2.5, and quiet at 4 with ES 5.
    assert (combined["model"], combined["n"]) == ("combined", 2)
    assert (combined["exceedances"], combined["baseline_exceedances"]) == (2, 0)
    assert combined["expected"] == pytest.approx(0.05)
    assert combined["fz0"] == pytest.approx(1 / (0.025 * 2.5) + 0.8 + np.log(2.5) - 1)
    assert combined["difference"] == pytest.approx(16 - np.log(2))
    assert legacy["model"] == "hs_250"
    assert legacy["difference"] == pytest.approx(2 / (0.025 * 1.25) - np.log(4))


def test_a_table_is_scored_in_its_challenge_weeks() -> None:
    targets = pd.bdate_range("2020-03-12", "2020-03-17")
    parts = [
        pd.DataFrame(
            {
                "portfolio": "fx",
                "target": targets,
                "model": model,
                "alpha": ALPHA,
                "horizon": 1,
                "var": var,
                "es": 1.25 * var,
                "pnl": [-0.9, -0.9, 0.001, np.nan],
            }
        )
        for model, var in (("mlp", 0.03), ("gjr_fhs", 0.02))
    ]
    (mlp,) = table_scores(pd.concat(parts), ["2020-W12"], alpha=ALPHA)
    assert (mlp["model"], mlp["n"], mlp["exceedances"]) == ("mlp", 1, 0)
    assert mlp["difference"] == pytest.approx(np.log(1.5))
    assert table_scores(pd.concat(parts), [], alpha=ALPHA) == []
