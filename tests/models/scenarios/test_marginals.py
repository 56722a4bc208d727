import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from models.scenarios.marginals import SCORES, Marginals, fit_marginals, recalibrated


@pytest.fixture(scope="module")
def heavy():
    return np.random.default_rng(5).standard_t(4, (4000, 2)) / np.sqrt(2.0)


@given(st.floats(-6.4, 6.4))
def test_scores_and_residuals_are_each_others_inverse(score):
    marginals = fit_marginals(np.random.default_rng(5).standard_t(4, (800, 1)))
    there = marginals.residuals(np.array([[score]]))
    assert marginals.scores(there)[0, 0] == pytest.approx(score, abs=1e-7)


def test_a_worse_residual_never_has_a_better_score(heavy):
    table = fit_marginals(heavy).table
    assert (np.diff(table, axis=0) > 0).all()


def test_a_law_with_many_ties_still_has_an_inverse():
    ticks = np.round(np.random.default_rng(1).standard_t(3, (3000, 1)) * 2) / 2
    marginals = fit_marginals(ticks)
    assert (np.diff(marginals.table, axis=0) > 0).all()
    back = marginals.residuals(marginals.scores(ticks))
    np.testing.assert_allclose(back, ticks, atol=1e-6)


def test_scores_of_a_heavy_tailed_sample_are_normal(heavy):
    scores = fit_marginals(heavy).scores(heavy)
    for column in scores.T:
        assert np.quantile(column, [0.01, 0.25, 0.5, 0.75, 0.99]) == pytest.approx(
            norm.ppf([0.01, 0.25, 0.5, 0.75, 0.99]), abs=0.08
        )


def test_beyond_the_sample_the_tail_is_as_heavy_as_the_law_that_made_it(heavy):
    """One in 100,000 of a Student-t with 4 degrees: 12.2 deviations; a normal would say 4.3."""
    law = fit_marginals(np.random.default_rng(3).standard_t(4, (20000, 1)) / np.sqrt(2.0))
    far = law.residuals(np.array([[norm.ppf(1e-5)]]))[0, 0]
    assert far == pytest.approx(student.ppf(1e-5, 4) / np.sqrt(2.0), rel=0.3)


def test_missing_residuals_are_left_out_and_stay_missing(heavy):
    gaps = heavy.copy()
    gaps[::3, 0] = np.nan
    marginals = fit_marginals(gaps)
    np.testing.assert_allclose(
        marginals.table[:, 0], fit_marginals(heavy[np.isfinite(gaps[:, 0])]).table[:, 0]
    )
    assert np.isnan(marginals.scores(gaps)[::3, 0]).all()


def test_a_generator_of_wrong_scores_is_given_the_right_law_back():
    """Scores twice too wide and shifted: read at their ranks, the law is that of history."""
    exact = Marginals(SCORES[:, None])
    drawn = 0.3 + 1.4 * np.random.default_rng(2).standard_normal((200_000, 1))
    table = recalibrated(exact, drawn)
    seen = np.interp(drawn[:, 0], SCORES, table[:, 0])
    assert np.quantile(seen, [0.001, 0.05, 0.5, 0.95, 0.999]) == pytest.approx(
        norm.ppf([0.001, 0.05, 0.5, 0.95, 0.999]), abs=0.03
    )
