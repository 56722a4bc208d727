from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from flows.report import render_report, verdict_sentence
from flows.shadow import shadow

OK = {"statistic": 1.0, "p_value": 0.4, "p_exact": 0.271, "draws": 1000, "status": "ok"}
NO_PIT = {
    "statistic": None,
    "p_value": None,
    "p_exact": None,
    "draws": None,
    "status": "not_computable: the table has no pit",
}


def cell(model: str, exceedances: int, zone: str, *, n: int = 50, **changed: Any) -> dict[str, Any]:
    tests = {"kupiec": OK, "z2": OK, "ks": NO_PIT}
    return {
        "portfolio": "fx_book",
        "model": model,
        "alpha": 0.99,
        "horizon": 1,
        "window": "covid_2020",
        "n": n,
        "exceedances": exceedances,
        "expected": n / 100,
        "zone": zone,
        "fz0": 1.234,
        "pinball": 0.05,
        "tests": tests,
    } | changed


def compared(relative: float | None, t: float | None, window: str = "all") -> dict[str, Any]:
    return {
        "model": "combined",
        "baseline": "gjr_fhs",
        "alpha": 0.99,
        "horizon": 1,
        "window": window,
        "n_cells": 30,
        "n_dates": 2500,
        "fz0_model": 0.9,
        "fz0_baseline": 0.92,
        "difference": -0.02,
        "relative": relative,
        "difference_by_class": -0.02,
        "t_hac": t,
        "share_better": 0.9,
        "mcs_p": 1.0,
    }


def make_evidence() -> dict[str, Any]:
    crisis = [cell("hs_250", 11, "red"), cell("gjr_fhs", 3, "amber"), cell("combined", 2, "green")]
    whole = [{**each, "window": "all", "n": 2500} for each in crisis]
    return {
        "schema": "foreshock.evidence/1",
        "as_of": "2024-12-31",
        "snapshot": "5a" * 32,
        "groups": crisis + whole,
        "pooled": [{**each, "portfolio": None, "zone": None} for each in crisis + whole],
        "comparisons": [compared(-0.024, -4.1), compared(-0.12, -2.2, "covid_2020")],
        "tail_accuracy": [
            {"model": name, "scope": "all", "passed": passed, "cells": 40, "ceiling": 0.945}
            for name, passed in (("hs_250", 28), ("gjr_fhs", 36), ("combined", 37))
        ],
        "not_covered": ["rates_2022", "gilts_2022", "banks_2023", "yen_2024", "tariffs_2025"],
    }


def make_forecasts() -> pd.DataFrame:
    """Fifty sessions of COVID and one that is still to come, for three models."""
    targets = pd.bdate_range("2020-02-20", periods=51)
    pnl = [-0.001] * 50 + [float("nan")]
    return pd.concat(
        pd.DataFrame(
            {
                "origin": targets - pd.offsets.BDay(1),
                "target": targets,
                "portfolio": "fx_book",
                "model": model,
                "alpha": 0.99,
                "horizon": 1,
                "var": var,
                "es": var + 0.005,
                "pnl": pnl,
            }
        )
        for model, var in (("hs_250", 0.0101), ("gjr_fhs", 0.0202), ("combined", 0.0303))
    )


def make_feeds() -> dict[str, Any]:
    def feed(series: str, answer: str, reason: str) -> dict[str, Any]:
        counts = {"expected": 1000, "missing": 74, "missing_share": 0.074, "imputed": 0}
        return {"table": "prices", "series": series, "answer": answer, "reason": reason} | counts

    return {
        "tables": [{"table": "prices", "file": "prices.csv", "sha256": "c0" * 32, "rows": 12345}],
        "feeds": [
            feed("SPY", "A", ""),
            feed("EURUSD", "W", "moves on Sundays."),
            feed("HYG", "R", "misses 7.4% of the sessions (limit 5%)."),
        ],
        "books": [
            {"book": "fx_book", "answer": "A", "excluded": False, "reason": ""},
            {"book": "credit", "answer": "R", "excluded": True, "reason": "holds HYG."},
        ],
        "findings": [],
        "excluded": [],
    }


@pytest.fixture
def evidence() -> dict[str, Any]:
    return make_evidence()


@pytest.fixture
def forecasts() -> pd.DataFrame:
    return make_forecasts()


@pytest.fixture
def feeds() -> dict[str, Any]:
    return make_feeds()


@pytest.fixture(scope="module")
def page() -> str:
    return rendered(make_evidence(), make_forecasts(), make_feeds())


def rendered(
    evidence: dict[str, Any], forecasts: pd.DataFrame, feeds: dict[str, Any], **more: Any
) -> str:
    feature = {"method": "Wasserstein distance (normed)", "threshold": 0.3}
    span = {"first": "2020-01-02", "last": "2020-03-31", "dates": 63}
    return render_report(
        evidence=evidence,
        forecasts=forecasts,
        feeds=feeds,
        shadow=shadow(forecasts, legacy="hs_250", candidate="combined"),
        drift={
            "status": "ok",
            "alert": False,
            "reference": span,
            "current": span,
            "rows": [
                {"feature": "vix_trend", "value": 0.7, "drifted": True} | feature,
                {"feature": "term_slope", "value": 0.1, "drifted": False} | feature,
            ],
            "not_measured": [],
        },
        lineage={
            "revision": "deadbeef" * 5,
            "dirty": True,
            "lock": "10" * 32,
            "python": "3.11.7",
            "machine": "Linux x86_64",
            "packages": {"numpy": "2.4.6"},
            "settings": {"horizon": 1},
            "seeds": [0, 1, 2],
            "model": {"name": "foreshock-tail", "version": 7, "alias": "challenger"},
            "skipped": {"XLC": "612 sessions before 2015-01-02, 1000 are needed"},
            "configurations_seen": 4,
        },
        **more,
    )


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))


def test_the_verdict_names_gain_certainty_crisis_and_legacy(evidence: dict[str, Any]):
    assert verdict_sentence(evidence) == (
        "99% ES forecasts beat GJR-FHS by 2.4% (t -4.1); COVID-19 crash, fx_book: "
        "2 exceedances in 50, green; legacy: 11, red."
    )


@pytest.mark.parametrize(
    ("relative", "t", "opening"),
    [
        (-0.024, -1.9, "99% ES forecasts cannot be told from GJR-FHS: 2.4% (t -1.9) better;"),
        (0.003, 0.4, "99% ES forecasts cannot be told from GJR-FHS: 0.3% (t 0.4) worse;"),
        (0.031, 3.3, "99% ES forecasts are worse than GJR-FHS by 3.1% (t 3.3);"),
        (None, None, "99% ES forecasts of Combined could not be compared with GJR-FHS;"),
    ],
)
def test_the_verdict_claims_no_more_than_the_comparison_shows(
    evidence: dict[str, Any], relative: float | None, t: float | None, opening: str
):
    evidence["comparisons"] = [compared(relative, t)]
    assert verdict_sentence(evidence).startswith(opening)


def test_a_verdict_without_a_crisis_says_that_none_is_covered(evidence: dict[str, Any]):
    evidence["groups"] = [each for each in evidence["groups"] if each["window"] == "all"]
    assert verdict_sentence(evidence).endswith("no crisis of the catalogue is covered.")


def test_a_single_exceedance_is_not_several(evidence: dict[str, Any]):
    evidence["groups"] = [cell("combined", 1, "green")]
    assert verdict_sentence(evidence).endswith(
        "COVID-19 crash, fx_book: 1 exceedance in 50, green."
    )


def test_without_a_learned_model_there_is_no_claim(evidence: dict[str, Any]):
    evidence["pooled"] = [each for each in evidence["pooled"] if each["model"] == "hs_250"]
    assert verdict_sentence(evidence).startswith("No learned model was judged")


def test_the_page_needs_nothing_but_itself(page: str):
    assert "<script" not in page
    assert {
        source[:5] for source in re.findall(r'(?:src|href|url)\s*[=(]\s*"?([^"\s)]+)', page)
    } <= {
        "data:",
        *(f"#{anchor}"[:5] for anchor in re.findall(r'id="(\w+)"', page)),
    }
    assert len(page.encode()) < 3_000_000


def test_the_verdict_comes_before_every_table(page: str, evidence: dict[str, Any]):
    assert page.index(verdict_sentence(evidence)) < page.index("<table")


def test_the_desks_number_is_the_legacy_until_two_people_promote(page: str):
    assert "The desk’s number is still the legacy HS-250: nobody has promoted a champion" in words(
        page
    )


def test_the_next_session_is_the_one_without_a_pnl(page: str):
    risk = "1.01% 1.51% 2.02% 2.52% 3.03% 3.53%"
    assert f"fx_book 2020-04-29 2020-04-30 {risk}" in words(page)


def test_a_crisis_row_has_its_counts_zone_word_and_es_test(page: str):
    assert "Combined 2 of 50 0.5 ● green 0.271 1.234 2 of 50 0.5 0.271 1.234 −12.0%" in words(page)
    assert "HS-250 11 of 50 0.5 ■ red" in words(page)


def test_rejected_feeds_come_first_with_their_reason(page: str):
    text = words(page)
    assert "1 rejected, 1 warned, 1 accepted." in text
    assert text.index("misses 7.4% of the sessions") < text.index("moves on Sundays")
    assert "credit : holds HYG." in text


def test_what_is_not_covered_is_named_with_the_reason(page: str):
    text = words(page)
    assert "US tariffs (2025-04-02 to 2025-05-15): no realised target date falls in it" in text
    assert "XLC was not forecast: 612 sessions before 2015-01-02" in text


def test_a_test_that_could_not_be_computed_says_why(page: str):
    assert "not computable: the table has no pit" in page


def test_lineage_is_whole_and_a_dirty_tree_is_said(page: str):
    for part in (
        "5a" * 32,
        "c0" * 32,
        "10" * 32,
        "deadbeef" * 5,
        "Model foreshock-tail, version 7",
        "0, 1, 2",
    ):
        assert part in page
    assert "dirty: tracked files differed" in page
    assert "4 configuration(s) have been judged on these years" in words(page)


def test_hostile_names_are_shown_and_not_run(
    evidence: dict[str, Any], forecasts: pd.DataFrame, feeds: dict[str, Any]
):
    hostile = "<script>alert('book')</script>"
    feeds["feeds"][2]["series"] = feeds["books"][1]["book"] = hostile
    page = rendered(evidence, forecasts, feeds)
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(&#39;book&#39;)&lt;/script&gt;") == 2


def test_the_same_run_gives_the_same_page(page: str):
    assert rendered(make_evidence(), make_forecasts(), make_feeds()) == page


def test_what_a_fuller_examiner_adds_is_shown(
    evidence: dict[str, Any], forecasts: pd.DataFrame, feeds: dict[str, Any]
):
    part = {"title": "Half a crisis", "first": "2020-01-01", "last": "2020-02-01", "n_dates": 9}
    evidence["crises"] = [part | {"covered": "part"}]
    evidence["table"] = {"es_not_positive": 1234}
    evidence["comparisons"][0]["difference_by_class"] = {
        "fx": {"difference": -0.0123, "t_hac": -2.5},
        "balanced": {"difference": 0.0004, "t_hac": 0.2},
    }
    evidence["superior_ability"] = [
        {"alpha": 0.99, "configurations": 12, "p_exact": 0.033, "draws": 5000}
    ]
    text = words(rendered(evidence, forecasts, feeds))
    assert "Half a crisis (2020-01-01 to 2020-02-01) is covered in part: 9 dates." in text
    assert "1,234 forecasts have an ES that is not positive" in text
    assert "fx −0.0123 −2.5 balanced +0.0004 0.2" in text
    assert "none of the 12 models here beats GJR-FHS has p 0.033 at 99%" in text


def test_gates_are_shown_in_words_where_there_are_any(page: str):
    gates = [
        {"name": "shortfall_z2", "passed": True, "value": 0.0112, "threshold": -0.25},
        {"name": "champion_fz0", "passed": False, "value": None, "threshold": 0.0}
        | {"evidence": ({"reason": "too few sessions: 3 of 40 that both forecast"},)},
    ]
    text = words(rendered(make_evidence(), make_forecasts(), make_feeds(), gates=gates))
    assert "ES: Z2, at least 0.011 −0.250 ● passed FZ0 against the champion, at most" in text
    assert "at most n/a 0.000 ■ not passed too few sessions: 3 of 40 that both forecast" in text
    assert 'id="gates"' not in page


def test_a_table_of_baselines_alone_still_makes_a_report(
    evidence: dict[str, Any], forecasts: pd.DataFrame, feeds: dict[str, Any]
):
    evidence |= {
        name: [each for each in evidence[name] if each["model"] != "combined"]
        for name in ("groups", "pooled", "comparisons", "tail_accuracy")
    }
    page = rendered(evidence, forecasts[forecasts["model"] != "combined"], feeds)
    assert "No learned model was judged" in page
    assert "Not computable: no forecasts of combined" in page


def test_a_report_shows_the_ablation_of_its_request_or_says_there_is_none(
    page: str, evidence: dict[str, Any], forecasts: pd.DataFrame, feeds: dict[str, Any]
) -> None:
    assert "No ablation was run of this request: <code>foreshock ablation</code>" in page
    row = {
        "variant": "without macro",
        "group": "modalities",
        "against": "gjr_fhs",
        "alpha": 0.99,
        "window": "all",
        "asset_class": None,
        "seeds": 1,
        "relative": -0.0312,
        "t_worst": -2.7,
    }
    ran = {"start": "2015-01-01", "end": "2024-12-31", "series": 3, "alphas": [0.99], "seeds": [0]}
    ablation = {
        "baseline": "gjr_fhs",
        "claim": "combined",
        "revision": "ab" * 20,
        "dirty": False,
        "not_ran": [],
        "ran": ran | {"years_served": 1},
        "rows": [row],
    }
    shown = rendered(evidence, forecasts, feeds, ablation=ablation)
    assert "No ablation was run" not in shown
    assert "without macro" in shown
    assert "−3.12%" in shown
