import numpy as np
import pytest
from scipy.stats import multivariate_t
from scipy.stats import t as student

from validation.realism.dependence import (
    MOST_ASSETS,
    correlations,
    judged_assets,
    lower_tail_dependence,
)
from validation.realism.sample import PathSample

RHO, NU = 0.5, 4.0


def joint_t(generator, n):
    return multivariate_t.rvs(
        shape=[[1, RHO], [RHO, 1]], df=NU, size=n, random_state=generator
    ).reshape(-1, 5, 2)


def sample(moves):
    return PathSample(moves, np.zeros(moves.shape[2], dtype=bool))


def test_correlation_is_numpys_of_sessions_and_of_whole_paths(generator):
    moves = generator.normal(size=(300, 4, 3)) @ generator.normal(size=(3, 3))
    pairs = np.triu_indices(3, k=1)
    by_session = correlations(sample(moves), seed=0, draws=2).values
    np.testing.assert_allclose(by_session, np.corrcoef(moves.reshape(-1, 3).T)[pairs], rtol=1e-4)
    over = correlations(sample(moves), seed=0, draws=2, whole=True).values
    np.testing.assert_allclose(over, np.corrcoef(moves.sum(axis=1).T)[pairs], rtol=1e-4)


def test_the_band_of_a_normal_correlation_is_the_textbooks(generator):
    """Standard error (1 - rho^2) / sqrt(n)."""
    moves = generator.multivariate_normal([0, 0], [[1, RHO], [RHO, 1]], size=4_000)[:, None]
    errors = correlations(sample(moves), seed=0, draws=800).errors
    assert errors.std() == pytest.approx((1 - RHO**2) / np.sqrt(4_000), rel=0.1)


def test_lower_tail_dependence_of_a_t_copula(generator):
    """Chance of both below their 5% quantile, from the joint distribution function."""
    quantile = student.ppf(0.05, NU)
    both = multivariate_t.cdf(
        [quantile, quantile], shape=[[1, RHO], [RHO, 1]], df=NU, random_state=generator
    )
    found = lower_tail_dependence(sample(joint_t(generator, 200_000)), seed=0, draws=2)
    assert found.values[0] == pytest.approx(both / 0.05, abs=0.015)


def test_far_out_it_tends_to_the_limit_of_the_copula(generator):
    limit = 2 * student.cdf(-np.sqrt((NU + 1) * (1 - RHO) / (1 + RHO)), NU + 1)
    far = lower_tail_dependence(sample(joint_t(generator, 500_000)), seed=0, draws=2, tail=0.001)
    assert far.values[0] == pytest.approx(limit, abs=0.05)


def test_independent_assets_meet_in_their_tails_by_chance(generator):
    found = lower_tail_dependence(sample(generator.normal(size=(40_000, 1, 2))), seed=0, draws=2)
    assert found.values[0] == pytest.approx(0.05, abs=0.01)


def test_margins_do_not_enter(generator):
    moves = joint_t(generator, 5_000)
    bent = np.sign(moves) * np.abs(moves) ** 3 * [1.0, 50.0]
    one, two = (lower_tail_dependence(sample(each), seed=0, draws=2) for each in (moves, bent))
    np.testing.assert_array_equal(one.values, two.values)


def test_many_assets_are_judged_by_a_fixed_choice():
    assert judged_assets(5, seed=0).tolist() == [0, 1, 2, 3, 4]
    chosen = judged_assets(500, seed=1)
    assert chosen.size == np.unique(chosen).size == MOST_ASSETS
    np.testing.assert_array_equal(chosen, judged_assets(500, seed=1))
