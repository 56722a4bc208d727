from __future__ import annotations

from typing import Any

import pytest

from flows.report_sections import (
    LONGEST_LIST,
    accuracy_rows,
    by_key,
    drift_rows,
    gate_answers,
    in_reading_order,
    shadow_rows,
)


def test_of_two_horizons_the_shorter_is_reported():
    entry = {"portfolio": "book", "model": "ewma", "alpha": 0.99, "window": "all"}
    chosen = by_key([entry | {"horizon": 10}, entry | {"horizon": 1}])
    assert [found["horizon"] for found in chosen.values()] == [1]


def test_models_are_read_from_legacy_to_learned_and_strangers_last():
    assert in_reading_order(["theirs", "combined", "gjr_fhs", "hs_250"]) == [
        "hs_250",
        "gjr_fhs",
        "combined",
        "theirs",
    ]


def test_tail_accuracy_stands_side_by_side_for_legacy_bar_and_learned():
    models = ("combined", "garch_t", "gjr_fhs", "hs_250")
    cells = [{"model": model, "scope": "crises"} for model in models]
    assert [model for model, _ in accuracy_rows(cells)["rows"]] == ["hs_250", "gjr_fhs", "combined"]


def test_every_drifted_feature_is_listed_and_the_quiet_ones_are_cut():
    rows = [
        {"feature": f"quiet_{i}", "value": 0.1, "threshold": 0.2, "drifted": False}
        for i in range(20)
    ]
    rows.append({"feature": "loud", "value": 0.3, "threshold": 0.2, "drifted": True})
    seen = drift_rows({"rows": rows})
    assert (seen["rows"][0]["feature"], seen["drifted"], seen["measured"]) == ("loud", 1, 21)
    assert len(seen["rows"]) == 10


def test_a_rejected_feed_is_never_cut_from_the_list():
    def feed(answer: str, series: str) -> dict[str, Any]:
        return {"answer": answer, "series": series}

    feeds = [feed("W", f"warned_{i}") for i in range(LONGEST_LIST)] + [feed("R", "rejected")]
    answers = gate_answers({"feeds": feeds, "books": [], "excluded": []})
    assert answers["flawed"][0] == feed("R", "rejected")
    assert (len(answers["flawed"]), answers["unlisted"]) == (LONGEST_LIST, 1)


def test_the_shadow_total_counts_every_series_and_the_rows_only_books():
    def row(portfolio: str, alpha: float) -> dict[str, Any]:
        span = {"from": "2024-01-02", "to": "2024-12-31"}
        models = {"legacy": {"exceedances": 3}, "candidate": {"exceedances": 2}}
        return {"portfolio": portfolio, "alpha": alpha, "n": 250, "expected": 2.5} | span | models

    rows = [row("book", 0.99), row("SPY", 0.99), row("book", 0.95)]
    seen = shadow_rows({"rows": rows}, ["book"], alpha=0.99)
    assert [each["portfolio"] for each in seen["rows"]] == ["book"]
    assert seen["total"] == pytest.approx(
        {"series": 2, "n": 500, "expected": 5.0, "legacy": 6, "candidate": 4}
    )
