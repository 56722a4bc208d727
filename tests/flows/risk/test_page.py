"""The morning page: amounts in the book's unit, and text that was not written by us."""

from __future__ import annotations

from typing import Any

import pytest

from flows.risk.page import amount_in, headline, moved_in, often, page_of


def minimal(**given: Any) -> dict[str, Any]:
    levels = [
        {
            "alpha": 0.975,
            "horizon": horizon,
            "var": 0.01 * horizon,
            "es": 0.02 * horizon,
            "var_low": None,
            "var_high": None,
            "es_low": 0.019 * horizon,
            "es_high": 0.021 * horizon,
        }
        for horizon in (1, 10)
    ]
    nothing = {"status": "not asked for"}
    return {
        "portfolio": "<b>desk</b>",
        "as_of": "2024-12-31",
        "unit": "share",
        "value": None,
        "scenarios": {"paths": 1000, "horizon": 10, "model": "fhs", "mark": "official"},
        "levels": levels,
        "loss": {"loss": 0.05, "probability": 0.01, "standard_error": 0.001},
        "parts": [],
        "desk": {"status": "no session", "numbers": []},
        "gaps": [],
        "hold": False,
        "tilt": None,
        "change": nothing,
        "crises": [],
        "worst": nothing,
        "reverse": nothing,
        "inverted": nothing,
        "stress": None,
        "explained": nothing,
        "carry": nothing,
        "liquidity": nothing,
        "what_if": None,
        "ripple": None,
        "herding": None,
        "zero_risk": False,
        "excluded": [],
        "regulatory": None,
        "notes": [],
        "stale": [],
        **given,
    }


def test_names_are_escaped():
    page = page_of(minimal())
    assert "&lt;b&gt;desk&lt;/b&gt;" in page
    assert "<b>desk" not in page


def test_the_headline_is_the_longer_horizon_with_its_error():
    assert headline(minimal()) == "ES 97.5% over 10 sessions is 20.00% (19.00% to 21.00%)."


def test_a_hold_and_what_is_stale_cannot_be_missed():
    page = page_of(minimal(hold=True, stale=["ACME: last close 2024-12-20, 6 sessions ago"]))
    assert "HOLD" in page
    assert "STALE ACME" in page


@pytest.mark.parametrize(
    ("unit", "amount", "text"),
    [("share", 0.0123, "1.23%"), ("USD", -1234567.8, "\N{MINUS SIGN}1,234,568 USD")],
)
def test_amounts_have_their_unit(unit: str, amount: float, text: str):
    assert amount_in(unit)(amount) == text


def test_changes_have_their_sign():
    assert moved_in("USD")(1500.0) == "+1,500 USD"
    assert moved_in("share")(0.001) == "+0.10%"


@pytest.mark.parametrize(
    ("years", "words"),
    [
        (0.05, "about 20 times a year"),
        (1.2, "about once a year"),
        (31.4, "about once in 31 years"),
    ],
)
def test_what_comes_back_says_how_often(years: float, words: str):
    assert often(years) == words
