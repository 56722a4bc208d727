"""The filter against Bayes by hand, a full sum over paths, and a market whose states are known."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from scipy.stats import norm

from features.splits import refit_windows
from infra.bench.switching import SIGMAS, Switching, switching_market
from models import hidden_markov
from models.hidden_markov import filtered_states


@pytest.fixture(scope="module")
def market() -> Switching:
    # Its first 500 sessions hold all three states: what was never seen cannot be known.
    return switching_market(np.random.default_rng(5), sessions=3000)


@pytest.fixture(scope="module")
def belief(market: Switching) -> np.ndarray:
    return filtered_states(market.returns, refit_windows(3000, first=500, every=1000)).belief


def test_the_filter_is_a_sum_over_all_paths():
    """Of six returns and two states: 64 paths, added up without any recursion."""
    returns = np.array([0.1, -1.2, 0.3, 2.5, -2.0, 0.2])
    moves = np.array([[0.9, 0.1], [0.3, 0.7]])
    mean, variance = np.array([0.1, -0.2]), np.array([0.5, 3.0])
    params = np.column_stack([mean, variance, moves])
    weight = np.zeros(2)
    for path in product((0, 1), repeat=6):
        # The first state is drawn by a move from an even belief.
        chance = 0.5 * moves[:, path[0]].sum()
        for before, after in pairwise(path):
            chance *= moves[before, after]
        law = norm.pdf(returns, mean[list(path)], np.sqrt(variance)[list(path)])
        weight[path[-1]] += chance * law.prod()
    np.testing.assert_allclose(
        hidden_markov._filter(returns, params)[-1], weight / weight.sum(), rtol=1e-12
    )


def test_an_unknown_return_moves_the_belief_by_the_transitions_alone():
    moves = np.array([[0.9, 0.1], [0.3, 0.7]])
    params = np.column_stack([np.zeros(2), np.array([1.0, 4.0]), moves])
    before, after = hidden_markov._filter(np.array([3.0, np.nan]), params)
    np.testing.assert_allclose(after, before @ moves)


def test_states_are_ordered_by_volatility_and_found(market: Switching):
    past = market.returns[:2500]
    found = hidden_markov._fit(past, 3).reshape(3, 5)
    assert (np.diff(found[:, 1]) > 0).all()
    np.testing.assert_allclose(np.sqrt(found[:, 1]), SIGMAS, rtol=0.15)
    np.testing.assert_allclose(found[:, 2:].sum(axis=1), 1.0)


def test_probabilities_are_right_as_often_as_they_say(market: Switching, belief: np.ndarray):
    """Of the sessions told a crisis with 80% or more, nine in ten and more are one."""
    served = np.isfinite(belief).all(axis=1)
    assert served.tolist() == (np.arange(3000) >= 499).tolist()
    np.testing.assert_allclose(belief[served].sum(axis=1), 1.0)
    crisis = (market.state == 2)[served]
    told = belief[served, 2]
    for low, high in ((0.0, 0.05), (0.8, 1.0)):
        here = (told >= low) & (told <= high)
        assert here.sum() > 100
        assert abs(crisis[here].mean() - told[here].mean()) < 0.06


def test_the_future_moves_no_belief(market: Switching, belief: np.ndarray):
    for size in (500, 1499, 1500, 2711):
        windows = refit_windows(size, first=500, every=1000)
        np.testing.assert_array_equal(
            filtered_states(market.returns[:size], windows).belief, belief[:size]
        )


def test_a_market_that_never_moved_is_in_some_state():
    belief = filtered_states(np.zeros(60), refit_windows(60, first=50, every=50)).belief
    np.testing.assert_allclose(belief[49:].sum(axis=1), 1.0)
