import numpy as np

from validation.realism.factors import factor_basis
from validation.realism.sample import PathSample


def sample(moves):
    return PathSample(moves, np.zeros(moves.shape[2], dtype=bool))


def test_factors_of_the_reference_are_uncorrelated_with_unit_variance(generator):
    law = sample(generator.normal(size=(500, 4, 6)) @ generator.normal(size=(6, 6)))
    points = factor_basis(law, factors=3).points(law).reshape(-1, 3)
    np.testing.assert_allclose(points.T @ points / len(points), np.eye(3), atol=1e-9)


def test_the_unit_of_an_asset_does_not_matter(generator):
    moves = generator.normal(size=(300, 2, 3)) @ generator.normal(size=(3, 3))
    one, other = (
        np.abs(factor_basis(law).points(law))
        for law in (sample(moves), sample(moves * [1.0, 100.0, 0.01]))
    )
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)


def test_an_asset_that_never_moves_is_no_factor(generator):
    moves = generator.normal(size=(300, 2, 3))
    moves[:, :, 1] = 0.0
    assert factor_basis(sample(moves)).directions.shape == (3, 2)
