"""The worst scenario and the most plausible loss of a book, against what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from features.instruments import Instrument
from flows.risk.linear import Weights
from flows.risk.numbers import Outcomes
from flows.risk.worst import breaking_move, worst_scenario
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset

INSTRUMENTS = {
    name: Instrument(name, kind, "USD", "price", "log")
    for name, kind in (("SPY", "equity"), ("TLT", "government bond"))
}
ASSETS = tuple(Asset(name, "price", "log", "USD", 100.0) for name in INSTRUMENTS)
BOOK = Weights({"SPY": 0.6, "TLT": 0.4}, INSTRUMENTS)
NOTHING = Weights({}, INSTRUMENTS)


@pytest.fixture(scope="module")
def told() -> ScenarioSet:
    moves = np.random.default_rng(0).normal(0, [0.01, 0.005], (5000, 10, 2)).astype(np.float32)
    moves[1234] = -0.05, -0.01  # every session
    return ScenarioSet(moves, ASSETS)


def outcomes(told: ScenarioSet) -> Outcomes:
    return BOOK.outcomes(told, horizon=10)


def test_the_planted_crash_is_found_and_is_far_out(told: ScenarioSet):
    worst = worst_scenario(BOOK, told, outcomes(told))
    assert worst["path"] == 1234
    assert worst["pnl"] == pytest.approx(float(outcomes(told).total.min()))
    assert worst["distance"] > 10
    assert worst["probability"] < 1e-3
    assert [one["position"] for one in worst["moves"]] == ["SPY", "TLT"]
    assert worst["moves"][0]["move"] == pytest.approx(np.expm1(-0.5), abs=1e-6)
    assert sum(one["pnl"] for one in worst["moves"]) == pytest.approx(worst["pnl"])
    alone = {one["series"]: one["pnl"] for one in worst["series"]}
    assert alone["SPY"] == pytest.approx(0.6 * np.expm1(-0.5), abs=1e-6)


def test_the_most_plausible_loss_goes_through_the_riskier_asset(told: ScenarioSet):
    found = breaking_move(BOOK, told, outcomes(told), loss=0.05)
    assert found["pnl"] == pytest.approx(-0.05, rel=1e-4)
    moves = {one["position"]: one["move"] for one in found["moves"]}
    # Gaussian: each move goes as weight times variance, 0.6 x 4 against 0.4 x 1, in logs.
    assert np.log1p(moves["SPY"]) / np.log1p(moves["TLT"]) == pytest.approx(6.0, rel=0.1)
    assert found["misalignment"] < 1e-4
    assert found["distance"] < worst_scenario(BOOK, told, outcomes(told))["distance"]


def test_few_paths_and_empty_books_say_so(told: ScenarioSet):
    few = ScenarioSet(told.moves[:100], ASSETS)
    assert "too few" in worst_scenario(BOOK, few, outcomes(few))["status"]
    assert "too few" in breaking_move(BOOK, few, outcomes(few), loss=0.05)["status"]
    assert "nothing" in worst_scenario(NOTHING, told, outcomes(told))["status"]
    assert "nothing" in breaking_move(NOTHING, told, outcomes(told), loss=0.05)["status"]
