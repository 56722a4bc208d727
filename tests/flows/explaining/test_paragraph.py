"""The paragraph says only what the figures say, and leaves out what they do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from flows.explaining.paragraph import paragraph
from tests.flows.explaining.explained import made_explanation

MINUS = "\N{MINUS SIGN}"


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def strangers(text: str, told: dict[str, Any]) -> list[str]:
    """Numbers of a text that no figure rounds to, as they stand or as a percentage."""
    known = [one for one in leaves(told) if isinstance(one, int | float) and one is not True]
    words = [one for one in leaves(told) if isinstance(one, str) and re.search(r"\d", one)]
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    found: list[str] = []
    for number, share in re.findall(rf"([+{MINUS}]?\d[\d,]*\.?\d*)(%?)", text):
        value = float(number.replace(MINUS, "-").replace(",", ""))
        digits = len(number.partition(".")[2])
        scale = 100 if share else 1
        if not any(abs(scale * one - value) <= 0.5001 * 10**-digits for one in known):
            found.append(number + share)
    return found


PARTS = ("lime", "attention", "stability", "contributions")


def test_every_number_is_among_the_figures():
    told = made_explanation(paragraph="")
    assert strangers(paragraph(told), told) == []


def test_a_number_that_is_none_of_them_would_be_found():
    told = made_explanation(paragraph="")
    assert strangers("ES is 2.41% and volatility_10 brings +0.123, 4 of 6", told) == [
        "2.41%",
        "4",
        "6",
    ]


def test_the_figures_that_matter_are_told():
    text = paragraph(made_explanation())
    assert "ES of book_60_40 at 2.39% of its value and VaR at 1.88%" in text
    assert "GJR-FHS, which it starts from, says 2.14% and 1.71%: the difference of ES is" in text
    assert "ES is +11.7%" in text
    assert "The desk is told 1.021 times both" in text
    assert f"vix_trend (+9.5%), volatility_10 ({MINUS}2.1%) and sessions 8-1 ago (+5.5%)" in text
    assert "whose ES of 2.26% is not the version's, SPY brings 110% of it and IEF takes off" in text
    assert "with correlations inverted between rates and the rest 3.11%, 1.30 times" in text
    assert "the explanation is stable" in text


def test_a_holding_that_takes_off_next_to_nothing_is_not_told():
    told = made_explanation()
    told["contributions"]["holdings"][1] |= {"es": -0.00001, "es_share": -0.0004}
    assert "takes off" not in paragraph(told)


def test_a_paragraph_of_unstable_seeds_warns():
    told = made_explanation()
    told["stability"] |= {"stable": False, "least": 0.1, "warning": "unstable: seeds disagree"}
    assert "not to be leaned on (unstable: seeds disagree)" in paragraph(told)


@pytest.mark.parametrize("part", PARTS)
def test_what_was_not_computed_is_not_spoken_of(part: str):
    told = made_explanation()
    told[part] = {"status": "not_computable: for a test"}
    shorter = paragraph(told)
    assert len(shorter) < len(paragraph(made_explanation()))
    assert "n/a" not in shorter
    assert strangers(shorter, told) == []


def test_a_forecast_that_nothing_explains_is_said_to_be_one():
    told = made_explanation()
    for row in (*told["shap"]["inputs"], *told["shap"]["modalities"]):
        row["shap"] = 0.0
    assert "no input explains a difference" in paragraph(told)
