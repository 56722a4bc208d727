import numpy as np
import pytest

from features.crosssection import BLOCKS
from models.scenarios.day_law import CONDITION
from models.scenarios.market_state import MarketState


def column(condition, name):
    return condition[:, CONDITION.index(name)]


@pytest.fixture
def history(generator):
    variance = 1e-4 * np.exp(generator.normal(size=(1001, 3)))
    scores = generator.standard_normal((1000, 3))
    state = MarketState.of(variance, ["equity", "equity", "credit"])
    return state, variance, scores, state.history(variance, scores, np.zeros((1001, 3)))


def test_ratios_are_means_of_log_volatility_over_its_usual_level(history):
    _, variance, _, condition = history
    log = 0.5 * np.log(variance) - (0.5 * np.log(variance)).mean(axis=0)
    np.testing.assert_allclose(column(condition, "volatility_market"), log.mean(axis=1), atol=1e-5)
    equity = column(condition, "volatility_equity")
    np.testing.assert_allclose(equity, log[:, :2].mean(axis=1), atol=1e-5)
    assert not column(condition, "volatility_commodity").any()


def test_regimes_are_probabilities_with_the_shares_they_are_named_for(history):
    *_, condition = history
    regimes = [column(condition, f"regime_{name}") for name in ("low", "high", "crisis")]
    np.testing.assert_allclose(sum(regimes), 1.0, atol=1e-6)
    assert min(regime.min() for regime in regimes) >= -1e-6
    likeliest = np.argmax(regimes, axis=0)
    assert (likeliest == 0).mean() == pytest.approx(0.85, abs=0.01)
    assert (likeliest == 2).mean() == pytest.approx(0.025, abs=0.01)


def test_a_condition_holds_what_came_before_its_session_only(history):
    state, variance, scores, condition = history
    changed = scores.copy()
    changed[600:] = 50.0
    other = state.history(variance, changed, np.zeros((1001, 3)))
    np.testing.assert_array_equal(condition[:601], other[:601])
    assert not np.array_equal(condition[601], other[601])


def test_stress_halves_in_five_sessions():
    state = MarketState.of(np.full((10, 1), 1e-4), ["equity"])
    stress = state.stress(np.zeros((1, len(BLOCKS)), np.float32), np.array([[-4.0]], np.float32))
    for _ in range(5):
        stress = state.stress(stress, np.zeros((1, 1), np.float32))
    assert stress[0, 0] == pytest.approx(-2.0, rel=1e-5)
    assert not stress[0, 1:].any()
