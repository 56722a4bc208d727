"""Figures of the market's state at a row: hand-made, dated by the session, and as known then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.market import latest_origin, truncate
from features.returns import book_history
from flows.ingest import ingest
from flows.market_state import (
    MarketState,
    book_drawdowns,
    drawdown_figures,
    market_state,
    told_figures,
)
from models.anomalies import Anomalies
from models.drawdown import DrawdownForecast
from models.regimes import Regimes
from tests.flows.conftest import as_market, synthetic_closes

NAN = float("nan")
TIMES = pd.date_range("2020-02-24 22:00", periods=5, freq="B", tz="UTC")
FORECAST = DrawdownForecast(
    threshold=np.full(5, 0.05),
    probability=np.array([NAN, 0.3, 0.25, 0.01, 0.35]),
    climatology=np.full(5, 0.1),
    outcome=np.array([0.0, 1.0, 0.0, 1.0, NAN]),
    horizon=2,
)
STATE = MarketState(
    regimes=Regimes(
        times=TIMES,
        probabilities=np.array([[NAN] * 3, *([[0.2, 0.5, 0.3]] * 2), *([[0.0, 0.1, 0.9]] * 2)]),
        state=np.array([-1, 1, 1, 2, 2]),
        confirmed=np.array([-1, 0, 0, 0, 1]),
    ),
    anomalies=Anomalies(
        times=TIMES,
        inputs=("equity_move", "vix_change"),
        score=np.array([NAN, 0.5, 0.7, 0.6, 2.9]),
        contributions=np.array([[NAN, NAN], [1.0, 0.0], [0.5, 0.5], [0.4, 0.6], [0.25, 0.75]]),
        rarity=np.array([NAN, NAN, 0.5, 0.6, 0.01]),
        alarm=np.array([False, False, False, False, True]),
        rate=4.0,
    ),
    drawdown=FORECAST,
)


def test_a_state_is_dated_by_the_session_in_which_it_began():
    assert STATE.regime(4) == "crisis"
    told = STATE.figures(4)
    assert (told["since"], told["stressed"], told["stressed_since"]) == (
        "2020-02-27",
        True,
        "2020-02-28",
    )
    assert STATE.figures(3)["stressed"] is False
    assert told["probabilities"] == {"low": 0.0, "high": 0.1, "crisis": 0.9}


def test_a_market_that_never_closes_is_dated_by_the_day_that_ended():
    late = replace(STATE.regimes, times=pd.date_range("2020-02-25 01:00", periods=5, tz="UTC"))
    assert replace(STATE, regimes=late).figures(3)["since"] == "2020-02-27"


def test_before_anything_is_said_there_are_no_figures():
    assert (STATE.regime(0), STATE.figures(0)) == (None, {})
    assert (STATE.regime(-1), told_figures(STATE, {}, row=-1, rows={"book": 2})) == (None, {})
    assert STATE.figures(1)["anomaly"] is None


def test_the_row_is_the_last_that_was_known():
    assert STATE.row(TIMES[2]) == 2
    assert STATE.row(TIMES[2] - pd.Timedelta(1)) == 1
    assert STATE.row(TIMES[0] - pd.Timedelta(1)) == -1


def test_the_anomaly_names_what_made_it():
    found = STATE.figures(4)["anomaly"]
    assert found["made_by"] == [["vix_change", 0.75], ["equity_move", 0.25]]
    assert (found["alarm"], found["rarity"]) == (True, 0.01)
    assert STATE.figures(1 + 1)["anomaly"]["alarm"] is False


def test_a_chance_is_held_against_what_had_come_of_like_chances():
    """At row 4 with a horizon of two, what became of rows 1 and 2 is known, and of row 3 not."""
    found = drawdown_figures(FORECAST, 4)
    assert found is not None
    assert found["like"] == {"low": 0.2, "high": 0.4, "n": 2, "frequency": 0.5}
    early = drawdown_figures(FORECAST, 2)
    assert early is not None
    assert early["like"]["n"] == 0
    assert early["like"]["frequency"] is None
    assert drawdown_figures(FORECAST, 0) is None


def test_each_book_is_told_at_its_own_row():
    told = told_figures(STATE, {"book": FORECAST}, row=4, rows={"book": 1, "other": 3})
    assert told["books"]["book"]["probability"] == 0.3
    assert set(told["books"]) == {"book"}
    assert told["drawdown"]["probability"] == pytest.approx(0.35)


def test_a_desk_names_the_fall_of_a_book_and_the_others_have_their_own_size():
    market = as_market(synthetic_closes(instruments=3, sessions=900))
    one, other = (book_history(market, market.portfolios["all"], name=name) for name in "ab")
    found = book_drawdowns([one, other], falls={"a": 0.03})
    assert set(found["a"].threshold) == {0.03}
    assert len(set(found["b"].threshold)) > 100
    assert np.isfinite([each.probability[-1] for each in found.values()]).all()


def test_a_rate_of_false_anomalies_moves_no_column_that_models_read():
    market = as_market(synthetic_closes(instruments=4, sessions=900))
    few, many = (market_state(market, [], false_alarms=rate) for rate in (1.0, 40.0))
    assert few.anomalies.alarm.sum() < many.anomalies.alarm.sum()
    for one, other in zip(few.timelines(), many.timelines(), strict=True):
        np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.slow
def test_covid_is_told_before_the_fed_acts_and_the_same_as_was_known_then(rich_market: Path):
    """The FOMC cut on 2020-03-03; the S&P 500 had its peak on 2020-02-19."""
    market = ingest(rich_market).market
    state = market_state(market, [])
    cut = truncate(market, pd.Timestamp("2020-03-03"))
    told = market_state(cut, [])
    row = told.row(latest_origin(cut, pd.Timestamp("2020-03-03")))
    assert row == len(told.regimes.times) - 1
    assert told.regime(row) == "crisis"
    assert "2020-02-19" < told.figures(row)["since"] < "2020-03-03"
    assert state.figures(row) == told.figures(row)
