import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap

from validation.stationary_bootstrap import BLOCK, mean_block, resampled_means


def test_means_are_over_the_dates_that_arch_draws(generator):
    series = generator.normal(size=(60, 3))
    theirs = StationaryBootstrap(BLOCK, series, seed=4).apply(lambda one: one.mean(axis=0), 300)
    np.testing.assert_allclose(resampled_means(series, seed=4, draws=300), theirs, atol=1e-12)


def test_scores_of_ten_sessions_are_resampled_in_longer_blocks(generator):
    assert [mean_block(horizon) for horizon in (1, 5, 10)] == [10, 10, 20]
    series = generator.normal(size=(60, 1))
    theirs = StationaryBootstrap(20, series, seed=4).apply(lambda one: one.mean(axis=0), 300)
    np.testing.assert_allclose(
        resampled_means(series, seed=4, draws=300, block=mean_block(10)), theirs, atol=1e-12
    )


def test_a_series_that_never_moves_keeps_its_mean():
    assert resampled_means(np.full((50, 1), 2.0), seed=0, draws=30) == pytest.approx(2.0)


def test_series_of_the_same_length_are_resampled_alike(generator):
    first, second = generator.normal(size=(2, 40, 1))
    together = resampled_means(np.hstack((first, second)), seed=1, draws=20)
    np.testing.assert_allclose(together[:, [1]], resampled_means(second, seed=1, draws=20))
