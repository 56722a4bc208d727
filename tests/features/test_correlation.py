"""Correlations against pandas, naive loops over pairs, and algebra."""

import itertools

import numpy as np
import pandas as pd
import pytest

from features.correlation import absorption, average_correlation, correlation

NAN = np.nan


def one_factor(generator: np.random.Generator, time: int, assets: int, *, rho: float) -> np.ndarray:
    """Standard normal moves with the same correlation for every pair."""
    common = generator.normal(size=(time, 1))
    return np.sqrt(rho) * common + np.sqrt(1.0 - rho) * generator.normal(size=(time, assets))


def test_correlation_agrees_with_pandas(generator: np.random.Generator):
    x, y = (pd.Series(column) for column in one_factor(generator, 300, 2, rho=0.6).T)
    x[50], y[70] = NAN, NAN
    both = x.notna() & y.notna()
    x, y = x.where(both), y.where(both)
    mean = {"halflife": 20, "adjust": True, "ignore_na": False}
    expected = (x * y).ewm(**mean).mean() / np.sqrt(
        (x**2).ewm(**mean).mean() * (y**2).ewm(**mean).mean()
    )
    computed = correlation(x.to_numpy(), y.to_numpy(), half_life=20.0)
    np.testing.assert_allclose(computed[1:], expected[1:], rtol=1e-10)


def test_average_correlation_is_the_mean_over_all_pairs(generator: np.random.Generator):
    moves = one_factor(generator, 40, 5, rho=0.5)
    moves[10, 2] = moves[11, :4] = NAN  # four assets at one time, a single one at the next
    half_life = 7.0
    above = below = 0.0
    for age, row in enumerate(moves[::-1]):
        known = row[np.isfinite(row)]
        if len(known) < 2:
            continue
        weight = 0.5 ** (age / half_life)
        above += weight * np.mean([a * b for a, b in itertools.combinations(known, 2)])
        below += weight * np.mean(known**2)
    assert average_correlation(moves, half_life=half_life)[-1] == pytest.approx(above / below)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.9])
def test_average_correlation_finds_the_correlation(generator: np.random.Generator, rho: float):
    moves = one_factor(generator, 4000, 20, rho=rho)
    found = average_correlation(moves, half_life=2000.0)[-1]
    assert found == pytest.approx(rho, abs=0.03)


def test_with_two_blocks_absorption_is_the_size_of_their_correlation(
    generator: np.random.Generator,
):
    """The eigenvalues of a two by two correlation matrix are one plus and minus rho."""
    moves = one_factor(generator, 200, 2, rho=0.5) * np.array([1.0, -3.0])
    expected = np.abs(correlation(moves[:, 0], moves[:, 1], half_life=30.0))
    np.testing.assert_allclose(absorption(moves, half_life=30.0), expected, rtol=1e-10)


def test_absorption_is_one_where_one_factor_is_all_and_scale_free(generator: np.random.Generator):
    common = generator.normal(size=(50, 1))
    one = absorption(common * np.array([1.0, -2.0, 0.1]), half_life=10.0)
    np.testing.assert_allclose(one, 1.0)


def test_absorption_of_equal_correlations_is_that_correlation(generator: np.random.Generator):
    """With k equally correlated blocks the first eigenvalue is 1 + (k - 1) rho."""
    moves = one_factor(generator, 20_000, 4, rho=0.4)
    assert absorption(moves, half_life=10_000.0)[-1] == pytest.approx(0.4, abs=0.02)


def test_a_block_that_does_not_exist_yet_is_left_out(generator: np.random.Generator):
    moves = one_factor(generator, 100, 3, rho=0.5)
    moves[:50, 2] = NAN
    late = absorption(moves, half_life=10.0)
    np.testing.assert_array_equal(late[:50], absorption(moves[:50, :2], half_life=10.0))
    assert np.isfinite(late[70:]).all()
    assert np.isnan(absorption(moves[:, :1], half_life=10.0)).all()
