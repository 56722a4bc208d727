from dataclasses import replace

import numpy as np
import pytest

from models.scenarios.filtered import FilteredHistory, Recursions


@pytest.fixture
def model(sample):
    return FilteredHistory.of(sample.filtered)


def free(model):
    """The same generator without the training range, for closed forms."""
    one = model.recursions
    return replace(
        model,
        recursions=replace(
            one, least=np.zeros(3, np.float32), greatest=np.full(3, np.inf, np.float32)
        ),
    )


def closed_form(z, params, state, horizon):
    """Variance of a sum of GJR moves whose residuals are drawn from ``z`` of mean zero."""
    growth = float(np.mean((params.alpha + params.gamma * (z < 0)) * z**2)) + params.beta
    total, expected = 0.0, state
    for _ in range(horizon):
        total += float(np.mean(z**2)) * expected
        expected = params.omega + growth * expected
    return total


def test_ten_session_variance_is_the_garch_closed_form(sample):
    filtered = sample.filtered
    centred = filtered.residual - filtered.residual.mean(axis=0)
    model = free(FilteredHistory.of(replace(filtered, residual=centred)))
    paths = np.concatenate(
        [model.chunk(i, paths=2048, horizon=10, seed=1).paths for i in range(60)]
    ).astype(np.float64)
    for asset in range(3):
        expected = closed_form(centred[:, asset], filtered.params[asset], filtered.state[asset], 10)
        assert paths[:, :, asset].sum(axis=1).var() == pytest.approx(expected, rel=0.02)


def test_each_session_of_a_path_is_one_past_session_of_all_assets(sample, model):
    moves = model.chunk(0, paths=50, horizon=1, seed=3).paths[:, 0].astype(np.float64)
    drawn = (moves - 2e-4) / np.sqrt(sample.filtered.state)
    for row in drawn:
        assert np.abs(sample.filtered.residual - row).max(axis=1).min() < 1e-4


def test_moves_follow_the_recursion_as_it_is_written(sample, model):
    rows = model.rows(0, horizon=5, seed=2)[:20]
    moves = model.chunk(0, paths=20, horizon=5, seed=2).paths
    params, (low, high) = sample.filtered.params[0], sample.filtered.limits
    for path in range(20):
        variance = sample.filtered.state.copy()
        for step in range(5):
            shock = np.sqrt(variance) * sample.filtered.residual[rows[path, step]]
            np.testing.assert_allclose(moves[path, step], params.mu + shock, rtol=2e-5, atol=1e-8)
            slope = params.alpha + params.gamma * (shock < 0)
            variance = np.clip(params.omega + slope * shock**2 + params.beta * variance, low, high)


def test_the_variance_never_leaves_its_training_range(sample):
    filtered = replace(sample.filtered, residual=sample.filtered.residual * 30)
    model = FilteredHistory.of(filtered)
    rows = model.rows(0, horizon=60, seed=0)[:200]
    moves = np.abs(model.trajectories(rows).astype(np.float64) - 2e-4)
    largest = np.sqrt(filtered.limits[1]) * np.abs(filtered.residual).max(axis=0)
    assert (moves <= largest * (1 + 1e-5)).all()


def test_profit_is_that_of_the_paths(model):
    weights = np.array([[0.6, 1.0], [-0.2, 0.0], [0.0, 0.0]])
    pnl = model.pnl(4, weights, paths=300, horizon=10, seed=9)
    paths = model.chunk(4, paths=300, horizon=10, seed=9).paths.astype(np.float64)
    returns = np.where(weights.any(axis=1), np.expm1(paths), 0.0) @ weights
    np.testing.assert_allclose(pnl, np.prod(1 + returns, axis=1) - 1, atol=2e-6)


def test_a_shorter_set_is_the_beginning_of_a_longer_one(model):
    long = model.chunk(1, paths=500, horizon=20, seed=5).paths
    short = model.chunk(1, paths=100, horizon=7, seed=5).paths
    np.testing.assert_array_equal(long[:100, :7], short)


def test_assets_twice_as_volatile_move_twice_as_far(sample, model):
    """Positive scaling: parameters of doubled moves, doubled scenarios."""
    one = model.recursions
    four = np.float32(4.0)
    doubled = Recursions(
        one.mean * 2, one.omega * four, one.alpha, one.gamma, one.beta,
        one.state * four, one.least * four, one.greatest * four,
    )  # fmt: skip
    twice = replace(model, recursions=doubled)
    np.testing.assert_allclose(
        twice.chunk(0, paths=50, horizon=10, seed=0).paths,
        2 * model.chunk(0, paths=50, horizon=10, seed=0).paths,
        rtol=1e-5,
    )
