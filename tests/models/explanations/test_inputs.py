"""What a version reads can be exchanged, and what it does not read changes nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel, SeriesFeatures
from features.returns import History
from models.baselines import forecast_series
from models.explanations.inputs import Inputs, joined, tail_of
from models.tail.served import Served
from models.tail.transport import KNOTS
from tests.models.explanations.made import (
    LAYOUT,
    NORMAL_ES,
    OWN,
    SHARED,
    fusion_served,
    linear_served,
    made_inputs,
)


def test_a_head_that_says_zero_is_the_base():
    var, es = tail_of(linear_served([0.0] * 5), made_inputs(3))
    np.testing.assert_allclose(es, np.tile(NORMAL_ES, (3, 1)), rtol=1e-12)
    assert (es >= var).all()


def test_an_input_that_is_not_read_changes_nothing_by_being_put_back():
    served, origin = linear_served([0.1, 0.2, 0.0, 0.3, 0.0]), made_inputs(1)
    was = tail_of(served, origin)[1]
    np.testing.assert_array_equal(tail_of(served, origin.having({"parkinson_10": 2.0}))[1], was)
    assert (tail_of(served, origin.having({"vix": 2.0}))[1] != was).all()


def test_the_factor_of_an_input_put_back_is_known_in_closed_form():
    """The head scales by ``exp(0.7 tanh(0.3 x))``."""
    served, origin = linear_served([0.0, 0.0, 0.0, 0.3, 0.0]), made_inputs(1)
    es = tail_of(served, origin.having({"vix": 2.0}))[1]
    np.testing.assert_allclose(es[0], np.exp(0.7 * np.tanh(0.6)) * NORMAL_ES, rtol=1e-6)


def test_a_name_that_is_no_input_is_refused():
    with pytest.raises(ValueError, match=r"move_index.*There are volatility_10"):
        made_inputs(1).having({"move_index": 1.0})


def test_a_row_joined_to_others_says_what_it_said_alone():
    served, parts = fusion_served(), [made_inputs(2, seed=1), made_inputs(3, seed=2)]
    alone = np.concatenate([tail_of(served, one)[1] for one in parts])
    np.testing.assert_allclose(tail_of(served, joined(parts))[1], alone, rtol=1e-12)


@pytest.fixture(scope="module")
def series() -> tuple[History, Panel]:
    rng = np.random.default_rng(3)
    dates = pd.bdate_range("2015-01-01", periods=1100)
    returns = 0.01 * rng.standard_t(5, 1100)
    history = History(
        "SPX", "equity", dates, returns, np.full(1100, True), dates.tz_localize("UTC")
    )
    features = SeriesFeatures(
        own=0.01 * np.exp(0.2 * rng.normal(size=(1100, 3))),
        shared=rng.normal(size=(1100, 2)),
        past=np.column_stack([returns, np.full(1100, 0.01), rng.normal(size=1100)]),
    )
    kinds = dict(zip(OWN, LAYOUT.own, strict=True)) | dict(zip(SHARED, LAYOUT.shared, strict=True))
    modalities = {
        kind: tuple(name for name, of in kinds.items() if of == kind)
        for kind in dict.fromkeys(kinds.values())
    }
    return history, Panel(OWN, SHARED, {"SPX": features}, modalities=modalities)


@pytest.mark.parametrize("served", [linear_served([0.1, 0.1, 0.1, 0.1, 0.1]), fusion_served()])
def test_what_is_explained_is_what_is_served(series: tuple[History, Panel], served: Served):
    history, panel = series
    base = forecast_series(history.returns, models=("gjr_fhs", "gjr_evt"), alphas=KNOTS)
    fhs, evt = base["gjr_fhs"], base["gjr_evt"]
    rows = np.array([1050, 1099])
    var, es = tail_of(served, Inputs.of(history, panel, fhs=fhs, evt=evt, rows=rows))
    said = served.forecast(history, panel, fhs=fhs, evt=evt, alphas=KNOTS)
    np.testing.assert_allclose(es * fhs.sigma[rows, None], said.es[rows], rtol=1e-5)
    np.testing.assert_allclose(var * fhs.sigma[rows, None], said.var[rows], rtol=1e-5)
