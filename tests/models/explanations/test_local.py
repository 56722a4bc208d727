"""A line is found where there is one, and owned up to where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from models.explanations.local import local_line

AT = np.array([0.5, -1.0, 2.0])


@pytest.fixture
def background(generator: np.random.Generator) -> np.ndarray:
    return np.array([1.0, 0.0, -1.0]) + generator.normal(size=(60, 3)) * [1.0, 2.0, 0.5]


def test_a_linear_forecast_is_recovered(background: np.ndarray):
    slope = np.array([0.3, -0.2, 0.0])
    found = local_line(lambda x: 1.0 + x @ slope, AT, background, seed=1)
    np.testing.assert_allclose(found.slope, slope, atol=2e-3)
    np.testing.assert_allclose(found.share, slope * (AT - background.mean(axis=0)), atol=4e-3)
    assert found.r2 > 0.999


def test_what_is_not_known_behind_does_not_bend_the_line(background: np.ndarray):
    background[::3, 0] = np.nan
    found = local_line(lambda x: 0.4 * x[:, 0], AT, background, seed=1)
    np.testing.assert_allclose(found.slope, [0.4, 0.0, 0.0], atol=2e-3)
    assert found.share[0] == pytest.approx(0.4 * (0.5 - np.nanmean(background[:, 0])), abs=2e-3)


def test_a_forecast_that_is_no_line_has_a_low_r2(background: np.ndarray):
    found = local_line(lambda x: np.cos(9.0 * x[:, 0]), AT, background, seed=1)
    assert found.r2 < 0.2


def test_the_same_seed_gives_the_same_line(background: np.ndarray):
    one, again = (local_line(lambda x: x[:, 0] ** 2, AT, background, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.slope, again.slope)
