import numpy as np
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from validation.scores import crps, fz0, in_percent, pinball


def one(value):
    return np.array([float(value)])


def test_fz0_by_hand_on_a_quiet_day():
    # VaR 2, ES 4, no exceedance: 2/4 + log 4 - 1
    score = fz0(one(1), one(2), one(4), alpha=0.975)[0]
    assert score == pytest.approx(0.5 + np.log(4) - 1, rel=1e-15)


def test_fz0_by_hand_on_an_exceedance():
    # a loss of 3 beyond VaR 2 with ES 4 at the 2.5% tail: (3 - 2) / (0.025 * 4) more
    score = fz0(one(-3), one(2), one(4), alpha=0.975)[0]
    assert score == pytest.approx(10 + 0.5 + np.log(4) - 1, rel=1e-15)


def test_a_loss_equal_to_var_costs_nothing_beyond_a_quiet_day():
    assert fz0(one(-2), one(2), one(4), alpha=0.99) == fz0(one(0), one(2), one(4), alpha=0.99)


def test_fz0_is_undefined_where_es_is_not_positive_or_pnl_unknown():
    pnl, es = np.array([0.0, 0.0, np.nan]), np.array([0.0, -1.0, 1.0])
    assert np.isnan(fz0(pnl, -np.ones(3), es, alpha=0.99)).all()


@given(st.floats(0.001, 1000), st.sampled_from([0.95, 0.975, 0.99]))
def test_a_change_of_unit_moves_every_fz0_by_the_same_constant(unit, alpha):
    pnl, var, es = np.array([-5.0, 0.3, -2.1]), np.array([2.0, 1.0, 2.2]), np.array([3.0, 1.5, 2.9])
    moved = fz0(unit * pnl, unit * var, unit * es, alpha=alpha) - fz0(pnl, var, es, alpha=alpha)
    assert moved == pytest.approx(np.log(unit), abs=1e-9)


@pytest.mark.parametrize("alpha", [0.95, 0.975, 0.99])
def test_the_expected_fz0_is_least_at_the_true_var_and_es(alpha):
    # Consistency: under a Student t the truth is known in closed form; its mean score over a fine
    # grid of equally likely outcomes beats every forecast a little off in VaR, in ES or in both.
    freedom, tail = 5, 1 - alpha
    outcomes = stats.t.ppf((np.arange(200_000) + 0.5) / 200_000, freedom)
    true_var = -stats.t.ppf(tail, freedom)
    true_es = stats.t.pdf(true_var, freedom) / tail * (freedom + true_var**2) / (freedom - 1)

    def expected(var, es):
        forecast = np.full((2, len(outcomes)), [[var], [es]])
        return fz0(outcomes, *forecast, alpha=alpha).mean()

    least = expected(true_var, true_es)
    for off in (0.9, 0.97, 1.03, 1.1):
        assert expected(off * true_var, true_es) > least
        assert expected(true_var, off * true_es) > least
        assert expected(off * true_var, off * true_es) > least


def test_pinball_agrees_with_scoringrules():
    generator = np.random.default_rng(1)
    pnl, var = generator.normal(size=200), generator.uniform(0.5, 2, size=200)
    theirs = scoringrules.quantile_score(pnl, -var, 0.025)
    assert pinball(pnl, var, alpha=0.975) == pytest.approx(theirs, rel=1e-12)


def test_crps_of_a_sample_agrees_with_scoringrules():
    sample = np.random.default_rng(2).standard_t(4, size=300)
    for pnl in (-4.0, 0.1, 2.5):
        theirs = np.asarray(scoringrules.crps_ensemble(pnl, sample, estimator="nrg"))
        assert crps(pnl, sample) == pytest.approx(theirs, rel=1e-12)


def test_a_move_of_one_hundredth_is_one_percent():
    assert in_percent(0.01) == 1.0
    assert in_percent(one(-0.05))[0] == -5.0
