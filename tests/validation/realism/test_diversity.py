import numpy as np
import pytest

from validation.realism.diversity import (
    coverage,
    diversity_figures,
    duplicate_share,
    effective_rank,
    expected_coverage,
)
from validation.realism.factors import factor_basis
from validation.realism.sample import PathSample


def sample(moves):
    return PathSample(moves, np.ones(moves.shape[2], dtype=bool))


@pytest.mark.parametrize("dimensions", [1, 3, 6])
def test_equal_variances_count_each_dimension(dimensions):
    points = np.zeros((2 * dimensions, 8))
    points[:, :dimensions] = np.vstack((np.eye(dimensions), -np.eye(dimensions)))
    assert effective_rank(points) == pytest.approx(dimensions)


def test_two_unequal_variances_by_hand():
    """Shares 0.8 and 0.2: exp(0.8 ln 1.25 + 0.2 ln 5)."""
    points = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert effective_rank(points) == pytest.approx(np.exp(0.8 * np.log(1.25) + 0.2 * np.log(5)))


def test_a_point_has_no_dimension():
    assert effective_rank(np.ones((5, 3))) == 0.0


def test_repeated_paths_are_counted_beyond_the_first():
    moves = np.array([1.0, 2.0, 1.0, 1.0, 3.0])[:, None, None]
    assert duplicate_share(moves) == pytest.approx(2 / 5)


@pytest.mark.parametrize("draw", ["standard_normal", "standard_cauchy"])
def test_coverage_of_equal_laws_does_not_depend_on_the_law(generator, draw):
    """Naeem et al. (2020), lemma 2: with as many points on both sides about 1 - 2^-k."""
    found = [
        coverage(*(getattr(generator, draw)((200, 3)) for _ in range(2)), neighbours=2)
        for _ in range(30)
    ]
    expected = expected_coverage(200, 200, neighbours=2)
    assert expected == pytest.approx(0.75, abs=0.003)
    assert np.mean(found) == pytest.approx(expected, abs=0.02)


def test_collapsed_modes_cover_little(generator):
    real = sample(generator.normal(size=(400, 5, 3)))
    modes = generator.normal(size=(20, 5, 3))
    mine = sample(modes[generator.integers(20, size=400)])
    basis = factor_basis(real)
    collapsed = diversity_figures(mine, real, basis=basis, baseline=real, seed=0)
    assert collapsed["coverage"].value < 0.5  # pyright: ignore[reportOptionalOperand]
    assert collapsed["duplicates"].value == pytest.approx(0.95)
    assert collapsed["effective_rank"].value < 0.95  # pyright: ignore[reportOptionalOperand]
    assert collapsed["duplicates"].baseline == 0.0
