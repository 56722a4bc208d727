import numpy as np
import pytest
from scipy.stats import norm

from models.scenarios.gaussian import gaussian
from models.scenarios.preparation import prepare

BLOCKS = ("equity", "government", "")


@pytest.fixture(scope="module")
def prepared(sample):
    return prepare(sample.filtered, blocks=BLOCKS, macro=np.zeros((1501, 3)), kind="static")


@pytest.fixture(scope="module")
def moves(prepared):
    model = gaussian(prepared)
    chunks = [model.chunk(i, paths=2048, horizon=1, seed=3).paths[:, 0] for i in range(60)]
    return np.concatenate(chunks).astype(np.float64)


def test_one_session_has_the_quantiles_of_a_normal_with_todays_variance(sample, moves):
    filtered = sample.filtered
    spread = np.sqrt(filtered.state) * filtered.residual.std(axis=0)
    centre = 2e-4 + np.sqrt(filtered.state) * filtered.residual.mean(axis=0)
    for tail in (0.01, 0.25, 0.5, 0.75, 0.99):
        expected = centre + spread * norm.ppf(tail)
        assert np.quantile(moves, tail, axis=0) == pytest.approx(expected, abs=0.03 * spread.max())


def test_correlation_is_that_of_the_scores(prepared, moves):
    np.testing.assert_allclose(
        np.corrcoef(moves, rowvar=False), np.corrcoef(prepared.scores, rowvar=False), atol=0.012
    )


def test_a_book_of_one_session_is_normal_with_the_matrix_products_variance(prepared, moves):
    model = gaussian(prepared)
    weights = np.array([[0.01], [0.02], [0.0]])  # small: a simple return is then a log return
    pnl = np.concatenate(
        [model.pnl(i, weights, paths=2048, horizon=1, seed=3)[:, 0] for i in range(60)]
    )
    covariance = np.cov(moves, rowvar=False)
    expected = np.sqrt((weights.T @ covariance @ weights).item())
    assert pnl.std() == pytest.approx(expected, rel=0.01)


def test_the_set_does_not_depend_on_how_many_paths_are_asked_for(prepared):
    model = gaussian(prepared)
    many = model.chunk(2, paths=900, horizon=6, seed=1).paths
    few = model.chunk(2, paths=30, horizon=4, seed=1).paths
    np.testing.assert_array_equal(many[:30, :4], few)
