import numpy as np
import pytest

from models.base import ScenarioModel
from models.scenarios.filtered import FilteredHistory
from models.scenarios.liquid import Liquid, whole_set
from models.scenarios.liquidity import fit_liquidity, recent_squares


@pytest.fixture(scope="module")
def model(sample):
    """Spreads that are a tenth of what has moved lately, give or take a fifth."""
    squares = sample.filtered.residual**2 * sample.filtered.variance[:-1]
    noise = np.exp(0.2 * np.random.default_rng(4).normal(size=squares.shape))
    spread = 0.1 * np.sqrt(recent_squares(squares)) * noise
    spread[:, 2] = np.nan  # a yield has none
    return Liquid(FilteredHistory.of(sample.filtered), fit_liquidity(squares, spread, 1.0 / noise))


def test_the_moves_are_those_of_the_generator(model):
    drawn = model.chunk(2, paths=300, horizon=5, seed=1)
    alone = model.model.chunk(2, paths=300, horizon=5, seed=1)
    np.testing.assert_array_equal(drawn.paths, alone.paths)
    weights = np.array([[0.5], [0.5], [0.0]])
    np.testing.assert_array_equal(
        model.pnl(2, weights, paths=300, horizon=5, seed=1),
        model.model.pnl(2, weights, paths=300, horizon=5, seed=1),
    )


def test_it_is_a_generator_like_any_other(model):
    assert isinstance(model, ScenarioModel)


def test_spreads_widen_on_the_paths_that_go_wild(model):
    drawn = model.chunk(0, paths=2048, horizon=10, seed=1)
    lately = np.abs(drawn.paths[:, 8:, 0]).mean(axis=1)
    wild, calm = lately > np.quantile(lately, 0.9), lately < np.quantile(lately, 0.5)
    last = drawn.spread[:, 9, 0]
    assert last[wild].mean() > 1.8 * last[calm].mean()
    assert np.isnan(drawn.spread[..., 2]).all()


def test_moves_that_a_stress_has_tripled_are_given_the_spreads_they_lead_to(model):
    drawn = model.chunk(0, paths=2048, horizon=10, seed=1)
    same = whole_set(model, drawn.paths, seed=1)
    np.testing.assert_array_equal(same.spread, drawn.spread)
    tripled = whole_set(model, 3 * drawn.paths, seed=1)
    wide, usual = (np.asarray(one.spread)[..., :2].mean() for one in (tripled, drawn))
    assert wide > 1.3 * usual


def test_the_manifest_says_whose_liquidity_is_known(model):
    told = model.description["liquidity"]
    assert told["spread_of"] == ["STOCK", "FUND"]
    assert told["depth_of"] == ["STOCK", "FUND"]
    assert model.description["generator"] == "fhs"
