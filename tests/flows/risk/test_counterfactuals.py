"""Inverted correlations and stresses: a hedge that stops hedging, and shocks counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from features.instruments import Instrument
from flows.refusal import RefusedError
from flows.risk.counterfactuals import inverted_correlations, under_stress
from flows.risk.linear import Weights
from flows.scenario_sets.files import ScenarioSet
from flows.scenario_sets.stress_file import CorrelationStress, Stress
from models.base import Asset
from tests.flows.risk import desk_book

INSTRUMENTS = {
    "SPY": Instrument("SPY", "equity", "USD", "price", "log"),
    "TLT": Instrument("TLT", "government bond", "USD", "price", "log"),
}
ASSETS = tuple(Asset(name, "price", "log", "USD", 100.0) for name in INSTRUMENTS)
BOOK = Weights({"SPY": 0.5, "TLT": 0.5}, INSTRUMENTS)


@pytest.fixture(scope="module")
def hedged() -> ScenarioSet:
    """Stocks and bonds of one size that move against each other, correlation -0.6."""
    rng = np.random.default_rng(0)
    root = np.linalg.cholesky(np.array([[1.0, -0.6], [-0.6, 1.0]]))
    moves = 0.003 * rng.normal(size=(40_000, 10, 2)) @ root.T
    return ScenarioSet(moves.astype(np.float32), ASSETS)


def test_es_rises_as_the_variance_of_a_normal_book_does(hedged: ScenarioSet):
    far = BOOK.outcomes(hedged, horizon=10)
    told = inverted_correlations(BOOK, hedged, far, INSTRUMENTS, seed=1)
    # Variance of the sum goes from 2 (1 - 0.6) to 2 (1 + 0.6).
    assert told["ratio"] == pytest.approx(2.0, rel=0.05)
    assert told["distance"] == 0.0
    assert told["change"] == pytest.approx(np.sqrt(2.0) * 1.2, rel=0.03)
    for parts in told["parts"]:
        total = sum(one["es_contribution"] for one in parts["parts"])
        assert total == pytest.approx(told["es"], rel=1e-9)


def test_a_book_of_quantities_is_revalued_with_correlations_inverted():
    told, book = desk_book.scenarios(), desk_book.book()
    far = book.outcomes(told, horizon=10)
    found = inverted_correlations(book, told, far, desk_book.INSTRUMENTS, seed=1)
    assert found["status"] == "computed"
    assert found["es"] == pytest.approx(found["ratio"] * found["es_before"])
    assert set(found["tried"]) >= {"equity", "currency", "rate", "spread"}
    assert found["tried"][found["block"]] == max(found["tried"].values())
    alone = desk_book.book(desk_book.STOCK)
    single = inverted_correlations(
        alone, told, alone.outcomes(told, horizon=10), desk_book.INSTRUMENTS, seed=1
    )
    assert "single series" in single["status"]


def test_a_shock_on_the_only_holding_is_what_the_book_makes():
    told, book = desk_book.scenarios(), desk_book.book(desk_book.STOCK)
    far = book.outcomes(told, horizon=10)
    found = under_stress(book, told, far, Stress(name="fall", shocks={"ACME": "-20%"}), seed=0)
    assert found["mean"] == pytest.approx(-2000.0, rel=1e-4)
    assert found["es"] == pytest.approx(2000.0, rel=1e-4)
    assert found["es_before"] > 0.0
    assert found["shock_distance"] > 3.0
    (position, asset_class, _) = found["mean_parts"]
    assert position["parts"] == [{"position": "ACME", "pnl": pytest.approx(-2000.0, rel=1e-4)}]
    assert asset_class["parts"][0]["asset_class"] == "equity"


def test_parts_under_a_stress_add_up_for_both_kinds_of_books(hedged: ScenarioSet):
    stress = Stress(name="fall", shocks={"SPY": "-10%"}, correlation=CorrelationStress(broken=True))
    far = BOOK.outcomes(hedged, horizon=10)
    found = under_stress(BOOK, hedged, far, stress, seed=0)
    assert found["correlation_projection_distance"] == 0.0
    for grouped in found["mean_parts"]:
        assert sum(one["pnl"] for one in grouped["parts"]) == pytest.approx(found["mean"])
    with pytest.raises(RefusedError, match="GME"):
        under_stress(BOOK, hedged, far, Stress(name="x", shocks={"GME": "-10%"}), seed=0)
