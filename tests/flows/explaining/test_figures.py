"""Figures are those of the forecast that is served, add up, and hold no NaN."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from flows.explaining.figures import explanation, plain
from flows.explaining.ready import Ready
from models.tail.served import Served
from models.tail.transport import KNOTS
from tests.flows.explaining.explained import made_explanation


@pytest.fixture(scope="module")
def told(book: Ready, served: Served) -> dict[str, Any]:
    return explanation(book, served, version={"number": 1, "model": "transformer"}, seed=0)


def test_the_forecast_is_the_one_that_is_served(told: dict[str, Any], book: Ready, served: Served):
    said = served.forecast(book.history, book.panel, fhs=book.fhs, evt=book.evt, alphas=KNOTS)
    assert told["forecast"]["version"]["es"] == pytest.approx(said.es[book.row, 3], rel=1e-5)
    assert told["forecast"]["version"]["var"] == pytest.approx(said.var[book.row, 3], rel=1e-5)
    factor = told["forecast"]["es_factor"]
    assert factor == pytest.approx(said.es[book.row, 3] / told["forecast"]["base"]["es"], rel=1e-5)
    assert told["shap"]["value"] == pytest.approx(np.log(factor))


def test_inputs_and_kinds_of_data_add_up_to_the_difference(told: dict[str, Any]):
    shap = told["shap"]
    whole = shap["value"] - shap["background_mean"]
    assert shap["difference"] == pytest.approx(whole)
    for part in ("inputs", "modalities"):
        assert sum(one["shap"] for one in shap[part]) == pytest.approx(whole, abs=1e-10)
    assert abs(shap["missing"]) < 1e-10
    assert sum(one["inputs"] for one in shap["modalities"]) == len(shap["inputs"])
    sizes = [abs(one["shap"]) for one in shap["inputs"]]
    assert sizes == sorted(sizes, reverse=True)


def test_attention_adds_up_to_one_and_has_a_name_for_every_token(told: dict[str, Any]):
    tokens = told["attention"]["tokens"]
    assert sum(token["weight"] for token in tokens) == pytest.approx(1.0)
    assert sum(token["usual"] for token in tokens) == pytest.approx(1.0)
    assert {"sessions 8-1 ago", "market"} <= {token["token"] for token in tokens}
    assert all(token["low"] <= token["weight"] <= token["high"] for token in tokens)


def test_seeds_are_compared(told: dict[str, Any]):
    assert told["stability"]["members"] == 2
    assert told["stability"]["least"] == pytest.approx(told["stability"]["rank"])
    assert told["stability"]["stable"] is (told["stability"]["least"] >= 0.5)
    assert (told["stability"]["warning"] is None) == told["stability"]["stable"]


def test_the_local_check_is_of_features_that_are_known(told: dict[str, Any]):
    assert told["lime"]["status"] == "ok"
    assert 0 < told["lime"]["same_sign"] <= told["lime"]["inputs"] <= 10
    values = {one["input"]: one["value"] for one in told["shap"]["inputs"]}
    assert all(values[line["input"]] is not None for line in told["lime"]["lines"])


def test_passes_are_counted(told: dict[str, Any], book: Ready):
    players = len(told["shap"]["inputs"])
    rows = (8 * (2 * players + 1) + 2) * len(book.background)
    assert told["passes"]["shap"] == rows * 4  # two seeds together, and each alone
    assert told["passes"]["lime"] == 2000 * 2


def test_the_figures_are_json_and_have_the_shape_that_pages_are_made_of(told: dict[str, Any]):
    json.dumps(told, allow_nan=False)
    example = made_explanation()
    assert set(told) | {"notes", "paragraph"} == set(example)
    for part in ("shap", "lime", "attention", "stability", "contributions", "forecast"):
        assert set(told[part]) == set(example[part])
    for part, rows in (("shap", "inputs"), ("shap", "modalities"), ("attention", "tokens")):
        assert set(told[part][rows][0]) == set(example[part][rows][0])
    assert set(told["contributions"]["holdings"][0]) == set(example["contributions"]["holdings"][0])
    assert {frozenset(one) for one in told["counterfactuals"]} == {
        frozenset(example["counterfactuals"][0])
    }


def test_what_is_not_a_number_is_none():
    assert plain({"a": [float("nan"), 1.0], "b": float("inf"), "c": "x"}) == {
        "a": [None, 1.0],
        "b": None,
        "c": "x",
    }
