"""The forecast table of a whole market: repeatable to the byte, and resumed where it was killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.market import MarketData
from flows.backtest import (
    features_of,
    forecast_statistical,
    forecast_table,
    tabulate,
    train_heads,
)
from flows.challenge import table_scores
from flows.plan import make_plan
from flows.refusal import RefusedError
from flows.settings import BASELINES, Settings, checkout
from flows.table import write_table
from flows.units import UnitStore
from models.tail.feedback import Feedback, Flagged, HeldOut
from tests.flows.conftest import as_market, synthetic_closes
from validation.evidence import examine
from validation.forecasts import check_forecasts

QUICK = Settings(models=("hs_250", "gjr_fhs"), alphas=(0.975, 0.99))


def test_two_runs_give_the_same_bytes_with_or_without_finished_units(
    tiny: MarketData, tmp_path: Path
):
    with UnitStore(tmp_path / "units.db") as units:
        for name, store in (("fresh", None), ("first", units), ("resumed", units)):
            write_table(forecast_table(tiny, settings=QUICK, units=store), tmp_path / name)
        assert len(units) == 2 * 7  # two refit windows of six stocks and a book
    contents = {(tmp_path / name).read_bytes() for name in ("fresh", "first", "resumed")}
    assert len(contents) == 1


def test_a_damaged_unit_is_computed_again_to_the_same_bytes(tiny: MarketData, tmp_path: Path):
    path = tmp_path / "units.db"
    with UnitStore(path) as units:
        first = forecast_table(tiny, settings=QUICK, units=units)
    with sqlite3.connect(path) as direct:
        direct.execute("UPDATE unit SET payload = zeroblob(length(payload)) WHERE rowid % 3 = 0")
    with UnitStore(path) as units:
        pd.testing.assert_frame_equal(forecast_table(tiny, settings=QUICK, units=units), first)
        assert units.damaged


def test_the_examiner_accepts_the_table(tiny: MarketData):
    table = forecast_table(tiny, settings=QUICK)
    checked = check_forecasts(table)
    assert set(checked["portfolio"].unique()) == {*tiny.instruments, "all"}
    assert set(checked["alpha"].unique()) == {0.975, 0.99}


def test_realised_pnl_is_the_next_simple_return(tiny: MarketData):
    table = forecast_table(tiny, settings=QUICK)
    rows = table[(table["portfolio"] == "STOCK3") & (table["model"] == "hs_250")]
    rows = rows[(rows["alpha"] == 0.99) & rows["pnl"].notna()]
    close = tiny.close["STOCK3"]
    expected = close[rows["target"]].to_numpy() / close[rows["origin"]].to_numpy() - 1
    assert rows["pnl"].to_numpy() == pytest.approx(expected)


def test_historical_var_is_the_counted_order_statistic(tiny: MarketData):
    table = forecast_table(tiny, settings=QUICK)
    row = table[(table["portfolio"] == "STOCK0") & (table["model"] == "hs_250")]
    row = row[row["alpha"] == 0.99].iloc[-1]
    returns = tiny.close["STOCK0"].pct_change().loc[: row["origin"]].to_numpy()[-250:]
    # 1% of 250 is 2.5: the third worst, and ES weights it by half
    worst = np.sort(-returns)[::-1]
    assert row["var"] == pytest.approx(worst[2])
    assert row["es"] == pytest.approx((worst[0] + worst[1] + 0.5 * worst[2]) / 2.5)


def test_what_the_future_holds_changes_no_forecast(tiny: MarketData):
    close = tiny.close.copy()
    close.iloc[-10:] *= 0.5
    moved = replace(tiny, close=close)
    cut = close.index[-11]
    first, second = (forecast_table(market, settings=QUICK) for market in (tiny, moved))
    past = first["origin"] < cut
    columns = ["origin", "target", "portfolio", "model", "alpha", "var", "es", "sigma"]
    pd.testing.assert_frame_equal(first.loc[past, columns], second.loc[past, columns])


TEN = Settings(models=("hs_250", "gjr_fhs", "gjr_fhs_sqrt"), alphas=(0.99,), horizon=10)


def test_ten_sessions_ahead_are_judged_by_the_return_of_ten_sessions(tiny: MarketData):
    table = forecast_table(tiny, settings=TEN)
    assert len(check_forecasts(table)) == len(table)
    assert set(table["horizon"]) == {10}
    rows = table[(table["portfolio"] == "STOCK3") & (table["model"] == "gjr_fhs")]
    known = rows[rows["pnl"].notna()]
    close = tiny.close["STOCK3"]
    at = close.index.get_indexer(known["origin"])
    assert list(known["target"]) == list(close.index[at + 10])
    expected = close.to_numpy()[at + 10] / close.to_numpy()[at] - 1
    assert known["pnl"].to_numpy() == pytest.approx(expected)
    last = rows[rows["pnl"].isna()]
    assert list(last["target"]) == list(pd.bdate_range("2022-01-03", periods=10))
    again = forecast_table(tiny, settings=TEN)
    pd.testing.assert_frame_equal(again, table)


def test_what_the_future_holds_changes_no_forecast_of_ten_sessions(tiny: MarketData):
    close = tiny.close.copy()
    close.iloc[-10:] *= 0.5
    cut = close.index[-11]
    first, second = (
        forecast_table(market, settings=TEN) for market in (tiny, replace(tiny, close=close))
    )
    columns = ["origin", "target", "portfolio", "model", "alpha", "var", "es", "sigma"]
    past = first["origin"] <= cut
    pd.testing.assert_frame_equal(first.loc[past, columns], second.loc[past, columns])
    reached = first["target"] > cut
    assert not first.loc[reached, "pnl"].equals(second.loc[reached, "pnl"])


def test_forecasts_that_overlap_have_no_zone_and_are_counted_on_subsets(tiny: MarketData):
    evidence = examine(forecast_table(tiny, settings=TEN), simulated=False)
    whole = [one for one in evidence["groups"] if one["window"] == "all"]
    assert whole
    for one in whole:
        assert one["zone"] is None
        for name in ("christoffersen_ind", "dq", "duration", "berkowitz"):
            assert one["tests"][name]["status"].startswith("not_computable: forecasts overlap")
        assert one["tests"]["kupiec"]["p_exact"] is not None
    assert evidence["tail_accuracy"] == []


@pytest.mark.slow
def test_heads_of_ten_sessions_are_taught_by_single_ones_that_end_before_the_gap():
    market = as_market(synthetic_closes(instruments=8, sessions=2060))
    asked = Settings(models=("combined",), portfolios=("all",), start=date(2021, 1, 4), horizon=10)
    plan = make_plan(market, asked)
    statistical = forecast_statistical(plan, asked)
    heads = train_heads(plan, asked, statistical, features_of(market, plan, asked))
    assert heads.learned is not None
    dates = plan.instruments[0].dates
    first, serving = heads.learned.windows
    assert first.train_until == dates[dates.searchsorted(pd.Timestamp("2021-01-01")) - 15]
    assert serving.train_until == dates[-16]
    # taught by single sessions, they do not depend on what was simulated over ten
    seeded = asked.model_copy(update={"seed": 1})
    other = forecast_statistical(plan, seeded)
    assert not np.array_equal(
        other.base["all"]["gjr_fhs"].var, statistical.base["all"]["gjr_fhs"].var, equal_nan=True
    )
    again = train_heads(plan, asked, other, features_of(market, plan, asked))
    assert again.learned is not None
    assert again.learned.heads == heads.learned.heads
    table = tabulate(plan, asked, statistical, heads)
    assert set(table["horizon"]) == {10}
    known = table["pnl"].notna()
    assert table.loc[known, "pit"].between(0, 1).all()
    assert (table["es"] >= table["var"]).all()


@pytest.mark.slow
def test_all_statistical_models_run_by_default_and_short_markets_do_without_the_learned(
    tiny: MarketData,
):
    table = forecast_table(tiny, settings=Settings(portfolios=("STOCK0",)))
    assert tuple(table["model"].unique()) == BASELINES


@pytest.mark.slow
def test_a_learned_model_asked_for_by_name_is_not_left_out_in_silence(tiny: MarketData):
    with pytest.raises(RefusedError, match=r"models: .*(longer history|later year|more series)"):
        forecast_table(tiny, settings=Settings(models=("mlp",), portfolios=("STOCK0",)))


def test_a_series_that_cannot_be_modelled_is_named_and_the_others_go_on(tiny: MarketData):
    close = tiny.close.copy()
    close["STOCK1"] = 100.0
    flat = replace(tiny, close=close, portfolios={})
    plan = make_plan(flat, QUICK)
    assert "must vary" in forecast_statistical(plan, QUICK).left_out["STOCK1"]
    assert "STOCK1" not in set(forecast_table(flat, settings=QUICK)["portfolio"])
    with pytest.raises(RefusedError, match="portfolios: STOCK1: returns must vary"):
        forecast_table(flat, settings=QUICK.model_copy(update={"portfolios": ("STOCK1",)}))


def test_progress_reaches_its_end(tiny: MarketData):
    seen: list[tuple[int, int]] = []
    forecast_table(tiny, settings=QUICK, progress=lambda *parts: seen.append(parts))
    assert seen == [(done, 7) for done in range(1, 8)]


JOB = """
import sys
from pathlib import Path
from flows.backtest import forecast_table
from flows.ingest import ingest
from flows.settings import Settings
from flows.table import write_table
from flows.units import UnitStore

with UnitStore(Path(sys.argv[2])) as units:
    table = forecast_table(
        ingest(Path(sys.argv[1])).market,
        settings=Settings(models=("garch_fhs", "gjr_fhs")),
        units=units,
    )
write_table(table, Path(sys.argv[3]))
"""


@pytest.mark.slow
def test_a_backtest_killed_half_way_resumes_to_the_same_bytes(tiny_market: Path, tmp_path: Path):
    def job(units: str, out: str) -> subprocess.Popen[bytes]:
        places = [str(tiny_market), str(tmp_path / units), str(tmp_path / out)]
        path = {"PYTHONPATH": str(checkout())}
        return subprocess.Popen([sys.executable, "-c", JOB, *places], env=os.environ | path)

    assert job("undisturbed.db", "undisturbed.parquet").wait() == 0
    killed = job("units.db", "out.parquet")
    patience = time.monotonic() + 120
    done = 0
    while done < 10 and time.monotonic() < patience:
        if (tmp_path / "units.db").exists():
            with UnitStore(tmp_path / "units.db") as units:
                done = len(units)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "out.parquet").exists()
    with UnitStore(tmp_path / "units.db") as units:
        assert 10 <= len(units) < 28
    assert job("units.db", "out.parquet").wait() == 0
    undisturbed = (tmp_path / "undisturbed.parquet").read_bytes()
    assert (tmp_path / "out.parquet").read_bytes() == undisturbed


@pytest.mark.slow
def test_a_week_held_out_is_forecast_by_the_heads_that_never_saw_it():
    market = as_market(synthetic_closes(instruments=8, sessions=2060))
    asked = Settings(models=("combined",), portfolios=("all",), start=date(2021, 12, 1))
    plan = make_plan(market, asked)
    statistical = forecast_statistical(plan, asked)
    panel = features_of(market, plan, asked)
    feedback = Feedback(
        flagged=(Flagged("all", "2020-03-11", known="2020-03-14"),),
        held_out=(HeldOut("2020-06-01", "2020-06-07", known="2020-06-06"),),
    )
    plain = train_heads(plan, asked, statistical, panel)
    taught = train_heads(plan, asked, statistical, panel, feedback=feedback)
    assert (plain.challenge, plain.feedback) == (None, None)
    assert taught.without_forecasts().feedback == feedback
    assert plain.learned is not None
    assert taught.learned is not None
    assert taught.learned.heads["mlp"] != plain.learned.heads["mlp"]
    table = taught.challenge
    assert table is not None
    assert set(table["model"].unique()) == {"gjr_fhs", "combined"}
    week = pd.bdate_range("2020-06-01", "2020-06-05")
    assert list(table["target"].unique()) == list(week)
    (score,) = table_scores(table, ["2020-W23"], alpha=0.975)
    assert (score["model"], score["n"]) == ("combined", 5)
    close = market.close.loc[:"2020-06-05"].iloc[-6:]
    assert table["pnl"].unique() == pytest.approx(close.pct_change().iloc[1:].mean(axis=1))
