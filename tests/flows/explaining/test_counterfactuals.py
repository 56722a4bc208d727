"""Each counterfactual is a forecast of its own, and one that changes nothing changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.panel import SeriesFeatures
from flows.explaining.counterfactuals import BACK, counterfactuals
from flows.explaining.ready import Ready
from models.tail.served import Served
from models.tail.transport import KNOTS

NONE: dict[str, Any] = {"status": "not_applicable: for a test", "block": None}
TURNED = {"status": "ok", "block": "rates", "ratio": 1.25, "distance": 0.1}


def otherwise(ready: Ready, served: Served, turned: dict[str, Any] = NONE) -> dict[str, Any]:
    return {one["name"]: one for one in counterfactuals(ready, served, turned)}


def forecast(ready: Ready, served: Served) -> Any:
    return served.forecast(ready.history, ready.panel, fhs=ready.fhs, evt=ready.evt, alphas=KNOTS)


def with_vix(ready: Ready, vix: np.ndarray, *, ranges: np.ndarray | None = None) -> Ready:
    """The same book in a market that has a VIX, and with ranges that go with it."""
    features = ready.panel.values["all"]
    shared = features.shared.copy()
    shared[:, ready.panel.shared.index("vix")] = vix
    own = features.own.copy()
    own[:, ready.panel.own.index("parkinson_10")] = 0.01 * np.exp(
        0.1 * (vix if ranges is None else ranges)
    )
    values = {**ready.panel.values, "all": SeriesFeatures(own, shared, features.past)}
    changed = replace(ready, panel=replace(ready.panel, values=values))
    return replace(changed, origin=changed.inputs_at(ready.row))


def test_the_forecast_of_five_sessions_before_is_the_one_made_then(book: Ready, served: Served):
    said, one = forecast(book, served), otherwise(book, served)["last_five"]
    then = book.row - BACK
    assert one["es"] == pytest.approx(said.es[then, 3], rel=1e-5)
    assert one["var"] == pytest.approx(said.var[then, 3], rel=1e-5)
    assert one["ratio"] == pytest.approx(said.es[then, 3] / said.es[book.row, 3], rel=1e-5)
    assert one["base_es"] == pytest.approx(book.fhs.es[then, book.fhs.alphas.index(0.975)])
    assert one["distance"] > 0


def test_the_vix_is_put_to_the_median_of_its_year_and_is_forecast_again(
    book: Ready, served: Served
):
    vix = np.linspace(2.0, 4.0, len(book.history.dates))
    ready = with_vix(book, vix)
    one = otherwise(ready, served)["vix_median"]
    was, put = one["changed"]["vix"]
    assert was == pytest.approx(vix[-1])
    assert put == pytest.approx(np.median(vix[-251:-1]))
    assert one["distance"] == pytest.approx(was - put, rel=1e-5)  # its spread in training was one
    last = np.arange(len(vix)) == book.row
    calm = with_vix(book, np.where(last, put, vix), ranges=vix)
    assert one["es"] == pytest.approx(forecast(calm, served).es[book.row, 3], rel=1e-5)
    assert one["ratio"] != pytest.approx(1.0, abs=1e-6)


def test_an_input_that_already_is_what_it_was_changes_nothing(book: Ready, served: Served):
    ready = with_vix(book, np.full(len(book.history.dates), 3.0))
    found = otherwise(ready, served)
    for name in ("vix_median", "range_before"):
        assert found[name]["ratio"] == pytest.approx(1.0, abs=1e-6)
        assert found[name]["distance"] == pytest.approx(0.0, abs=1e-6)


def test_range_volatility_of_then_is_told_in_todays_sigma(book: Ready, served: Served):
    vix = np.linspace(2.0, 4.0, len(book.history.dates))
    one = otherwise(with_vix(book, vix), served)["range_before"]
    put = one["changed"]["parkinson_10"][1]
    assert put == pytest.approx(np.log(0.01 * np.exp(0.1 * vix[-6]) / book.sigma))


def test_what_the_market_does_not_have_is_not_computable(book: Ready, served: Served):
    found = otherwise(book, served)
    for name in ("vix_median", "range_before"):
        assert found[name]["status"].startswith("not_computable")
        assert found[name]["es"] is None
    assert found["correlations"]["status"] == NONE["status"]


def test_inverted_correlations_scale_the_forecast(book: Ready, served: Served):
    one = otherwise(book, served, TURNED)["correlations"]
    es = forecast(book, served).es[book.row, 3]
    assert one["es"] == pytest.approx(1.25 * es, rel=1e-5)
    assert (one["told"], one["distance"]) == (
        "correlations inverted between rates and the rest",
        0.1,
    )
