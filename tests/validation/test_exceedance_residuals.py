# an outcome without the number that a test compares fails that test
# pyright: reportOptionalOperand=false, reportOperatorIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from validation.exceedance_residuals import mcneil_frey


def table(losses: list[float], *, var: float = 1.0, es: float = 2.0) -> tuple[np.ndarray, ...]:
    """P&L with these losses beyond VaR and ten quiet days."""
    pnl = np.concatenate((-np.array(losses), np.ones(10)))
    return pnl, np.full(pnl.size, var), np.full(pnl.size, es)


def test_the_statistic_is_students_t_of_the_residuals():
    losses = [1.5, 2.5, 4.0, 3.0, 1.2]
    outcome = mcneil_frey(*table(losses))
    ratio, p_value = stats.ttest_1samp(np.array(losses) - 2.0, 0.0, alternative="greater")
    assert outcome.statistic == pytest.approx(ratio)
    assert outcome.p_value == pytest.approx(p_value)


def test_residuals_are_in_units_of_the_forecast_volatility():
    pnl, var, es = table([1.5, 2.5, 4.0, 3.0, 1.2])
    sigma = np.concatenate(([0.5, 1.0, 2.0, 1.0, 0.5], np.ones(10)))
    ratio, _ = stats.ttest_1samp([-1.0, 0.5, 1.0, 1.0, -1.6], 0.0, alternative="greater")
    outcome = mcneil_frey(pnl, var, es, sigma=sigma)
    assert outcome.statistic == pytest.approx(ratio)


def test_the_bootstrap_is_the_studentised_one_of_efron_and_tibshirani(generator):
    losses = [1.1, 1.3, 1.2, 4.5, 3.0, 2.7, 2.2, 1.9]
    residuals = np.array(losses) - 2.0
    centred = residuals - residuals.mean()
    ratios = []
    for _ in range(4_000):
        resample = generator.choice(centred, centred.size)
        ratios.append(math.sqrt(centred.size) * resample.mean() / resample.std(ddof=1))
    outcome = mcneil_frey(*table(losses), draws=4_000)
    naive = float(np.mean(np.array(ratios) >= outcome.statistic))
    assert outcome.draws == 4_000
    assert outcome.p_exact == pytest.approx(
        naive, abs=4 * math.sqrt(2 * naive * (1 - naive) / 4_000)
    )


def test_a_shortfall_too_small_is_found_out_and_one_too_large_is_not(generator):
    def rejected(es: float) -> float:
        p = []
        for _ in range(200):
            losses = 1.0 + generator.exponential(1.0, 25)
            p.append(mcneil_frey(*table(losses.tolist(), es=es)).p_exact)
        return float(np.mean(np.array(p) < 0.05))

    assert rejected(es=2.0) < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 200)
    assert rejected(es=1.4) > 0.7
    assert rejected(es=3.0) == 0.0


def test_frequency_is_not_its_business():
    once, twice = table([1.5, 2.5, 2.2]), table([1.5, 2.5, 2.2])
    quiet = [np.append(column, np.full(500, column[-1])) for column in once]
    assert mcneil_frey(*quiet) == mcneil_frey(*twice)


@pytest.mark.parametrize("losses", [[], [1.5], [1.5, 2.5]])
def test_two_exceedances_are_too_few(losses):
    status = mcneil_frey(*table(losses)).status
    assert status == "not_computable: fewer than three exceedances"


def test_equal_residuals_have_no_standard_error():
    status = mcneil_frey(*table([2.5, 2.5, 2.5])).status
    assert status == "not_computable: the exceedance residuals are all equal"


def test_without_bootstrap_students_t_stands_alone():
    plain, booted = (mcneil_frey(*table([1.5, 2.5, 4.0]), draws=draws) for draws in (0, 99))
    assert (plain.statistic, plain.p_value) == (booted.statistic, booted.p_value)
    assert (plain.p_exact, plain.draws) == (None, None)


def test_very_many_exceedances_are_resampled_fewer_times(generator):
    outcome = mcneil_frey(*table((1.0 + generator.exponential(1.0, 4_000)).tolist()))
    assert outcome.draws == 500


@given(st.floats(1e-4, 1e4), st.integers(0, 2**32 - 1))
def test_neither_the_unit_of_money_nor_the_order_of_days_matters(scale, seed):
    generator = np.random.default_rng(seed)
    pnl, var, es = table((1.0 + generator.exponential(1.0, 12)).tolist())
    order = generator.permutation(pnl.size)
    plain = mcneil_frey(pnl, var, es, draws=200)
    scaled = mcneil_frey(scale * pnl, scale * var, scale * es, draws=200)
    shuffled = mcneil_frey(pnl[order], var[order], es[order], draws=200)
    assert scaled.statistic == pytest.approx(plain.statistic)
    assert scaled.p_exact == pytest.approx(plain.p_exact, abs=1 / 201)
    assert shuffled.statistic == pytest.approx(plain.statistic)
    assert shuffled.p_value == pytest.approx(plain.p_value)
    assert 0 <= plain.p_value <= 1
    assert 0 < plain.p_exact <= 1
