"""Distances of joint moves against the chi distribution, where it is their law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi

from models.scenarios.plausible import distances

MIX = np.array([[0.02, 0.0, 0.0], [0.015, 0.01, 0.0], [-0.3, 0.1, 0.2]])


@pytest.fixture(scope="module")
def moves() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((100_000, 3)) @ MIX.T


def test_gaussian_distances_follow_chi(moves: np.ndarray):
    measure = distances(moves)
    for level in (1.0, 2.0, 3.0, 3.8):
        truth = float(chi(3).sf(level))
        error = np.sqrt(truth / 100_000)  # of a count of so many paths
        assert measure.exceeded(level) == pytest.approx(truth, abs=4 * error)


def test_beyond_all_paths_there_is_still_a_probability(moves: np.ndarray):
    measure = distances(moves)
    # One or two of the paths are expected beyond five: within a factor of three is all there is.
    assert abs(np.log(measure.exceeded(5.0) / chi(3).sf(5.0))) < np.log(3.0)
    assert measure.years_between(3.8, horizon=10) == pytest.approx(
        10 / 252 / chi(3).sf(3.8),
        rel=0.3,  # 240 paths are expected there
    )


def test_units_do_not_matter(moves: np.ndarray):
    scale = np.array([100.0, 0.01, 5.0])
    np.testing.assert_allclose(
        distances(moves * scale).of(moves[:50] * scale), distances(moves).of(moves[:50]), rtol=1e-6
    )


def test_one_asset_is_measured_in_its_standard_deviations():
    one = np.random.default_rng(1).standard_normal((5000, 1)) * 0.02
    measure = distances(one)
    assert measure.of(measure.centre[None] + 3.0 * one.std(ddof=1))[0] == pytest.approx(3.0)


def test_a_twin_carries_no_distance_of_its_own(moves: np.ndarray):
    doubled = np.column_stack([moves, moves[:, 0]])
    np.testing.assert_allclose(
        distances(doubled).of(doubled[:20]), distances(moves).of(moves[:20]), rtol=1e-6
    )


def test_few_paths_are_refused():
    with pytest.raises(ValueError, match="too few"):
        distances(np.zeros((100, 3)))
