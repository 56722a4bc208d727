import numpy as np
import pytest

from models.scenarios.dynamic_correlation import correlation
from models.scenarios.factors import fit_factors


def test_with_all_components_the_correlation_is_exact(generator):
    mix = generator.standard_normal((6, 6))
    scores = generator.standard_normal((3000, 6)) @ mix
    scores = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    factors = fit_factors(scores, major=3, minor=2)
    found = correlation(factors, np.eye(3))
    assert np.abs(found - np.corrcoef(scores, rowvar=False)).max() < 0.05
    everything = fit_factors(scores, major=6, minor=0)
    assert (
        np.abs(correlation(everything, np.eye(6)) - np.corrcoef(scores, rowvar=False)).max() < 2e-3
    )  # the least share of its own that every asset keeps


def test_factors_are_uncorrelated_and_of_unit_variance(generator):
    scores = generator.standard_normal((2000, 1)) + generator.standard_normal((2000, 5))
    factors = fit_factors(scores / scores.std(axis=0), major=3)
    f = (scores / scores.std(axis=0) - (scores / scores.std(axis=0)).mean(axis=0)) @ (
        factors.projection.T
    )
    np.testing.assert_allclose(np.cov(f, rowvar=False), np.eye(3), atol=2e-3)


@pytest.mark.parametrize("nu", [6.0, 10.0])
def test_the_common_scale_of_own_moves_is_found(nu):
    generator = np.random.default_rng(8)
    own = generator.standard_normal((40_000, 40))
    own *= np.sqrt((nu - 2) / generator.chisquare(nu, 40_000))[:, None]
    assert fit_factors(own, major=1, minor=1).nu == pytest.approx(nu, rel=0.15)


def test_a_single_asset_has_one_factor_and_no_minor(generator):
    factors = fit_factors(generator.standard_normal((1000, 1)))
    assert factors.major.shape == (1, 1)
    assert factors.minor.shape == (1, 0)
    assert abs(factors.major[0, 0]) == pytest.approx(1.0)
