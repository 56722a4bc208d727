"""The forecast table: what each row says, in which order, in which bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.returns import History
from flows.table import Block, assemble, block, write_table
from models.base import TailForecast
from validation.forecasts import read_forecasts

DATES = pd.DatetimeIndex(["2020-03-12", "2020-03-13", "2020-03-16", "2020-03-17"])
HISTORY = History(
    name="SP500",
    asset_class="equity",
    dates=DATES,
    returns=np.array([-0.095, 0.093, -0.120, 0.060]),
    clean=np.array([True, False, True, True]),
    origins=DATES.tz_localize("UTC"),
)
FORECAST = TailForecast(
    alphas=(0.95, 0.975, 0.99),
    var=np.arange(1.0, 13.0).reshape(4, 3) / 100,
    es=np.arange(2.0, 14.0).reshape(4, 3) / 100,
    sigma=np.array([0.03, 0.04, 0.05, 0.06]),
    pit=np.array([0.99, 0.01, 0.9, np.nan]),
)


def made(model: str = "gjr_fhs", **given: object) -> Block:
    options: dict[str, object] = {
        "alphas": (0.95, 0.99),
        "start": DATES[0],
        "end": DATES[-1],
        "upcoming": pd.DatetimeIndex(["2020-03-18"]),
    }
    return block(HISTORY, model, FORECAST, **(options | given))  # type: ignore[arg-type]


def test_a_forecast_meets_the_return_of_the_next_session():
    table = assemble([made()], alphas=(0.95, 0.99))
    row = table[(table["origin"] == "2020-03-13") & (table["alpha"] == 0.99)].iloc[0]
    assert row["target"] == pd.Timestamp("2020-03-16")
    assert row["pnl"] == -0.120
    assert (row["var"], row["es"]) == (0.06, 0.07)
    assert (row["sigma"], row["pit"]) == (0.04, 0.01)


def test_a_return_touched_by_a_gap_is_no_pnl_and_has_no_pit():
    table = assemble([made()], alphas=(0.95, 0.99))
    touched = table[table["target"] == "2020-03-13"]
    assert touched[["pnl", "pit"]].isna().all().all()
    assert touched["var"].notna().all()


def test_the_last_origin_speaks_of_a_session_nobody_has_seen():
    table = assemble([made()], alphas=(0.95, 0.99))
    last = table[table["origin"] == "2020-03-17"]
    assert (last["target"] == "2020-03-18").all()
    assert last["pnl"].isna().all()


def test_a_series_that_ended_has_no_forecast_from_its_last_session():
    table = assemble([made(upcoming=None)], alphas=(0.95, 0.99))
    assert table["origin"].max() == pd.Timestamp("2020-03-16")


def test_two_sessions_ahead_meet_the_product_of_their_returns_and_no_unclean_one():
    ahead = replace(FORECAST, horizon=2)
    later = pd.DatetimeIndex(["2020-03-18", "2020-03-19"])
    two = block(
        HISTORY, "mlp", ahead, alphas=(0.99,), start=DATES[0], end=DATES[-1], upcoming=later
    )
    assert list(two.target) == [*DATES[2:], *later]
    assert np.isnan(two.pnl[[0, 2, 3]]).all()  # 03-13 is not clean; the last two are to come
    assert two.pnl[1] == pytest.approx(0.88 * 1.06 - 1)
    table = assemble([two], alphas=(0.99,))
    assert set(table["horizon"]) == {2}
    ended = block(
        HISTORY, "mlp", ahead, alphas=(0.99,), start=DATES[0], end=DATES[-1], upcoming=None
    )
    assert list(ended.origin) == list(DATES[:2])


def test_start_and_end_are_origins_and_both_are_in():
    table = assemble([made(start=DATES[1], end=DATES[2])], alphas=(0.95, 0.99))
    assert sorted(table["origin"].unique()) == list(DATES[1:3])


def test_rows_are_in_one_order_whatever_the_order_of_the_work():
    blocks = [made("gjr_fhs"), made("hs_250"), made("combined")]
    first, second = (assemble(order, alphas=(0.95, 0.99)) for order in (blocks, blocks[::-1]))
    pd.testing.assert_frame_equal(first, second)
    assert list(first["model"].unique()) == ["hs_250", "gjr_fhs", "combined"]


def test_equal_tables_are_equal_files(tmp_path: Path):
    for name in ("one", "two"):
        write_table(assemble([made(), made("hs_250")], alphas=(0.95, 0.99)), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_examiner_reads_what_was_written(tmp_path: Path):
    table = assemble([made(), made("hs_250")], alphas=(0.95, 0.99))
    write_table(table, tmp_path / "forecasts.parquet")
    read = read_forecasts(tmp_path / "forecasts.parquet")
    assert len(read) == len(table) == 16
    assert read["pnl"].isna().sum() == 8
    for name in ("var", "es", "sigma", "pit"):
        assert read[name].to_numpy() == pytest.approx(table[name].to_numpy(), nan_ok=True)


def test_any_reader_sees_names_as_text_and_dates_as_dates(tmp_path: Path):
    write_table(assemble([made()], alphas=(0.95, 0.99)), tmp_path / "forecasts.parquet")
    read = pd.read_parquet(tmp_path / "forecasts.parquet")
    assert list(read.columns) == (
        [
            "origin",
            "target",
            "portfolio",
            "model",
            "alpha",
            "horizon",
            "var",
            "es",
            "pnl",
            "pit",
            "sigma",
        ]
    )
    assert read["origin"].dtype == np.dtype("datetime64[ns]")
    assert set(read["model"]) == {"gjr_fhs"}
