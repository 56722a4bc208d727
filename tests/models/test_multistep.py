"""Several sessions simulated: against closed forms, a plain loop, and the one-session forecast."""

import numpy as np
import pytest
from scipy.special import ndtri

from features.returns import compounded
from features.splits import Window, refit_windows
from models.baselines import forecast_series
from models.evt import ParetoTail
from models.garch import Params, filter_path
from models.garch_fit import fit_windows
from models.measures import expected_shortfall, value_at_risk
from models.multistep import (
    PATHS,
    simulated_distribution,
    simulated_forecast,
    simulated_outcomes,
    window_draws,
)
from models.residuals import FilteredPath

ALPHAS = (0.95, 0.975, 0.99)
CALM = 1e-4  # a volatility so small that compounding adds nothing to a sum of returns
GJR = Params(mu=0.0, omega=5e-10, alpha=0.03, gamma=0.1, beta=0.85, nu=6.0, backcast=1e-8)
ORIGIN = Window(fit_end=2000, start=1999, stop=2000)
RETURNS = 0.01 * np.random.default_rng(3).standard_t(5, 1300)
WINDOWS = refit_windows(1300, every=100)


def seen(residual, sigma=CALM):
    """A path of residuals from which an origin of volatility ``sigma`` looks ahead."""
    seen_before = np.full(residual.size + 1, sigma)
    seen_before[0] = 10 * CALM  # nothing here meets the limit of twice as much
    return FilteredPath(seen_before, residual, 0.0)


def normal_pool(size=2000):
    return ndtri((np.arange(size) + 0.5) / size)


@pytest.fixture(scope="module")
def params():
    return fit_windows(RETURNS, WINDOWS, family="gjr")


@pytest.fixture(scope="module")
def forecast(params):
    return simulated_forecast(RETURNS, WINDOWS, params, alphas=ALPHAS, horizon=10, seed=0)


@pytest.mark.parametrize("horizon", [2, 10])
def test_independent_normal_returns_give_the_square_root_of_time(horizon):
    constant = Params(0.0, CALM**2, 0.0, 0.0, 0.0, np.inf, CALM**2)
    drawn = window_draws(ORIGIN, horizon=horizon, seed=1)
    (outcome,) = simulated_outcomes(seen(normal_pool()), ORIGIN, constant, drawn)
    root = CALM * np.sqrt(horizon)
    assert outcome.std() == pytest.approx(root, rel=0.01)
    for alpha in ALPHAS:
        quantile = -ndtri(1 - alpha)
        density = np.exp(-(quantile**2) / 2) / np.sqrt(2 * np.pi)
        var = value_at_risk(outcome.astype(float), alpha=alpha)
        es = expected_shortfall(outcome.astype(float), alpha=alpha)
        assert var == pytest.approx(root * quantile, rel=0.03)
        assert es == pytest.approx(root * density / (1 - alpha), rel=0.03)


@pytest.mark.parametrize("shock", [0.3, 1.0, 4.0])
def test_variance_reverts_as_the_garch_formula_says(shock):
    """The expected variance of step k + 1 is omega plus the persistence times that of step k."""
    pool = np.random.default_rng(7).standard_t(6, 2000) * np.sqrt(4 / 6)
    pool -= pool.mean()
    drawn = window_draws(ORIGIN, horizon=10, seed=2)
    (outcome,) = simulated_outcomes(seen(pool, shock * CALM), ORIGIN, GJR, drawn)
    down = np.minimum(pool, 0.0)
    kept = GJR.alpha * np.mean(pool**2) + GJR.gamma * np.mean(down**2) + GJR.beta
    step, total = (shock * CALM) ** 2, 0.0
    for _ in range(10):
        total += step * np.mean(pool**2)
        step = GJR.omega + kept * step
    assert outcome.std() == pytest.approx(np.sqrt(total), rel=0.02)


def test_each_path_is_what_a_plain_loop_makes_of_its_draws():
    params = Params(0.001, 1e-6, 0.05, 0.1, 0.85, 5.0, 1e-4)
    window = Window(fit_end=1100, start=1099, stop=1103)
    path = filter_path(RETURNS[: window.stop], params)
    drawn = window_draws(window, horizon=5, seed=3)
    outcome = simulated_outcomes(path, window, params, drawn)
    for origin in (0, 3):
        past = np.sort(path.residual[: window.start + origin + 1])
        for one in (0, 17, PATHS - 1):
            variance, wealth = path.sigma[window.start + origin + 1] ** 2, 1.0
            for step in range(5):
                z = past[int(drawn.share[drawn.order[step, one]] * past.size)]
                wealth *= 1.0 + params.mu + np.sqrt(variance) * z
                slope = params.alpha + params.gamma * (z < 0)
                grown = params.omega + (slope * z**2 + params.beta) * variance
                largest = path.sigma[: window.start + origin + 2].max()
                variance = min(grown, (2 * largest) ** 2)
            assert outcome[origin, one] == pytest.approx(wealth - 1.0, rel=1e-4, abs=1e-7)


def test_a_peg_that_broke_once_makes_no_path_lose_a_million_times_the_value():
    """Variance stops at four times the largest seen; without that limit it would grow 1e5-fold."""
    pool = normal_pool()
    pool[0] = -1000.0
    broken = FilteredPath(np.full(pool.size + 1, CALM), pool, 0.0)
    drawn = window_draws(ORIGIN, horizon=10, seed=2)
    (outcome,) = simulated_outcomes(broken, ORIGIN, GJR, drawn)
    assert outcome.min() > -10 * 2 * CALM * 1000
    assert outcome.min() <= -CALM * 900


def test_one_session_ahead_is_filtered_historical_simulation(params):
    simulated = simulated_forecast(RETURNS, WINDOWS, params, alphas=ALPHAS, horizon=1, seed=0)
    exact = forecast_series(RETURNS, models=("gjr_fhs",), alphas=ALPHAS, every=100)["gjr_fhs"]
    served = np.isfinite(exact.sigma)
    # 13 residuals make the 1% tail: a slice more or less moves its boundary to the next of them.
    np.testing.assert_allclose(simulated.es[served], exact.es[served], rtol=0.015)
    np.testing.assert_allclose(simulated.var[served, :2], exact.var[served, :2], rtol=0.03)
    np.testing.assert_allclose(simulated.pit[served], exact.pit[served], atol=0.002)


def test_var_and_es_are_those_of_the_paths(params, forecast):
    window, fitted = WINDOWS[1], params[1]
    path = filter_path(RETURNS[: window.stop], fitted)
    drawn = window_draws(window, horizon=10, seed=0)
    outcome = simulated_outcomes(path, window, fitted, drawn).astype(np.float64)
    for origin in (0, window.stop - window.start - 1):
        row = window.start + origin
        assert forecast.sigma[row] == pytest.approx(outcome[origin].std())
        for level, alpha in enumerate(ALPHAS):
            assert forecast.var[row, level] == value_at_risk(outcome[origin], alpha=alpha)
            expected = expected_shortfall(outcome[origin], alpha=alpha)
            assert forecast.es[row, level] == pytest.approx(expected, rel=1e-12)


def test_the_pit_is_the_share_of_paths_below_what_followed(params, forecast):
    following = compounded(RETURNS, horizon=10)
    assert np.isnan(forecast.pit[-10:]).all()
    assert np.isfinite(forecast.pit[999:-10]).all()
    said = simulated_distribution(RETURNS, forecast, np.column_stack([following, -following]))
    np.testing.assert_array_equal(said[:, 0], forecast.pit)
    just_inside, beyond = (
        simulated_distribution(RETURNS, forecast, -factor * forecast.var[:, :1])[999:, 0]
        for factor in (0.999, 1.001)
    )
    assert just_inside.min() > 0.049
    assert beyond.max() < 0.051


def test_what_comes_later_moves_no_path_of_the_past(params, forecast):
    for size in (1150, 1201, 1299):
        windows = refit_windows(size, every=100)
        short = simulated_forecast(
            RETURNS[:size], windows, params[: len(windows)], alphas=ALPHAS, horizon=10, seed=0
        )
        np.testing.assert_array_equal(short.var, forecast.var[:size])
        np.testing.assert_array_equal(short.es, forecast.es[:size])
        np.testing.assert_array_equal(short.sigma, forecast.sigma[:size])
        np.testing.assert_array_equal(short.pit[:-10], forecast.pit[: size - 10])


def test_another_seed_is_another_set_of_paths_of_the_same_law(params, forecast):
    again, other = (
        simulated_forecast(RETURNS, WINDOWS, params, alphas=ALPHAS, horizon=10, seed=seed)
        for seed in (0, 1)
    )
    np.testing.assert_array_equal(again.es, forecast.es)
    apart = other.es[999:, 2] / forecast.es[999:, 2] - 1.0
    assert 0.0 < np.abs(apart).mean() < 0.06  # 2.3% in each is stated, and four windows are few


def test_every_session_draws_every_slice_once():
    drawn = window_draws(ORIGIN, horizon=10, seed=5)
    for row in drawn.order:
        np.testing.assert_array_equal(np.sort(row), np.arange(PATHS))
    np.testing.assert_array_equal(np.floor(drawn.share * PATHS), np.arange(PATHS))
    assert abs(np.corrcoef(drawn.order)[np.triu_indices(10, 1)]).max() < 0.02


def test_a_pareto_tail_takes_the_place_of_the_worst_residuals():
    tail = ParetoTail(threshold=1.3, share=0.1, shape=0.2, scale=0.5)
    constant = Params(0.0, CALM**2, 0.0, 0.0, 0.0, np.inf, CALM**2)
    drawn = window_draws(ORIGIN, horizon=1, seed=1)
    (outcome,) = simulated_outcomes(seen(normal_pool()), ORIGIN, constant, drawn, tail=tail)
    worst = outcome.astype(float)
    for alpha in (0.95, 0.99):
        at = np.array([1 - alpha])
        assert value_at_risk(worst, alpha=alpha) == pytest.approx(
            CALM * tail.quantile(at)[0], rel=0.01
        )
        assert expected_shortfall(worst, alpha=alpha) == pytest.approx(
            CALM * tail.shortfall(at)[0], rel=0.02
        )
    assert np.median(worst) == pytest.approx(0.0, abs=0.01 * CALM)
