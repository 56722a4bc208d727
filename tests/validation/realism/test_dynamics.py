import numpy as np
import pytest

from validation.realism.dynamics import LONGEST_LAG, leverage_effect, volatility_clustering
from validation.realism.sample import PathSample
from validation.simulators import KnownMarket

PHI = 0.7


def sample(moves):
    return PathSample(moves, np.ones(moves.shape[2], dtype=bool))


def test_absolute_moves_of_a_gaussian_autoregression(generator):
    """E|xy| of two normals of correlation r is (2 / pi)(sqrt(1 - r^2) + r asin r)."""
    moves = generator.normal(size=(30_000, 12, 1))
    for step in range(1, 12):
        moves[:, step] = PHI * moves[:, step - 1] + np.sqrt(1 - PHI**2) * moves[:, step]
    found = volatility_clustering(sample(moves), seed=0, draws=2).values
    r = PHI ** np.arange(1, 12)
    expected = (np.sqrt(1 - r**2) + r * np.arcsin(r) - 1) * (2 / np.pi) / (1 - 2 / np.pi)
    np.testing.assert_allclose(found, expected, atol=0.012)


def test_lags_end_at_twenty_or_with_the_path(generator):
    for steps, lags in ((30, LONGEST_LAG), (6, 5)):
        found = volatility_clustering(sample(generator.normal(size=(9, steps, 1))), seed=0, draws=2)
        assert found.values.size == lags


def test_losses_raise_volatility_where_the_law_says_so():
    gjr, symmetric = (
        leverage_effect(sample(market.paths(20_000, 8, seed=1)), seed=0, draws=100)
        for market in (
            KnownMarket(assets=3, nu=20.0),
            KnownMarket(assets=3, nu=20.0, alpha=0.07, gamma=0.0),
        )
    )
    assert gjr.values.mean() < -5 * gjr.errors.mean(axis=1).std()
    assert abs(symmetric.values.mean()) < 4 * symmetric.errors.mean(axis=1).std()


def test_one_session_has_no_next(generator):
    with pytest.raises(ValueError, match="two sessions at least"):
        leverage_effect(sample(generator.normal(size=(9, 1, 1))), seed=0, draws=2)
