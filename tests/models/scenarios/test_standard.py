"""No generator may lose variance: the map gives its draws the training moments, whatever it did."""

import numpy as np
import pytest
import torch

from models.scenarios.standard import SESSIONS_A_FACTOR, Standard


def market(rows: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlated factors off zero, heavy tailed, wider where the condition is high."""
    rng = np.random.default_rng(seed)
    condition = rng.normal(size=(rows, 2))
    mixing = np.exp(0.3 * condition[:, [0]]) * np.sqrt(6.0 / rng.chisquare(8, (rows, 1)))
    shape = np.array([[1.0, 0.0, 0.0], [0.5, 0.9, 0.0], [0.0, 0.3, 0.8]])
    return rng.normal(size=(rows, 3)) @ shape.T * mixing + 0.2, condition


def test_the_map_takes_its_vectors_to_the_training_factors() -> None:
    factors, condition = market(1_000, seed=1)
    standard, known, vectors = Standard.of(factors, condition)
    np.testing.assert_allclose(standard(vectors, known), factors, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kept", [0.5, 0.9, 1.0])
def test_a_generator_that_lost_variance_gets_it_back(kept: float) -> None:
    factors, condition = market(2_000, seed=2)
    standard, known, _ = Standard.of(factors, condition)
    generator = torch.Generator().manual_seed(3)
    repeated = known.repeat(20, 1)
    shrunk = kept * torch.randn(len(repeated), 3, generator=generator) - 0.1
    drawn = standard.matched(shrunk, repeated)(shrunk, repeated).numpy()
    np.testing.assert_allclose(drawn.mean(axis=0), factors.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(factors.T), rtol=1e-2, atol=1e-3)


def test_the_unit_map_changes_nothing() -> None:
    vectors = torch.randn(50, 4, generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close(Standard.unit(4, 2)(vectors, torch.ones(50, 2)), vectors)


def test_it_comes_back_from_tensors_unchanged() -> None:
    standard, known, vectors = Standard.of(*market(500, seed=5))
    back = Standard.from_tensors(standard.tensors())
    torch.testing.assert_close(back(vectors, known), standard(vectors, known), rtol=0.0, atol=0.0)


def test_what_cannot_be_learned_from_is_refused() -> None:
    factors, condition = market(500, seed=6)
    with pytest.raises(ValueError, match="one row per session, got 499 rows for 500"):
        Standard.of(factors, condition[1:])
    few = 3 * SESSIONS_A_FACTOR - 1
    with pytest.raises(ValueError, match=f"{few} sessions cannot teach .* at least {few + 1}"):
        Standard.of(factors[:few], condition[:few])
    factors[7, 1] = np.nan
    with pytest.raises(ValueError, match="must be finite, got 1 values"):
        Standard.of(factors, condition)
