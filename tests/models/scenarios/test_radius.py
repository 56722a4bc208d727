"""Joint tails: lengths that are Student's become Gaussian and back, and crashes come together."""

import numpy as np
import pytest
import torch
from scipy import stats

from models.scenarios.radius import GAUSSIAN, LONGEST, Radius


def student(rows: int, factors: int, nu: float, *, seed: int) -> np.ndarray:
    """Spherical Student vectors of unit variance."""
    rng = np.random.default_rng(seed)
    mixing = np.sqrt((nu - 2.0) / rng.chisquare(nu, (rows, 1)))
    return rng.normal(size=(rows, factors)) * mixing


@pytest.mark.parametrize("nu", [3.0, 5.0, 20.0])
def test_student_vectors_get_gaussian_lengths(nu: float) -> None:
    lengths = np.linalg.norm(Radius(8, nu).gaussian(student(4_000, 8, nu, seed=1)), axis=1)
    assert stats.kstest(lengths, stats.chi(8).cdf).pvalue > 0.01


@pytest.mark.parametrize("nu", [4.0, 8.0])
def test_degrees_of_freedom_are_found(nu: float) -> None:
    assert Radius.of(student(6_000, 8, nu, seed=2)).nu == pytest.approx(nu, rel=0.15)


def test_gaussian_factors_are_hardly_stretched() -> None:
    radius = Radius.of(np.random.default_rng(3).normal(size=(6_000, 8)))
    assert radius.nu > 60.0
    torch.testing.assert_close(Radius(8, GAUSSIAN)(torch.ones(2, 8)), torch.ones(2, 8))


def test_the_stretch_is_undone() -> None:
    radius, factors = Radius(8, 5.0), student(2_000, 8, 5.0, seed=4)
    back = radius(torch.as_tensor(radius.gaussian(factors), dtype=torch.float32)).numpy()
    np.testing.assert_allclose(back, factors, rtol=2e-4, atol=1e-4)


def test_two_factors_crash_together_as_often_as_a_bivariate_student_law_says() -> None:
    generator = torch.Generator().manual_seed(5)
    noise = torch.randn(400_000, 2, generator=generator)
    below = stats.t.ppf(0.01, 4)
    law = stats.multivariate_t(np.zeros(2), np.eye(2), df=4, seed=6)
    expected = law.cdf([below, below]) / 0.01
    drawn = Radius(2, 4.0)(noise).numpy() < below / np.sqrt(2.0)  # unit variance
    assert drawn.all(axis=1).mean() / 0.01 == pytest.approx(expected, abs=0.01)
    assert expected > 5 * 0.01  # the Gaussian copula's share


def test_a_length_beyond_the_table_is_stretched_like_its_last() -> None:
    radius = Radius(2, 30.0)
    far = torch.tensor([[2.0 * LONGEST, 0.0]])
    torch.testing.assert_close(radius(far), far * radius.stretch[-1], rtol=1e-3, atol=0.0)
