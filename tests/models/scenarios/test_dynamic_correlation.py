import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.scenarios.dynamic_correlation import (
    Observed,
    compared,
    correlation,
    correlation_path,
    dcc,
    ewma,
    fit_dynamics,
    learned,
    mixed,
    static,
)
from models.scenarios.factors import fit_factors


def observed(scores):
    return Observed(scores, np.ones(scores.shape, dtype=np.bool_), np.zeros(len(scores)))


@pytest.fixture(scope="module")
def scores():
    generator = np.random.default_rng(4)
    drawn = generator.standard_normal((1200, 1)) + generator.standard_normal((1200, 5))
    return (drawn - drawn.mean(axis=0)) / drawn.std(axis=0)


def naive(scores, factors, shock, keep):
    """DCC in the factors as its equations are written, with numpy's own matrix algebra."""
    size = factors.major.shape[1]
    q, whitened, covariances, likelihood = np.eye(size), [], [np.eye(size)], []
    for row in scores:
        whole = factors.major @ q @ factors.major.T + factors.rest
        scale = np.sqrt(np.diag(whole))
        r = whole / np.outer(scale, scale)
        pairs = []
        for a in range(len(row)):
            b = (a + 1) % len(row)
            pair = np.array([[1, r[a, b]], [r[a, b], 1]])
            x = row[[a, b]]
            density = -0.5 * np.log(np.linalg.det(pair)) - 0.5 * x @ np.linalg.inv(pair) @ x
            pairs.append(density + 0.5 * x @ x)
        likelihood.append(np.mean(pairs))
        f = factors.projection @ (scale * row)
        whitened.append(np.linalg.solve(np.linalg.cholesky(q), f))
        q = (1 - shock - keep) * np.eye(size) + shock * np.outer(f, f) + keep * q
        covariances.append(q)
    return np.array(whitened), np.array(covariances), np.array(likelihood)


@pytest.mark.parametrize(("shock", "keep"), [(0.04, 0.93), (0.0, 0.0)])
def test_the_compiled_filter_is_the_equations_as_written(scores, shock, keep):
    factors = fit_factors(scores, major=3, minor=1)
    path = correlation_path(observed(scores[:200]), factors, dcc(shock, keep))
    whitened, covariance, likelihood = naive(scores[:200], factors, shock, keep)
    np.testing.assert_allclose(path.whitened, whitened, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(path.covariance[:, 0], covariance, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(path.likelihood, likelihood, rtol=1e-8, atol=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.floats(3.0, 300.0), st.floats(-3.0, 3.0))
def test_whatever_the_state_it_is_a_correlation_matrix(seed, half_life, market):
    generator = np.random.default_rng(seed)
    scores = generator.standard_t(3, (60, 5))
    factors = fit_factors(scores, major=3)
    for dynamics in (ewma(half_life), learned(generator.normal(size=(4, 2)))):
        path = correlation_path(observed(scores), factors, dynamics)
        found = correlation(factors, mixed(dynamics, path.covariance[-1], market))
        np.testing.assert_allclose(np.diag(found), 1.0)
        assert np.linalg.eigvalsh(found)[0] > -1e-12


def test_dependence_of_today_is_known_from_before(scores):
    factors = fit_factors(scores)
    changed = scores.copy()
    changed[700:] *= -3.0
    for dynamics in (ewma(40.0), dcc(0.05, 0.9), learned(np.ones((4, 2)))):
        before = correlation_path(observed(scores), factors, dynamics)
        after = correlation_path(observed(changed), factors, dynamics)
        np.testing.assert_array_equal(before.covariance[:701], after.covariance[:701])
        np.testing.assert_array_equal(before.whitened[:700], after.whitened[:700])


def test_static_dependence_stays_where_it_was(scores):
    path = correlation_path(observed(scores), fit_factors(scores, major=3), static())
    np.testing.assert_allclose(path.covariance[-1, 0], np.eye(3))


def moving(generator, sessions):
    """One common factor whose variance follows a known recursion: a = 0.08, b = 0.90."""
    loading, q, rows = 0.8, 1.0, []
    for _ in range(sessions):
        f = np.sqrt(q) * generator.standard_normal()
        own = generator.standard_normal(6)
        scale = np.sqrt(loading**2 * q + 1 - loading**2)
        rows.append((loading * f + np.sqrt(1 - loading**2) * own) / scale)
        q = 0.02 + 0.08 * f**2 + 0.90 * q
    return np.array(rows)


@pytest.mark.slow
def test_moving_dependence_is_found_where_it_moves_and_nowhere_else():
    generator = np.random.default_rng(21)
    rows = moving(generator, 6000)
    factors = fit_factors(rows, major=1)
    found = fit_dynamics(observed(rows), factors, "dcc")
    assert found.keep[0] + found.shock[0] == pytest.approx(0.98, abs=0.03)
    likelihood = compared(observed(rows), factors)
    assert likelihood["dcc"] > likelihood["static"]

    still = generator.standard_normal((6000, 1)) * 0.8 + 0.6 * generator.standard_normal((6000, 6))
    likelihood = compared(observed(still), fit_factors(still, major=1))
    assert likelihood["learned"] <= likelihood["static"] + 1e-3  # it can lose, and here it must
    assert likelihood["ewma"] <= likelihood["static"] + 1e-3


def test_a_correlation_that_does_not_return_is_no_dcc():
    with pytest.raises(ValueError, match=r"must sum to less than 1, got 0.1 and 0.9"):
        dcc(0.1, 0.9)
