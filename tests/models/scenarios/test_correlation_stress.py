"""Correlation stress: published projections, exact marginals, and the correlation asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from models.scenarios.correlation_stress import (
    broken,
    inverted,
    nearest_correlation,
    rejoined,
    towards_one,
)


def test_the_published_example_is_reproduced():
    # Higham (2002), section 4: the nearest correlation matrix of the 3 by 3 example.
    asked = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    told = nearest_correlation(asked)
    np.testing.assert_allclose(told.matrix[0], [1.0, 0.7607, 0.1573], atol=1e-4)
    assert told.distance == pytest.approx(0.5278, abs=1e-4)


def test_a_correlation_matrix_stays_as_it_is():
    asked = np.array([[1.0, 0.3], [0.3, 1.0]])
    told = nearest_correlation(asked)
    assert told.distance == 0.0
    np.testing.assert_array_equal(told.matrix, asked)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 8))
def test_what_comes_out_is_always_a_correlation_matrix(seed: int, size: int):
    noise = np.random.default_rng(seed).uniform(-1, 1, (size, size))
    asked = np.triu(noise, 1) + np.triu(noise, 1).T + np.eye(size)
    matrix = nearest_correlation(asked).matrix
    assert np.linalg.eigvalsh(matrix)[0] > -1e-8
    np.testing.assert_allclose(np.diag(matrix), 1.0)
    assert np.abs(matrix).max() <= 1.0 + 1e-9


@pytest.mark.parametrize(
    "asked",
    [
        np.array([[1.0, 0.5], [0.4, 1.0]]),
        np.array([[2.0, 0.5], [0.5, 1.0]]),
        np.array([[1.0, np.nan], [np.nan, 1.0]]),
    ],
)
def test_what_is_no_matrix_of_correlations_is_refused(asked: np.ndarray):
    with pytest.raises(ValueError, match="symmetric"):
        nearest_correlation(asked)


def test_the_mean_is_raised_to_the_level():
    matrix = np.array([[1.0, 0.2, -0.1], [0.2, 1.0, 0.4], [-0.1, 0.4, 1.0]])
    raised = towards_one(matrix, 0.9)
    off = ~np.eye(3, dtype=bool)
    assert raised[off].mean() == pytest.approx(0.9)
    assert np.linalg.eigvalsh(raised)[0] >= 0
    np.testing.assert_array_equal(towards_one(raised, 0.5), raised)
    for level in (0.0, 1.0, 90.0):
        with pytest.raises(ValueError, match="level"):
            towards_one(matrix, level)


def test_inversion_flips_between_blocks_only():
    matrix = np.array([[1.0, 0.5, -0.3], [0.5, 1.0, -0.2], [-0.3, -0.2, 1.0]])
    told = inverted(matrix, np.array([False, False, True]))
    np.testing.assert_allclose(told.matrix, np.abs(matrix))
    assert told.distance == 0.0


@pytest.fixture(scope="module")
def moves() -> np.ndarray:
    draws = np.random.default_rng(0).standard_t(4, (20_000, 5, 3))
    return (draws * np.array([0.01, 0.02, 0.05])).astype(np.float32)


@pytest.mark.parametrize("rho", [0.9, -0.4, 0.0])
def test_paths_meet_as_they_were_told_to(moves: np.ndarray, rho: float):
    target = np.eye(3) + rho * (np.ones((3, 3)) - np.eye(3))
    told = rejoined(moves, target, generator=np.random.default_rng(1))
    ranks = np.column_stack([rankdata(x) for x in told.sum(axis=1).T]) / 20_001
    np.testing.assert_allclose(np.corrcoef(norm.ppf(ranks), rowvar=False), target, atol=0.02)


def test_every_asset_keeps_its_own_paths(moves: np.ndarray):
    told = rejoined(moves, broken(np.eye(3)), generator=np.random.default_rng(1))
    for asset in range(3):
        before = moves[np.lexsort(moves[:, ::-1, asset].T), :, asset]
        after = told[np.lexsort(told[:, ::-1, asset].T), :, asset]
        np.testing.assert_array_equal(after, before)
