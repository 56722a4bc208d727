from __future__ import annotations

import pandas as pd
import pytest

from flows.settings import MODELS as RUNNABLE
from flows.wording import (
    MODELS,
    day,
    decimal,
    level,
    model_title,
    p_value,
    percent,
    printable,
    signed,
    signed_percent,
    title_of_test,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234.5, "1,234.50"), (-0.5, "−0.50"), (-0.001, "0.00"), (0.0, "0.00"), (None, "n/a")],
)
def test_a_number_has_a_true_minus_and_zero_has_none(value: float | None, shown: str):
    assert decimal(value) == shown


def test_a_missing_number_is_never_a_zero():
    assert decimal(float("nan")) == percent(None) == p_value(None) == signed_percent(None) == "n/a"


def test_a_difference_shows_its_sign_either_way():
    assert [signed(2.44), signed(-2.44), signed(0.04), signed(None)] == [
        "+2.4",
        "−2.4",
        "0.0",
        "n/a",
    ]
    assert [signed_percent(-0.024), signed_percent(1.97)] == ["−2.4%", "+197.0%"]


def test_a_small_p_value_is_not_shown_as_zero():
    assert [p_value(0.0), p_value(0.0009), p_value(0.001), p_value(1.0)] == [
        "<0.001",
        "<0.001",
        "0.001",
        "1.000",
    ]


def test_a_confidence_level_keeps_all_its_digits():
    assert [level(0.99), level(0.975), level(0.9975)] == ["99%", "97.5%", "99.75%"]


def test_dates_are_iso_and_an_absent_one_says_so():
    assert [day(pd.Timestamp("2020-03-16")), day("2020-03-16"), day(pd.NaT), day(None)] == [
        "2020-03-16",
        "2020-03-16",
        "n/a",
        "n/a",
    ]


def test_every_model_that_can_be_run_has_a_title():
    assert set(RUNNABLE) <= MODELS.keys()
    assert model_title("their_own") == "their_own"
    assert title_of_test("their_own") == "their_own"


def test_what_would_move_the_cursor_or_hide_is_spelled_out():
    assert printable("Z\N{LATIN SMALL LETTER U WITH DIAERESIS}rich 3%") == "Zürich 3%"
    assert printable("a\x1b[2Jb\nc") == r"a\x1b[2Jb\nc"
    assert printable("a\N{RIGHT-TO-LEFT OVERRIDE}b") == r"a\u202eb"
