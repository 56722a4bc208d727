"""The table of an ablation is the examiner's figures over the seeds, counted by hand."""

from typing import Any

import pytest

from flows.ablating.figures import Judged, table_of


def record(
    relative: float | None,
    t: float | None,
    *,
    alpha: float = 0.99,
    window: str = "all",
    **more: Any,
) -> dict[str, Any]:
    return {
        "model": "mlp",
        "baseline": "gjr_fhs",
        "alpha": alpha,
        "window": window,
        "relative": relative,
        "difference": relative and relative / 2,
        "difference_by_class": {
            "fx": {"difference": relative and relative / 4, "t_hac": t and t / 2}
        },
        "t_hac": t,
        "share_better": 0.5,
        "n_cells": 100,
        "n_dates": 50,
        "n_series": 2,
    } | more


def test_three_seeds_make_one_row_with_its_spread_and_the_t_of_the_worst():
    judged = [
        Judged("mlp", "models", seed, [record(relative, t)])
        for seed, (relative, t) in enumerate([(-0.03, -3.0), (-0.01, -0.5), (-0.02, -2.0)])
    ]
    whole, by_class = table_of(judged)
    assert (whole["variant"], whole["against"], whole["asset_class"]) == ("mlp", "gjr_fhs", None)
    assert whole["seeds"] == 3
    assert whole["relative"] == pytest.approx(-0.02)
    assert (whole["relative_lowest"], whole["relative_highest"]) == (-0.03, -0.01)
    assert (whole["t_worst"], whole["t_best"]) == (-0.5, -3.0)
    assert whole["n_cells"] == 100
    assert by_class["asset_class"] == "fx"
    assert by_class["difference"] == pytest.approx(-0.005)
    assert by_class["t_worst"] == -0.25
    assert by_class["relative"] is None


def test_levels_windows_and_baselines_stay_apart_in_the_order_they_came():
    records = [
        record(-0.02, -2.0, alpha=0.975),
        record(-0.03, -3.0),
        record(0.01, 1.0, window="covid_2020"),
        record(0.02, 1.5, baseline="combined"),
    ]
    rows = table_of([Judged("mlp", "models", 0, records)])
    keys = [(x["against"], x["alpha"], x["window"]) for x in rows if x["asset_class"] is None]
    assert keys == [
        ("gjr_fhs", 0.975, "all"),
        ("gjr_fhs", 0.99, "all"),
        ("gjr_fhs", 0.99, "covid_2020"),
        ("combined", 0.99, "all"),
    ]


def test_what_could_not_be_tested_is_null_and_not_zero():
    nothing = record(None, None, share_better=None)
    (row,) = table_of([Judged("mlp", "models", 0, [nothing | {"difference_by_class": None}])])
    assert (
        row["relative"] is row["relative_lowest"] is row["t_worst"] is row["share_better"] is None
    )


def test_a_seed_without_a_figure_does_not_count_in_the_mean():
    some = [
        Judged("mlp", "models", 0, [record(-0.02, -2.0)]),
        Judged("mlp", "models", 1, [record(None, None)]),
    ]
    whole, _ = table_of(some)
    assert whole["relative"] == -0.02
    assert whole["t_worst"] == -2.0
