"""A book of two: what inverting their correlation does is known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from features.market import truncate
from models.attribution import es_contributions
from models.explanations import holdings
from models.explanations.holdings import (
    filtered_returns,
    score_correlation,
    with_inverted_correlations,
)
from models.measures import expected_shortfall
from tests.flows.conftest import as_market, synthetic_closes

BLOCKS = {"bonds": np.array([False, True])}


@pytest.fixture
def two(generator: np.random.Generator) -> np.ndarray:
    """A thousand days of two normals of volatility 1%, correlated 0.8."""
    root = np.linalg.cholesky(np.array([[1.0, 0.8], [0.8, 1.0]]))
    return 0.01 * generator.normal(size=(1000, 2)) @ root.T


def test_two_that_moved_together_lose_less_apart(two: np.ndarray):
    """Of equal weights ES goes with the root of ``1 + rho``: a third is left of it."""
    (found,) = with_inverted_correlations(two, np.array([0.5, 0.5]), BLOCKS, alpha=0.975, seed=1)
    assert found.ratio == pytest.approx(np.sqrt(0.2 / 1.8), rel=0.1)
    assert found.distance == 0.0
    assert found.change == pytest.approx(np.sqrt(2.0) * 1.6, rel=0.05)


def test_a_hedge_that_turns_adds_to_the_loss(two: np.ndarray):
    (found,) = with_inverted_correlations(two, np.array([0.5, -0.5]), BLOCKS, alpha=0.975, seed=1)
    assert found.ratio == pytest.approx(np.sqrt(1.8 / 0.2), rel=0.1)


def test_the_worst_block_comes_first_and_the_whole_book_is_no_block(two: np.ndarray):
    three = np.column_stack([two, two[::-1, 0]])
    blocks = {
        "all": np.full(3, True),
        "hedge": np.array([False, True, False]),
        "other": np.array([False, False, True]),
    }
    found = with_inverted_correlations(
        three, np.array([0.5, -0.5, 0.1]), blocks, alpha=0.975, seed=1
    )
    assert [one.block for one in found] == ["hedge", "other"]
    assert found[0].before == found[1].before


def test_normal_scores_are_blind_to_the_unit_and_the_tails(two: np.ndarray):
    np.testing.assert_allclose(score_correlation(two), score_correlation(np.exp(100.0 * two)))
    assert score_correlation(two[:, :1]).tolist() == [[1.0]]


@pytest.fixture(scope="module")
def returns() -> np.ndarray:
    market = as_market(synthetic_closes(instruments=3, sessions=900))
    return filtered_returns(market, list(market.instruments), seed=0)


def test_contributions_add_up_to_the_book(returns: np.ndarray):
    weights = np.array([0.6, 0.6, -0.2])
    shares = es_contributions(returns * weights, alpha=0.975)
    assert shares.sum() == pytest.approx(expected_shortfall(returns @ weights, alpha=0.975))


def test_the_paths_have_the_sigma_of_today_and_not_of_their_time(returns: np.ndarray):
    """A filtered residual has variance one, so every path's scale is the forecast's."""
    market = as_market(synthetic_closes(instruments=3, sessions=900))
    filtered = holdings.filter_assets(market, list(market.instruments), as_of=market.as_of, seed=0)
    np.testing.assert_allclose(returns.std(axis=0), np.sqrt(filtered.state), rtol=0.1)


def test_what_comes_after_the_as_of_changes_no_path(returns: np.ndarray):
    closes = synthetic_closes(instruments=3, sessions=900)
    longer = closes.copy()
    longer.loc[closes.index[-1] + closes.index.freq] = 2.0 * closes.iloc[-1]
    later = truncate(as_market(longer), closes.index[-1])
    np.testing.assert_array_equal(filtered_returns(later, list(closes.columns), seed=0), returns)
