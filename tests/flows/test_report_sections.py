from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from flows.report_sections import (
    LONGEST_LIST,
    accuracy_rows,
    by_key,
    crisis_rows,
    drift_rows,
    gate_answers,
    in_reading_order,
    next_session,
    shadow_rows,
)

RISK = {"var": 0.02, "es": 0.03}


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
    cells = [{"model": model, "scope": "crises", "ceiling": 0.95} for model in models]
    shown = accuracy_rows(cells)
    assert [model for model, _ in shown["rows"]] == ["hs_250", "gjr_fhs", "combined"]
    assert shown["ceiling"] == {"crises": (0.95, 0.95)}


def test_a_crisis_is_told_by_a_book_that_lived_through_it():
    def entry(portfolio: str | None, window: str) -> dict[str, Any]:
        key = {"model": "combined", "alpha": 0.99, "horizon": 1}
        return key | {"portfolio": portfolio, "window": window}

    evidence = {
        "groups": [entry("ended", "covid_2020"), entry("alive", "yen_2024")],
        "pooled": [entry(None, window) for window in ("covid_2020", "yen_2024", "rates_2022")],
        "comparisons": [],
    }
    rows = crisis_rows(evidence, models=["combined"], alpha=0.99, books=["ended", "alive"])
    told = {row["window"].name: row["book"] for row in rows}
    assert told == {"covid_2020": "ended", "rates_2022": None, "yen_2024": "alive"}


def test_a_book_that_ended_has_no_next_session_and_a_weekend_ends_none():
    def row(portfolio: str, origin: str, target: str) -> dict[str, Any]:
        dates = {"origin": pd.Timestamp(origin), "target": pd.Timestamp(target)}
        return dates | {"portfolio": portfolio, "model": "combined", "alpha": 0.99} | RISK

    forecasts = pd.DataFrame(
        [
            row("friday", "2024-12-27", "2024-12-30"),
            row("bitcoin", "2024-12-29", "2024-12-30"),
            row("ended", "2022-12-27", "2022-12-28"),
        ]
    )
    books = ["bitcoin", "ended", "friday"]
    shown = next_session(forecasts, books, models=["combined"], alpha=0.99)
    assert [row["book"] for row in shown["rows"]] == ["bitcoin", "friday"]
    assert shown["rows"][0]["risk"] == {"combined": RISK}
    assert shown["ended"] == {"ended": pd.Timestamp("2022-12-28")}


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
