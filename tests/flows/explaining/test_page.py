"""The page stands alone, shows what was computed, and lets no name act as markup."""

from __future__ import annotations

import base64
import re

import pytest

from flows.explaining.page import attention_picture, render_explanation, shap_picture
from tests.flows.explaining.explained import made_explanation


@pytest.fixture(scope="module")
def page() -> str:
    return render_explanation(made_explanation())


def test_the_page_has_two_pictures_and_nothing_from_outside(page: str):
    assert page.count("<img") == 2
    assert "<script" not in page
    assert set(re.findall(r'(?:src|href)="([a-z]+):', page)) == {"data"}


def test_every_part_is_shown(page: str):
    for said in ("vix_trend", "+0.0911", "2.39%", "IEF", "3.11%", "not_computable", "93%"):
        assert said in page


def test_a_name_is_text():
    page = render_explanation(made_explanation(portfolio="<b>x</b>"))
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_what_was_not_computed_says_why():
    nothing = {"status": "not_applicable: mlp attends to nothing", "share": None, "tokens": []}
    page = render_explanation(made_explanation(attention=nothing))
    assert page.count("<img") == 1
    assert "mlp attends to nothing" in page


def test_a_replay_says_so_and_notes_stand_out():
    page = render_explanation(made_explanation(notes=["It saw what came."]), banner="SIMULATED")
    assert '<p class="red">SIMULATED</p>' in page
    assert "It saw what came." in page


def test_pictures_name_what_they_draw_and_are_the_same_twice():
    told = made_explanation()
    drawings = [shap_picture(told["shap"]), attention_picture(told["attention"]["tokens"])]
    svg = [base64.b64decode(one.partition("base64,")[2]).decode() for one in drawings]
    assert "vix_trend" in svg[0]
    assert "macro" in svg[1]
    assert drawings[0] == shap_picture(told["shap"])
