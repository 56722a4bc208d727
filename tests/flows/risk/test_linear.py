"""A rebalanced book on scenarios: its compounded return, shared out without a rest."""

from __future__ import annotations

import numpy as np
import pytest

from features.instruments import Instrument
from flows.refusal import RefusedError
from flows.risk.linear import compounded, linear_outcomes
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset

INSTRUMENTS = {
    "SPY": Instrument("SPY", "equity", "USD", "price", "log"),
    "TLT": Instrument("TLT", "government bond", "USD", "price", "log"),
    "UST10Y": Instrument("UST10Y", "rate", "USD", "rate", "diff"),
}
ASSETS = tuple(
    Asset(name, one.kind, one.move, one.currency, 100.0) for name, one in INSTRUMENTS.items()
)


def scenarios(paths: int = 20_000, steps: int = 10) -> ScenarioSet:
    moves = np.random.default_rng(0).normal(0, 0.02, (paths, steps, 3)).astype(np.float32)
    return ScenarioSet(moves, ASSETS)


def test_two_sessions_by_hand():
    # +10% and -10% in one half of the book: 1.05 x 0.95 - 1, with nothing from the other.
    moves = np.log(np.array([[[1.1, 1.0], [0.9, 1.0]]]))
    told = compounded(moves, np.array([0.5, 0.5]))
    np.testing.assert_allclose(told, [[0.05 - 0.05 * 1.05, 0.0]])
    assert told.sum() == pytest.approx(1.05 * 0.95 - 1.0)


def test_parts_sum_to_the_compounded_return():
    told = scenarios()
    book = {"TLT": 1.3, "SPY": -0.5}
    found = linear_outcomes(book, told, horizon=10, instruments=INSTRUMENTS)
    simple = np.expm1(told.moves.astype(np.float64))
    returns = 1.3 * simple[:, :, 1] - 0.5 * simple[:, :, 0]
    np.testing.assert_allclose(found.total, np.prod(1 + returns, axis=1) - 1, atol=1e-12)
    assert found.groups["asset_class"] == ("government bond", "equity")


def test_the_first_session_of_ten_is_a_horizon_of_one():
    told = scenarios()
    found = linear_outcomes({"SPY": 1.0}, told, horizon=1, instruments=INSTRUMENTS)
    np.testing.assert_allclose(found.total, np.expm1(told.moves[:, 0, 0].astype(np.float64)))


def test_two_half_positions_are_one():
    told = scenarios(100)
    whole = linear_outcomes({"SPY": 1.0}, told, horizon=5, instruments=INSTRUMENTS)
    twin = ScenarioSet(
        np.concatenate([told.moves, told.moves[:, :, :1]], axis=2),
        (*ASSETS, Asset("IVV", "price", "log", "USD", 100.0)),
    )
    named = {**INSTRUMENTS, "IVV": INSTRUMENTS["SPY"]}
    halves = linear_outcomes({"SPY": 0.5, "IVV": 0.5}, twin, horizon=5, instruments=named)
    np.testing.assert_allclose(halves.total, whole.total)


@pytest.mark.parametrize(
    ("book", "horizon", "reason"),
    [
        ({"GME": 1.0}, 1, "GME of the book is not in the set"),
        ({"UST10Y": 1.0}, 1, "a risk factor"),
        ({"SPY": 1.0}, 11, "horizon"),
        ({"SPY": 1.0}, 0, "horizon"),
    ],
)
def test_what_the_set_cannot_answer_is_refused(book: dict[str, float], horizon: int, reason: str):
    with pytest.raises(RefusedError, match=reason):
        linear_outcomes(book, scenarios(10), horizon=horizon, instruments=INSTRUMENTS)
