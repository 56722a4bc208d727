"""Weights that meet views: solved by hand, by closed form, and refused where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.scenarios.entropy_pooling import effective_paths, entropy_pooling


def test_a_coin_gets_the_probability_that_was_asked_for():
    coin = np.array([[0.0], [1.0]])
    pooled = entropy_pooling(coin, np.array([0.8]))
    np.testing.assert_allclose(pooled.weights, [0.2, 0.8], atol=1e-6)
    by_hand = 0.2 * np.log(0.2 / 0.5) + 0.8 * np.log(0.8 / 0.5)
    assert pooled.relative_entropy == pytest.approx(by_hand, abs=1e-6)


def test_paths_alike_in_what_is_asked_keep_their_odds():
    values = np.array([[0.0], [1.0], [1.0]])
    pooled = entropy_pooling(values, np.array([0.9]), prior=np.array([0.5, 0.1, 0.4]))
    np.testing.assert_allclose(pooled.weights, [0.1, 0.18, 0.72], atol=1e-6)


def test_moving_a_gaussian_mean_costs_half_its_square():
    sample = np.random.default_rng(0).standard_normal((200_000, 1))
    pooled = entropy_pooling(sample, np.array([0.5]))
    assert pooled.relative_entropy == pytest.approx(0.5**2 / 2, rel=0.02)
    mean = float(pooled.weights @ sample[:, 0])
    variance = float(pooled.weights @ (sample[:, 0] - mean) ** 2)
    assert variance == pytest.approx(1.0, abs=0.02)  # a tilt moves a Gaussian and no more


def test_views_that_hold_already_change_nothing():
    sample = np.random.default_rng(1).standard_normal((1000, 2))
    pooled = entropy_pooling(sample, sample.mean(axis=0))
    np.testing.assert_allclose(pooled.weights, 1e-3, rtol=1e-6)
    assert pooled.effective_paths == pytest.approx(1000)


def test_what_no_path_shows_is_refused():
    sample = np.random.default_rng(2).standard_normal((100, 1))
    with pytest.raises(ValueError, match="within what the paths show"):
        entropy_pooling(sample, np.array([9.0]))


def test_views_that_contradict_each_other_are_refused():
    value = np.random.default_rng(3).standard_normal(1000)
    twice = np.column_stack([value, value])
    with pytest.raises(ValueError, match="cannot hold together"):
        entropy_pooling(twice, np.array([0.5, -0.5]))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-0.8, 0.8), st.floats(-0.8, 0.8))
def test_views_hold_and_weights_are_probabilities(seed: int, first: float, second: float):
    sample = np.random.default_rng(seed).standard_normal((2000, 2))
    pooled = entropy_pooling(sample, np.array([first, second]))
    assert pooled.weights.sum() == pytest.approx(1.0)
    assert (pooled.weights >= 0).all()
    np.testing.assert_allclose(pooled.weights @ sample, [first, second], atol=1e-5)
    assert 1.0 <= pooled.effective_paths <= 2000.0 + 1e-6


def test_one_path_that_decides_all_is_one_path():
    assert effective_paths(np.array([0.0, 1.0, 0.0])) == pytest.approx(1.0)
