import numpy as np
import pytest
from scipy import stats

from validation.battery import TESTS, series_tests
from validation.coverage import kupiec
from validation.exceedances import exceedances
from validation.panels import Series

NAMES = [
    "kupiec",
    "christoffersen_ind",
    "christoffersen_cc",
    "dq",
    "duration",
    "z1",
    "z2",
    "z3",
    "mcneil_frey",
    "nolde_ziegel",
    "du_escanciano",
    "berkowitz",
    "ks",
]


def series(generator, days=500, *, overlapping=False, pit=True, sigma=True):
    sigma_path = 0.01 * np.exp(0.2 * generator.normal(size=days))
    noise = generator.standard_t(5, size=days)
    q = -stats.t.ppf(0.025, 5)
    return Series(
        pnl=noise * sigma_path,
        var=q * sigma_path,
        es=1.36 * q * sigma_path,
        pit=stats.t.cdf(noise, 5) if pit else None,
        sigma=sigma_path if sigma else None,
        fz0=noise,
        pinball=noise,
        overlapping=overlapping,
    )


def run(forecasts, *, horizon=1, draws=200):
    return series_tests(forecasts, alpha=0.975, horizon=horizon, draws=draws, seed=0)


def test_every_test_promised_to_other_programs_answers_by_its_name(generator):
    outcomes = run(series(generator))
    assert list(outcomes) == list(TESTS) == NAMES
    assert all(outcome.status == "ok" for outcome in outcomes.values())
    assert all(outcome.p_value is not None for outcome in outcomes.values())


def test_tests_of_the_whole_distribution_need_a_pit(generator):
    outcomes = run(series(generator, pit=False))
    silent = [name for name, outcome in outcomes.items() if outcome.status != "ok"]
    assert silent == ["z3", "du_escanciano", "berkowitz", "ks"]
    assert outcomes["ks"].status == "not_computable: no pit column"


def test_a_sigma_with_holes_is_not_replaced_by_none_in_silence(generator):
    forecasts = series(generator)
    assert forecasts.sigma is not None
    forecasts.sigma[3] = np.nan
    assert run(forecasts)["mcneil_frey"].status == (
        "not_computable: sigma missing in 1 of 500 forecasts"
    )


def test_without_draws_nothing_is_simulated(generator):
    outcomes = run(series(generator), draws=0)
    assert all(outcome.draws is None for outcome in outcomes.values())
    assert outcomes["z2"].p_exact is None
    assert outcomes["kupiec"].p_exact is not None  # enumerated


def test_names_and_order_of_series_do_not_move_a_simulated_p_value(generator):
    first, second = series(generator), series(generator)
    alone = run(second)
    run(first)
    assert run(second) == alone


def test_overlapping_forecasts_have_no_test_of_independence(generator):
    outcomes = run(series(generator, overlapping=True), horizon=10)
    for name in ("christoffersen_ind", "christoffersen_cc", "dq", "duration", "berkowitz"):
        assert outcomes[name].status.startswith("not_computable: forecasts overlap")


def test_overlapping_coverage_is_the_worst_of_the_subsets_by_bonferroni(generator):
    forecasts = series(generator, overlapping=True)
    hits = exceedances(forecasts.pnl, forecasts.var)
    subsets = [kupiec(hits[first::10], alpha=0.975).p_exact for first in range(10)]
    smallest = min(p_value for p_value in subsets if p_value is not None)
    assert run(forecasts, horizon=10)["kupiec"].p_exact == pytest.approx(min(1, 10 * smallest))


@pytest.mark.parametrize("days", [1, 2, 17])
def test_a_window_of_a_few_days_never_crashes(generator, days):
    for outcome in run(series(generator, days)).values():
        assert outcome.status == "ok" or outcome.status.startswith("not_computable: ")


def test_a_short_window_of_a_longer_series_is_spared_the_demanding_tests(generator):
    forecasts = series(generator, 99)
    part = series_tests(forecasts, alpha=0.975, horizon=1, draws=200, seed=0, whole=False)
    assert part["dq"].status == "not_computable: fewer than 100 forecasts in the window"
    assert part["kupiec"].status == part["z2"].status == "ok"
    assert run(forecasts)["dq"].status == "ok"
