"""A wrong model in use is told of with its reason, a right one is left alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from validation.input_domain import Outside
from validation.monitor_rule import MonitorRule
from validation.monitoring import (
    BookHistory,
    degraded_together,
    monitor_book,
    monitor_inputs,
)

ALPHAS = (0.975, 0.99)
RULE = MonitorRule()


def history(
    sessions: int, *, scale: float = 1.0, es_scale: float = 1.0, narrow: float = 1.0, seed: int = 0
) -> BookHistory:
    """Normal returns of changing volatility under a right baseline, and a model off by factors."""
    generator = np.random.default_rng(seed)
    sigma = 0.01 * np.exp(0.3 * np.sin(np.arange(sessions) / 40))
    pnl = sigma * generator.standard_normal(sessions)
    quantile = norm.ppf(ALPHAS)
    var = sigma[:, None] * quantile
    es = sigma[:, None] * norm.pdf(quantile) / (1 - np.array(ALPHAS))
    pit = norm.cdf(pnl / (narrow * sigma))
    longer = scale * (var + es_scale * (es - var))
    return BookHistory(ALPHAS, pnl, scale * var, longer, var, es, pit)


def first(history: BookHistory, rows: int) -> BookHistory:
    names = ("pnl", "var", "es", "baseline_var", "baseline_es", "pit")
    return replace(history, **{name: getattr(history, name)[:rows] for name in names})


def kinds(history: BookHistory, rule: MonitorRule = RULE) -> set[str]:
    return {alarm.kind for alarm in monitor_book(history, rule).alarms}


def test_figures_of_a_right_model_are_counted_by_hand() -> None:
    """Twelve losses of 3 among 250 forecasts of VaR 2 at 97.5%; the rest of P&L is 0."""
    pnl = np.zeros(250)
    pnl[:12] = -0.03
    flat = np.full((250, 1), 0.02)
    pit = np.random.default_rng(0).random(250)
    told = monitor_book(
        BookHistory((0.975,), pnl, flat, 2 * flat, flat, 2 * flat, pit),
        RULE.model_copy(update={"coverage_level": 0.05}),
    )
    level = told.levels[0]
    assert (level.n, level.exceedances, level.expected) == (250, 12, 6.25)
    exact = binomtest(12, 250, 0.025)
    assert level.coverage_p == pytest.approx(exact.pvalue)
    interval = exact.proportion_ci(method="exact")
    assert (level.rate_lower, level.rate_upper) == pytest.approx((interval.low, interval.high))
    assert (level.fz0_difference, level.fz0_t) == (0.0, None)  # the baseline said the same
    coverage = [alarm for alarm in told.alarms if alarm.kind == "coverage"]
    assert "12 of 250 losses exceeded the 97.5% VaR, 6.2 expected" in coverage[0].message


def test_a_right_model_raises_nothing() -> None:
    told = monitor_book(history(700), RULE)
    assert (told.degraded, told.reasons) == (False, ())


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"scale": 0.5}, {"coverage", "fz0"}),
        ({"scale": 2.0}, {"fz0"}),
        ({"narrow": 0.6}, {"pit"}),
    ],
)
def test_a_fault_of_a_year_is_told_by_the_test_that_sees_it(
    fault: dict[str, Any], expected: set[str]
) -> None:
    assert expected <= kinds(history(250, **fault))


def test_an_es_too_low_under_a_right_var_is_told_by_its_own_bettor() -> None:
    rule = RULE.model_copy(update={"stands": 500})
    found = kinds(history(500, es_scale=0.3), rule)
    assert "e_es" in found
    assert "coverage" not in found


def test_a_var_that_is_half_is_told_within_weeks_and_the_alarm_of_old_goes() -> None:
    wrong = history(400, scale=0.5)
    var, es = wrong.var.copy(), wrong.es.copy()
    var[100:], es[100:] = wrong.baseline_var[100:], wrong.baseline_es[100:]  # mended at 100
    mended = replace(wrong, var=var, es=es)
    told: list[int] = []
    before = None
    for sessions in range(1, 401):
        before = monitor_book(first(mended, sessions), RULE, before=before)
        if {alarm.kind for alarm in before.alarms} & {"e_var", "e_es"}:
            told.append(sessions)
    assert told[0] <= 80
    assert told[-1] < 100 + RULE.stands + RULE.window  # learned stakes are bold for a while


def test_before_the_minimum_only_the_bettors_speak() -> None:
    told = monitor_book(history(RULE.minimum - 1), RULE)
    level = told.levels[0]
    assert (level.coverage_p, level.fz0_difference, told.pit_p) == (None, None, None)
    assert level.e_var.counted == RULE.minimum - 1
    assert monitor_book(history(RULE.minimum), RULE).levels[0].coverage_p is not None


def test_no_history_is_no_alarm() -> None:
    told = monitor_book(history(0), RULE)
    assert (told.sessions, told.degraded, told.evidence) == (0, False, 1.0)


@settings(max_examples=15)
@given(st.integers(1, 299), st.integers(0, 299))
def test_what_comes_later_changes_nothing_and_going_on_is_beginning_anew(
    cut: int, missing: int
) -> None:
    whole = history(300, scale=0.8, seed=4)
    pnl = whole.pnl.copy()
    pnl[missing] = np.nan
    whole = replace(whole, pnl=pnl, since=50)
    early = monitor_book(first(whole, cut), RULE)
    later = replace(whole, pnl=np.concatenate([pnl[:cut], -pnl[cut:]]))
    assert monitor_book(first(later, cut), RULE) == early
    if cut >= 50:
        assert monitor_book(whole, RULE, before=early) == monitor_book(whole, RULE)


def test_sessions_before_the_version_was_in_use_are_learned_from_and_not_held_against_it() -> None:
    wrong_before = history(300, scale=0.5)
    told = monitor_book(replace(wrong_before, since=300), RULE)
    assert [one.e_var.grem for one in told.levels] == [0.0, 0.0]


def test_the_unit_and_the_number_of_levels_do_not_matter() -> None:
    one = history(300, scale=0.7)
    names = ("pnl", "var", "es", "baseline_var", "baseline_es")
    scaled = replace(one, **{name: 4.0 * getattr(one, name) for name in names})
    assert monitor_book(scaled, RULE).reasons == monitor_book(one, RULE).reasons
    narrow = RULE.model_copy(update={"alphas": (0.99,)})
    assert monitor_book(one, narrow).levels == monitor_book(one, RULE).levels[1:]


def test_figures_are_plain_values_that_json_takes() -> None:
    plain = monitor_book(history(250, scale=0.5), RULE).as_dict()
    again = json.loads(json.dumps(plain, allow_nan=False))
    assert again["degraded"] is True
    assert again["alarms"][0]["kind"] == "coverage" or again["alarms"][0]["kind"].startswith("e_")
    assert again["levels"][0]["alpha"] == 0.975
    assert again["reasons"] == [alarm["message"] for alarm in again["alarms"]]


def test_of_many_books_the_wrong_one_is_named() -> None:
    books = {f"right_{seed}": monitor_book(history(60, seed=seed), RULE) for seed in range(5)}
    never = RULE.model_copy(update={"e_level": 1e-9})
    books["wrong"] = monitor_book(history(200, scale=0.4), never)
    assert degraded_together(books, level=0.05) == ("wrong",)


def test_inputs_far_from_training_and_drifted_ones_are_told_apart() -> None:
    rows = [
        {"feature": name, "value": 0.5, "threshold": 0.3, "drifted": drifted}
        for name, drifted in (("vix", True), ("term", True), ("news", True), ("range", False))
    ]
    told = monitor_inputs(Outside(0.25, 8, ("vix", "range")), rows, RULE)
    assert [alarm.kind for alarm in told] == ["domain", "drift"]
    assert "25% of 8 inputs lie outside the training domain: vix, range" in told[0].message
    assert told[1].evidence == {"effects": {"vix": 0.5, "term": 0.5, "news": 0.5}}
    assert monitor_inputs(Outside(0.1, 10, ("vix",)), rows[1:], RULE) == ()
    assert monitor_inputs(None, [], RULE) == ()


def test_columns_that_are_not_those_of_the_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="var must have a row a session and a column a level"):
        monitor_book(replace(history(10), alphas=(0.99,)), RULE)


def test_an_answer_on_more_sessions_than_there_are_is_refused() -> None:
    later = monitor_book(history(20), RULE)
    with pytest.raises(ValueError, match="before must rest on an earlier part"):
        monitor_book(history(10), RULE, before=later)
