# an outcome without the number that a test compares fails that test
# pyright: reportOptionalOperand=false, reportOperatorIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from validation.conditional_calibration import nolde_ziegel, nolde_ziegel_one_sided


def identification(pnl, var, es, tail):
    """The pair of Nolde and Ziegel in returns, as the R package esback writes it."""
    r, q, e = pnl, -var, -es
    return np.column_stack((tail - (r < q), e - q + (r < q) * (q - r) / tail))


def sample(generator, n=250, *, tail=0.025, var=1.0, es=1.4, xi=0.2):
    """A table that is true, over volatilities that move, and its P&L."""
    unit = np.exp(0.3 * generator.standard_normal(n))
    excess = stats.genpareto.rvs(xi, scale=(es - var) * (1 - xi), size=n, random_state=generator)
    pnl = unit * np.where(generator.random(n) < tail, -var - excess, 1.0)
    return pnl, unit * var, unit * es


def test_the_statistic_is_the_quadratic_form_of_the_paper(generator):
    pnl, var, es = sample(generator)
    v = identification(pnl, var, es, 0.025)
    mean, omega = v.mean(axis=0), v.T @ v / v.shape[0]
    expected = v.shape[0] * mean @ np.linalg.solve(omega, mean)
    outcome = nolde_ziegel(pnl, var, es, alpha=0.975)
    assert outcome.statistic == pytest.approx(expected)
    assert outcome.p_value == pytest.approx(stats.chi2.sf(expected, 2))


def test_the_one_sided_statistic_is_the_worse_of_two_t_ratios(generator):
    pnl, var, es = sample(generator)
    v = identification(pnl, var, es, 0.025) * [-1, 1]  # too many exceedances count as bad too
    ratios = math.sqrt(v.shape[0]) * v.mean(axis=0) / np.sqrt((v**2).mean(axis=0))
    small, large = np.sort(stats.norm.sf(ratios))
    outcome = nolde_ziegel_one_sided(pnl, var, es, alpha=0.975)
    assert outcome.statistic == pytest.approx(ratios.max())
    assert outcome.p_value == pytest.approx(min(1, 3 * small, 1.5 * large))


def test_the_simulated_p_value_is_that_of_samples_drawn_in_full(generator):
    pnl, var, es = sample(generator)
    while not (-pnl > var).any():
        pnl, var, es = sample(generator)
    outcome = nolde_ziegel(pnl, var, es, alpha=0.975, draws=4_000)
    null = []
    for _ in range(800):
        excess = stats.genpareto.rvs(0.2, scale=0.8 * (es - var), random_state=generator)
        drawn = np.where(generator.random(250) < 0.025, -var - excess, 1.0)
        if (-drawn > var).any():
            null.append(nolde_ziegel(drawn, var, es, alpha=0.975, draws=0).statistic)
    share = float(np.mean(np.array(null) >= outcome.statistic))
    error = math.sqrt(share * (1 - share) * (1 / len(null) + 1 / 4_000))
    assert outcome.p_exact == pytest.approx(share, abs=4 * error + 1e-3)
    # one sample in 560 has no exceedance and is left out
    assert 3_960 < outcome.draws <= 4_000


def test_the_simulated_p_value_keeps_its_size_where_the_asymptotic_one_does_not(generator):
    outcomes = [
        nolde_ziegel(*sample(generator, tail=0.01), alpha=0.99, draws=500) for _ in range(400)
    ]
    judged = [outcome for outcome in outcomes if outcome.status == "ok"]
    band = 4 * math.sqrt(0.05 * 0.95 / len(judged))
    assert np.mean([o.p_exact < 0.05 for o in judged]) == pytest.approx(0.05, abs=band)
    assert np.mean([o.p_value < 0.05 for o in judged]) > 0.10


def test_a_doubled_volatility_is_found_out(generator):
    for _ in range(20):
        pnl = 2 * generator.standard_normal(500)
        tables = np.full(500, 1.9600), np.full(500, 2.3378)
        assert nolde_ziegel(pnl, *tables, alpha=0.975, xi=0.0).p_exact < 0.05
        assert nolde_ziegel_one_sided(pnl, *tables, alpha=0.975).p_value < 0.05


def test_the_one_sided_test_forgives_prudence(generator):
    pnl = 0.7 * generator.standard_normal(2_500)
    tables = np.full(2_500, 1.9600), np.full(2_500, 2.3378)
    assert nolde_ziegel(pnl, *tables, alpha=0.975).p_value < 0.05
    assert nolde_ziegel_one_sided(pnl, *tables, alpha=0.975).p_value == 1.0


def test_without_an_exceedance_there_is_nothing_to_calibrate():
    tables = np.ones(20), np.full(20, 1.4)
    for test in (nolde_ziegel, nolde_ziegel_one_sided):
        assert test(np.ones(20), *tables, alpha=0.99).status == "not_computable: no exceedance"


def test_a_shortfall_below_its_var_is_not_judged():
    tables = np.ones(3), np.array([1.4, 0.9, 1.4])
    for test in (nolde_ziegel, nolde_ziegel_one_sided):
        status = test(-2 * np.ones(3), *tables, alpha=0.99).status
        assert status == "not_computable: es below var in 1 of 3 forecasts"


def test_nothing_but_equal_exceedances_leaves_the_two_equations_alike():
    status = nolde_ziegel(np.full(20, -2.0), np.ones(20), np.full(20, 1.4), alpha=0.9).status
    assert status == "not_computable: the two equations say the same"


@given(st.floats(1e-4, 1e4), st.integers(0, 2**32 - 1))
def test_neither_the_unit_of_money_nor_the_order_of_days_matters(scale, seed):
    generator = np.random.default_rng(seed)
    pnl, var, es = sample(generator, 80, tail=0.1)
    if not (-pnl > var).any():
        return
    order = generator.permutation(80)
    plain = nolde_ziegel(pnl, var, es, alpha=0.9, draws=100)
    scaled = nolde_ziegel(scale * pnl, scale * var, scale * es, alpha=0.9, draws=100)
    shuffled = nolde_ziegel(pnl[order], var[order], es[order], alpha=0.9, draws=0)
    assert scaled.statistic == pytest.approx(plain.statistic, rel=1e-6)
    assert shuffled.statistic == pytest.approx(plain.statistic, rel=1e-6)
    assert 0 <= plain.p_value <= 1
    assert 0 < plain.p_exact <= 1
