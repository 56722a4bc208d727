# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false, reportOptionalOperand=false

import numpy as np
import pytest

from validation.realism.resampling import (
    Estimate,
    distance,
    estimated,
    resampled_counts,
    share_at_least,
)
from validation.realism.sample import PathSample


def mean(sample, weights):
    return weights @ sample.moves[:, 0] / weights.sum(axis=1, keepdims=True)


def test_each_resample_is_as_long_as_the_sample():
    counts = resampled_counts(37, block=5, draws=50, seed=0)
    assert set(counts.sum(axis=1)) == {37}


def test_a_block_as_long_as_the_circle_leaves_every_date_once():
    assert (resampled_counts(12, block=12, draws=20, seed=1) == 1).all()


def test_independent_paths_give_the_textbook_error_of_a_mean(generator):
    moves = generator.normal(size=(4_000, 1, 1))
    found = estimated(mean, PathSample(moves, np.ones(1, dtype=bool)), seed=0, draws=2_000)
    assert found.values[0] == pytest.approx(moves.mean())
    assert found.errors.std() == pytest.approx(moves.std() / np.sqrt(4_000), rel=0.06)


def test_blocks_widen_the_error_of_dependent_dates(generator):
    """Variance of the mean of an AR(1) is (1 + phi) / (1 - phi) times that of as many draws."""
    values = np.zeros(6_000)
    for at in range(1, values.size):
        values[at] = 0.6 * values[at - 1] + generator.standard_normal()
    sample = PathSample(values[:, None, None], np.ones(1, dtype=bool), block=60)
    found = estimated(mean, sample, seed=0, draws=400)
    widened = found.errors.var() / (values.var() / values.size)
    assert widened == pytest.approx(1.6 / 0.4, rel=0.3)


def test_paths_of_an_origin_are_drawn_together():
    moves = np.repeat([0.0, 1.0], 500)[:, None, None]
    sample = PathSample(moves, np.ones(1, dtype=bool), paths_per_date=500)
    found = estimated(mean, sample, seed=0, draws=200)
    assert set(found.resampled.ravel().tolist()) == {0.0, 0.5, 1.0}


def test_a_law_is_no_distance_from_itself():
    one = Estimate(np.array([1.0, 2.0]), np.array([[1.1, 2.0], [0.9, 2.2]]))
    figure = distance(one, one)
    assert (figure.value, figure.p_value, figure.inside) == (0.0, 1.0, 1.0)


def test_a_baseline_farther_away_is_told(generator):
    noise = generator.normal(scale=0.01, size=(3, 200, 4))
    near, real, far = (
        Estimate(np.full(4, at), at + one) for at, one in zip((0.1, 0.0, 0.5), noise, strict=True)
    )
    figure = distance(near, real, baseline=far)
    assert figure.value == pytest.approx(0.1)
    assert figure.baseline == pytest.approx(0.5)
    assert figure.low < 0.1 < figure.high
    assert figure.p_better == pytest.approx(1 / 201)
    assert figure.p_value == pytest.approx(1 / 201)


def test_equal_laws_give_p_values_as_small_as_they_say(generator):
    """Fifty tests of 5%: more than seven rejections have a chance of under 1%."""
    rejected = 0
    for seed in range(50):
        laws = (
            PathSample(generator.normal(size=(300, 1, 3)), np.ones(3, dtype=bool)) for _ in range(2)
        )
        one, other = (estimated(mean, law, seed=seed, draws=100) for law in laws)
        rejected += distance(one, other).p_value <= 0.05
    assert rejected <= 7


def test_no_share_is_zero():
    assert share_at_least(np.zeros(99), 1.0) == pytest.approx(0.01)
