import numpy as np
import pytest

from models.scenarios.chunks import CHUNK
from models.scenarios.dynamic_correlation import correlation, dcc
from models.scenarios.rolling import OWN_QUANTILES, Draws, PathState, Session, own_ranks, triangles


def test_one_path_is_the_equations_as_written(sample, prepared, neural):
    rolled, factors, dynamics = neural.rolled, prepared.factors, dcc(0.05, 0.9)
    generator = np.random.default_rng(6)
    root = np.tril(generator.normal(size=(3, 3))) + 2 * np.eye(3)
    q = root @ root.T / 6
    draws = Draws(
        generator.standard_normal((1, 3)).astype(np.float32),
        np.empty((1, 0), np.float32),
        generator.integers(0, 65536, (1, 3)).astype(np.uint16),
        np.array([[1.0, 1.3]], np.float32),
    )
    state = PathState(sample.filtered.state[None].astype(np.float32), triangles(q[None, None]))
    session = Session(factors, dynamics, rolled.table, rolled.recursions)
    moves = np.empty((1, 3), np.float32)
    scores = session(draws, state, np.zeros(1, np.float32), moves)

    f = np.linalg.cholesky(q) @ draws.factor[0]
    own = factors.own * OWN_QUANTILES[draws.own[0]] * 1.3
    scale = np.sqrt(np.diag(factors.major @ q @ factors.major.T + factors.rest))
    expected = (factors.major @ f + own) / scale
    np.testing.assert_allclose(scores[0], expected, rtol=1e-4, atol=1e-5)
    assert np.abs(correlation(factors, q)).max() <= 1 + 1e-12
    nodes = np.linspace(-6.5, 6.5, rolled.table.shape[1])
    residual = [np.interp(x, nodes, law) for x, law in zip(expected, rolled.table, strict=True)]
    np.testing.assert_allclose(
        moves[0], 2e-4 + np.sqrt(sample.filtered.state) * residual, rtol=1e-3, atol=1e-6
    )
    after = 0.05 * np.eye(3) + 0.05 * np.outer(f, f) + 0.9 * q
    entries = np.tril_indices(3)
    np.testing.assert_allclose(state.covariance[0, :, 0], after[entries], rtol=1e-4, atol=1e-5)


def test_own_moves_have_the_moments_of_a_normal():
    ranks = own_ranks(np.random.Generator(np.random.Philox(1)), 50)
    assert ranks.shape == (CHUNK, 50)
    drawn = OWN_QUANTILES[ranks].astype(np.float64)
    assert drawn.mean() == pytest.approx(0.0, abs=0.01)
    assert drawn.var() == pytest.approx(1.0, abs=0.02)
    assert (drawn**4).mean() == pytest.approx(3.0, abs=0.1)
