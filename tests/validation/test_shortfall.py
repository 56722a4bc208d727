# an outcome without the number that a test compares fails that test
# pyright: reportOptionalOperand=false, reportOperatorIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from validation.shortfall import z1, z2, z3

NORMAL_VAR, NORMAL_ES = 1.959963984540054, 2.337802792201602  # of N(0, 1) at 97.5%


def announced(n: int, var: float, es: float) -> tuple[np.ndarray, np.ndarray]:
    return np.full(n, var), np.full(n, es)


def student_t(nu: float, alpha: float) -> tuple[float, float]:
    """VaR and ES of Student's t, closed form (McNeil, Frey and Embrechts, example 2.15)."""
    quantile = stats.t.ppf(alpha, nu)
    es = stats.t.pdf(quantile, nu) / (1 - alpha) * (nu + quantile**2) / (nu - 1)
    return float(quantile), float(es)


def from_the_null(generator, n, var, es, *, tail, xi):
    """P&L of a sample whose exceedances are as announced; a quiet day gains one."""
    excess = stats.genpareto.rvs(xi, scale=(es - var) * (1 - xi), size=n, random_state=generator)
    return np.where(generator.random(n) < tail, -var - excess, 1.0)


def test_five_days_by_hand():
    # exceedances on days 1 and 5, of 3 and 6 against an ES of 4: 0.75 + 1.5
    pnl = np.array([-3.0, 1.0, -1.0, 2.0, -6.0])
    var, es = announced(5, 2.0, 4.0)
    assert z1(pnl, var, es, alpha=0.9).statistic == pytest.approx(1 - 2.25 / 2)
    assert z2(pnl, var, es, alpha=0.9).statistic == pytest.approx(1 - 2.25 / 0.5)


def test_every_day_is_held_against_its_own_shortfall():
    pnl = np.array([-3.0, -30.0, 5.0, -10.0])
    var, es = np.array([2.0, 20.0, 1.0, 10.0]), np.array([4.0, 24.0, 9.0, 11.0])
    # the last loss equals its VaR and is no exceedance
    assert z1(pnl, var, es, alpha=0.75).statistic == pytest.approx(1 - (0.75 + 1.25) / 2)
    assert z2(pnl, var, es, alpha=0.75).statistic == pytest.approx(1 - 2.0 / (4 * 0.25))


def test_without_an_exceedance_z1_is_undefined_and_z2_is_one():
    pnl, (var, es) = np.ones(20), announced(20, 1.0, 2.0)
    assert z1(pnl, var, es, alpha=0.99).status == "not_computable: no exceedance"
    outcome = z2(pnl, var, es, alpha=0.99)
    assert outcome.statistic == 1.0
    assert outcome.p_value == 1.0
    # twice the chance of 20 quiet days, 82%, is more than one
    assert outcome.p_exact == 1.0


def test_too_many_quiet_days_are_rejected_from_both_sides():
    pnl, (var, es) = np.ones(500), announced(500, 1.0, 2.0)
    outcome = z2(pnl, var, es, alpha=0.99)
    assert outcome.p_value == 1.0
    assert outcome.p_exact == pytest.approx(2 * 0.99**500, abs=0.005)


@pytest.mark.parametrize("target", [-1.5, -0.7, -0.2, 0.3, 0.8])
def test_the_p_value_of_z2_is_a_binomial_mixture_of_gammas(target):
    # exponential excesses: the losses of k exceedances are k var + (es - var) Gamma(k)
    n, tail, (var, es) = 250, 0.025, (1.5, 2.0)
    total = (1 - target) * n * tail * es
    hits = max(1, int(total // (1.5 * var)))
    pnl = np.ones(n)
    pnl[:hits] = -total / hits
    k = np.arange(n + 1)
    beyond = stats.gamma.sf((total - k * var) / (es - var), np.maximum(k, 1e-12))
    closed_form = float(stats.binom.pmf(k, n, tail) @ beyond)
    outcome = z2(pnl, *announced(n, var, es), alpha=0.975, xi=0.0, draws=20_000)
    assert outcome.statistic == pytest.approx(target)
    assert outcome.draws == 20_000
    error = math.sqrt(closed_form * (1 - closed_form) / 20_000)
    assert outcome.p_value == pytest.approx(closed_form, abs=4 * error)


@pytest.mark.parametrize(("critical", "level"), [(-0.70, 0.05), (-1.8, 0.0001)])
def test_the_published_critical_values_of_z2_hold_for_normal_losses(critical, level):
    # Acerbi and Szekely (2014), table 5: 250 days at 97.5%, remarkably stable over the tails
    n, tail = 250, 0.025
    total = (1 - critical) * n * tail * NORMAL_ES
    hits = int(total // (1.2 * NORMAL_VAR))
    pnl = np.ones(n)
    pnl[:hits] = -total / hits
    outcome = z2(pnl, *announced(n, NORMAL_VAR, NORMAL_ES), alpha=0.975, xi=0.0)
    assert outcome.statistic == pytest.approx(critical)
    assert outcome.p_value == pytest.approx(level, rel=0.2, abs=4e-4)


@pytest.mark.parametrize("xi", [0.0, 0.2, 0.4])
def test_the_statistics_have_mean_zero_when_the_table_is_true(xi, generator):
    n, tail, var, es = 250, 0.05, 1.0, 1.4
    samples = [from_the_null(generator, n, var, es, tail=tail, xi=xi) for _ in range(400)]
    for test in (z1, z2):
        values = [
            test(pnl, *announced(n, var, es), alpha=0.95, xi=xi, draws=1).statistic
            for pnl in samples
        ]
        error = np.std(values) / math.sqrt(len(values))
        assert abs(np.mean(values)) < 4 * error


@pytest.mark.parametrize("test", [z1, z2])
def test_a_true_model_is_rejected_as_often_as_announced(test, generator):
    n, tail, var, es = 250, 0.025, 1.0, 1.4
    samples = [from_the_null(generator, n, var, es, tail=tail, xi=0.2) for _ in range(400)]
    outcomes = [test(pnl, *announced(n, var, es), alpha=0.975, draws=1_000) for pnl in samples]
    outcomes = [outcome for outcome in outcomes if outcome.status == "ok"]
    assert len(outcomes) > 395  # two samples in a thousand have no exceedance, and so no Z1
    band = 4 * math.sqrt(0.05 * 0.95 / 400)
    assert np.mean([outcome.p_exact < 0.05 for outcome in outcomes]) == pytest.approx(
        0.05, abs=band
    )
    assert np.mean([outcome.p_value < 0.05 for outcome in outcomes]) == pytest.approx(
        0.05, abs=band
    )


def test_student_t_losses_judged_by_their_true_var_and_es_pass(generator):
    var, es = student_t(5, 0.975)
    samples = generator.standard_t(5, size=(200, 250))
    passed = [z2(pnl, *announced(250, var, es), alpha=0.975).p_exact >= 0.05 for pnl in samples]
    assert np.mean(passed) == pytest.approx(0.95, abs=0.05)


def test_a_doubled_volatility_is_found_out_in_a_year(generator):
    var, es = student_t(5, 0.975)
    samples = 2 * generator.standard_t(5, size=(100, 250))
    tables = announced(250, var, es)
    assert np.mean([z2(pnl, *tables, alpha=0.975).p_exact < 0.01 for pnl in samples]) > 0.95
    pits = stats.t.cdf(samples, 5)
    assert np.mean([z3(pit, *tables, alpha=0.975).p_exact < 0.05 for pit in pits]) > 0.95


def test_z1_finds_out_losses_too_large_even_when_they_are_not_too_frequent(generator):
    samples = [from_the_null(generator, 250, 1.0, 2.2, tail=0.025, xi=0.2) for _ in range(100)]
    tables = announced(250, 1.0, 1.4)
    assert np.mean([z1(pnl, *tables, alpha=0.975).p_value < 0.05 for pnl in samples]) > 0.6


def test_a_heavier_tail_asks_for_more_evidence():
    n, var, es = 250, 1.0, 1.4
    pnl = np.ones(n)
    pnl[:7] = -2.2
    p = [z1(pnl, *announced(n, var, es), alpha=0.975, xi=xi).p_value for xi in (0.0, 0.2, 0.4)]
    assert p[0] < p[1] < p[2]


def literal_z3(pit, var, es, *, tail, xi):
    """Equation 8 of the paper with the expectation by quadrature; ``n * tail`` is whole."""
    n, ranks = pit.size, round(pit.size * tail)

    @cache
    def ratio(v, e):
        def loss(u):
            scale = (e - v) * (1 - xi)
            return v + scale * (-np.log(u / tail) if xi == 0 else ((u / tail) ** -xi - 1) / xi)

        expected = [stats.beta(i, n + 1 - i).expect(loss) for i in range(1, ranks + 1)]
        return np.mean(loss(np.sort(pit)[:ranks])) / np.mean(expected)

    return 1 - np.mean([ratio(v, e) for v, e in zip(var, es, strict=True)])


@pytest.mark.parametrize("xi", [0.0, 0.2])
def test_z3_is_the_equation_of_the_paper(xi, generator):
    pit = 0.001 + 0.998 * generator.random(20)
    var = np.tile([1.0, 1.9, 0.1, 3.0], 5)
    es = np.tile([1.1, 2.9, 1.0, 3.0], 5)
    statistic = z3(pit, var, es, alpha=0.9, xi=xi).statistic
    assert statistic == pytest.approx(literal_z3(pit, var, es, tail=0.1, xi=xi), abs=1e-6)


@pytest.mark.parametrize(("n", "alpha"), [(20, 0.99), (250, 0.99), (130, 0.975)])
def test_z3_of_a_true_model_is_rejected_as_often_as_announced(n, alpha, generator):
    tables = announced(n, 1.0, 1.4)
    outcomes = [z3(pit, *tables, alpha=alpha) for pit in generator.random((600, n))]
    band = 4 * math.sqrt(0.05 * 0.95 / 600)
    assert np.mean([outcome.p_exact < 0.05 for outcome in outcomes]) == pytest.approx(
        0.05, abs=band
    )


def test_a_pit_of_zero_is_an_outcome_never_seen_not_an_infinite_loss():
    pit = np.linspace(0.0, 1.0, 250)
    outcome = z3(pit, *announced(250, 1.0, 1.4), alpha=0.99)
    assert math.isfinite(outcome.statistic)
    assert outcome.p_exact > 0.05


@given(st.floats(1e-4, 1e4), st.integers(0, 2**32 - 1))
def test_the_unit_of_money_does_not_matter(scale, seed):
    generator = np.random.default_rng(seed)
    var = generator.uniform(0.5, 2.0, 40)
    es = var + generator.uniform(0.1, 1.0, 40)
    pnl, pit = generator.normal(size=40), generator.random(40)
    for test, outcome in ((z1, pnl), (z2, pnl), (z3, pit)):
        plain = test(outcome, var, es, alpha=0.9, draws=200)
        scaled = test(
            outcome if test is z3 else scale * outcome,
            scale * var,
            scale * es,
            alpha=0.9,
            draws=200,
        )
        assert scaled.status == plain.status
        if plain.status == "ok":
            assert scaled.statistic == pytest.approx(plain.statistic, abs=1e-9)
            assert scaled.p_exact == plain.p_exact
            assert scaled.p_value == plain.p_value
            assert 0 < plain.p_exact <= 1


def test_what_was_judged_before_changes_nothing(generator):
    pnl, tables = generator.normal(size=300) / 1.6, announced(300, 1.0, 1.4)
    first = z2(pnl, *tables, alpha=0.95, draws=300)
    z2(pnl[:77], *announced(77, 1.0, 1.4), alpha=0.99, draws=300)
    assert z2(pnl, *tables, alpha=0.95, draws=300) == first
    assert z2(pnl, *tables, alpha=0.95, draws=300, seed=1) != first


@pytest.mark.parametrize(
    ("var", "es", "reason"),
    [
        (1.0, 0.0, "es not positive in 5 of 5 forecasts"),
        (1.0, 0.9, "es below var in 5 of 5 forecasts"),
    ],
)
def test_an_impossible_shortfall_is_not_judged(var, es, reason):
    tables = announced(5, var, es)
    for test in (z1, z2, z3):
        assert test(np.full(5, 0.5), *tables, alpha=0.9).status == f"not_computable: {reason}"


def test_a_table_without_a_pit_says_so():
    assert z3(None, *announced(5, 1.0, 2.0), alpha=0.9).status == "not_computable: no pit column"
    holed = np.array([0.1, np.nan, 0.3, 0.4, 0.5])
    status = z3(holed, *announced(5, 1.0, 2.0), alpha=0.9).status
    assert status == "not_computable: pit missing in 1 of 5 forecasts"


def test_without_simulation_the_statistic_stands_alone():
    pnl, tables = np.array([0.05, -3.0, 0.5]), announced(3, 1.0, 1.4)
    for test in (z1, z2, z3):
        outcome = test(np.abs(pnl) / 4 if test is z3 else pnl, *tables, alpha=0.9, draws=0)
        simulated = test(np.abs(pnl) / 4 if test is z3 else pnl, *tables, alpha=0.9, draws=9)
        assert outcome.statistic == simulated.statistic
        assert (outcome.p_value, outcome.p_exact, outcome.draws) == (None, None, None)


def test_no_forecasts_cannot_be_judged():
    nothing = np.empty(0)
    for test in (z1, z2, z3):
        assert test(nothing, nothing, nothing, alpha=0.99).status == "not_computable: no forecasts"
