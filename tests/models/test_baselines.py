import numpy as np
import pandas as pd
import pytest
from arch.univariate import GARCH, ConstantMean, StudentsT

from features.returns import History
from features.splits import refit_windows
from models import garch_fit
from models.baselines import LONGER, NAMES, SIMULATED, forecast_many, forecast_series
from models.garch_fit import fit_windows
from models.measures import expected_shortfall, value_at_risk

ALPHAS = (0.95, 0.975, 0.99)
FIRST, EVERY, SIZE = 500, 60, 690


def simulate(seed, n):
    """GJR returns of an equity index, by arch's own simulator."""
    model = ConstantMean(
        None,
        volatility=GARCH(p=1, o=1, q=1),
        distribution=StudentsT(seed=np.random.default_rng(seed)),
    )
    return 0.01 * model.simulate([0.04, 0.03, 0.03, 0.12, 0.87, 6.0], n)["data"].to_numpy()


def forecast(returns, **options):
    return forecast_series(returns, alphas=ALPHAS, first=FIRST, every=EVERY, **options)


def same(one, other):
    return all(
        np.array_equal(getattr(one, field), getattr(other, field), equal_nan=True)
        for field in ("var", "es", "sigma", "pit")
    )


def history(name, returns):
    dates = pd.bdate_range("2010-01-04", periods=returns.size)
    return History(
        name=name,
        asset_class="equity",
        dates=dates,
        returns=returns,
        clean=np.ones(returns.size, dtype=bool),
        origins=dates.tz_localize("UTC") + pd.Timedelta(hours=22),
    )


class Shelf:
    """A store in memory that counts what it is given."""

    def __init__(self):
        self.units = {}

    def get_many(self, keys):
        return {key: self.units[key] for key in keys if key in self.units}

    def put(self, key, payload):
        assert key not in self.units
        self.units[key] = payload


@pytest.fixture(scope="module")
def returns():
    return simulate(5, SIZE)


@pytest.fixture(scope="module")
def forecasts(returns):
    return forecast(returns)


def test_there_are_ten_and_their_tables_align(forecasts):
    assert len(NAMES) == 10
    assert tuple(forecasts) == NAMES
    for made in forecasts.values():
        assert made.alphas == ALPHAS
        for values in (made.var[:, 0], made.es[:, 0], made.sigma, made.pit):
            assert np.isnan(values[: FIRST - 1]).all()
            assert np.isfinite(values[FIRST - 1 : -1]).all()
        assert np.isfinite(made.var[-1]).all()  # the forecast of tomorrow
        assert np.isnan(made.pit[-1])
        assert made.unconverged == 0


@pytest.mark.parametrize("name", NAMES)
def test_es_is_at_least_var_and_both_rise_with_the_level(forecasts, name):
    made = forecasts[name]
    var, es = made.var[FIRST - 1 :], made.es[FIRST - 1 :]
    assert np.all(es >= var)
    assert np.all(np.diff(var, axis=1) >= 0.0)
    assert np.all(np.diff(es, axis=1) >= 0.0)
    assert np.all(made.sigma[FIRST - 1 :] > 0.0)
    assert np.all((made.pit[FIRST - 1 : -1] > 0.0) & (made.pit[FIRST - 1 : -1] < 1.0))


def test_a_loss_beyond_var_has_a_pit_in_the_tail(returns, forecasts):
    for made in forecasts.values():
        hit = -returns[FIRST:] > made.var[FIRST - 1 : -1, 0]
        pit = made.pit[FIRST - 1 : -1]
        assert pit[hit].max() < 0.05 + 2.0 / FIRST
        assert pit[~hit].min() > 0.05 - 2.0 / FIRST


def test_gjr_fhs_is_the_mean_less_sigma_times_the_ranked_residual(returns, forecasts):
    """From the fitted parameters on, everything by plain loops."""
    windows = refit_windows(SIZE, first=FIRST, every=EVERY)
    for window, params in zip(windows, fit_windows(returns, windows, family="gjr"), strict=True):
        variance = [
            params.omega + (params.alpha + params.gamma / 2 + params.beta) * params.backcast
        ]
        for value in returns:
            slope = params.alpha + params.gamma * (value < params.mu)
            shock = (value - params.mu) ** 2
            variance.append(params.omega + slope * shock + params.beta * variance[-1])
        sigma = np.sqrt(variance)
        residual = (returns - params.mu) / sigma[:-1]
        for origin in (window.start, window.stop - 1):
            past = residual[: origin + 1]
            for level, alpha in enumerate(ALPHAS):
                var = sigma[origin + 1] * value_at_risk(past, alpha=alpha) - params.mu
                es = sigma[origin + 1] * expected_shortfall(past, alpha=alpha) - params.mu
                assert forecasts["gjr_fhs"].var[origin, level] == pytest.approx(var, rel=1e-12)
                assert forecasts["gjr_fhs"].es[origin, level] == pytest.approx(es, rel=1e-12)


def test_later_days_leave_every_earlier_forecast_bit_for_bit(returns, forecasts):
    for size in (SIZE - 1, 600):
        for name, short in forecast(returns[:size]).items():
            long = forecasts[name]
            for field in ("var", "es", "sigma"):
                assert np.array_equal(
                    getattr(short, field), getattr(long, field)[:size], equal_nan=True
                ), name
            assert np.array_equal(short.pit[:-1], long.pit[: size - 1], equal_nan=True), name


def test_a_position_of_four_has_four_times_the_risk_and_the_same_pit(returns, forecasts):
    for name, sized in forecast(4.0 * returns).items():
        assert np.array_equal(sized.var, 4.0 * forecasts[name].var, equal_nan=True), name
        assert np.array_equal(sized.es, 4.0 * forecasts[name].es, equal_nan=True), name
        assert np.array_equal(sized.pit, forecasts[name].pit, equal_nan=True), name


def test_asking_for_fewer_models_or_in_another_order_changes_none(returns, forecasts):
    asked = ("gjr_fhs", "hs_500", "garch_t", "parametric")
    some = forecast(returns, models=asked)
    assert tuple(some) == asked
    assert all(same(some[name], forecasts[name]) for name in asked)


def test_an_evaluation_that_starts_later_leaves_the_gjr_path_and_skips_the_rest(returns, forecasts):
    start = FIRST - 1 + 2 * EVERY + 7
    late = forecast(returns, evaluate_from=start)
    from_window = FIRST - 1 + 2 * EVERY
    for name, made in late.items():
        if name.startswith("gjr"):
            assert same(made, forecasts[name])
            continue
        assert np.isnan(made.var[:from_window]).all()
        tolerance = 1e-3 if name.startswith("garch") else 0.0  # another chain of warm starts
        np.testing.assert_allclose(
            made.var[from_window:], forecasts[name].var[from_window:], rtol=tolerance
        )


def test_a_run_that_was_killed_resumes_and_ends_as_an_undisturbed_one(
    returns, forecasts, monkeypatch
):
    shelf = Shelf()
    forecast(returns, store=shelf)
    assert len(shelf.units) == 2 * len(refit_windows(SIZE, first=FIRST, every=EVERY))
    killed = Shelf()
    killed.units = dict(list(shelf.units.items())[:5])  # the GARCH chain and the first of GJR
    real, refitted = garch_fit._maximise, []

    def counting(past, *, family, start):
        refitted.append((family, past.size))
        return real(past, family=family, start=start)

    monkeypatch.setattr(garch_fit, "_maximise", counting)
    resumed = forecast(returns, store=killed)
    assert refitted == [("gjr", 560), ("gjr", 620), ("gjr", 680)]
    assert all(same(resumed[name], forecasts[name]) for name in NAMES)
    assert killed.units == shelf.units


def test_a_refit_that_failed_is_counted_in_the_forecast(returns, monkeypatch):
    real = garch_fit._maximise
    monkeypatch.setattr(
        garch_fit,
        "_maximise",
        lambda past, *, family, start: (
            None if past.size == 560 else real(past, family=family, start=start)
        ),
    )
    made = forecast(returns, models=("gjr_fhs", "hs_250"))
    assert made["gjr_fhs"].unconverged == 1
    assert made["hs_250"].unconverged == 0


def test_a_series_that_is_refused_does_not_stop_the_others(returns):
    histories = [
        history("FLAT", np.full(SIZE, 0.001)),
        history("INDEX", returns),
        history("NEW", returns[:100]),
    ]
    answers = {
        one.name: answer
        for one, answer in forecast_many(
            histories, models=("hs_250", "ewma"), alphas=ALPHAS, first=FIRST, every=EVERY
        )
    }
    assert "must vary, got 0.001" in str(answers["FLAT"])
    assert "n is 100 observations and the first fit needs 500" in str(answers["NEW"])
    assert isinstance(answers["INDEX"], dict)


def test_an_evaluation_date_is_the_row_of_the_first_origin_on_or_after_it(returns):
    one = history("INDEX", returns)
    row = FIRST - 1 + EVERY + 3
    ((_, made),) = forecast_many(
        [one],
        models=("parametric",),
        alphas=ALPHAS,
        first=FIRST,
        every=EVERY,
        evaluate_from=list(one.dates)[row],
    )
    assert isinstance(made, dict)
    assert np.isnan(made["parametric"].sigma[FIRST - 2 + EVERY])
    assert np.isfinite(made["parametric"].sigma[FIRST - 1 + EVERY])


@pytest.mark.slow
def test_two_processes_forecast_what_one_does(returns):
    histories = [history("A", returns), history("B", simulate(6, SIZE)), history("C", -returns)]
    one, two = (
        list(forecast_many(histories, alphas=ALPHAS, first=FIRST, every=EVERY, jobs=jobs))
        for jobs in (1, 2)
    )
    for (first, ours), (second, theirs) in zip(one, two, strict=True):
        assert first.name == second.name
        assert isinstance(ours, dict)
        assert isinstance(theirs, dict)
        assert all(same(ours[name], theirs[name]) for name in NAMES)


def test_a_wrong_request_is_no_fault_of_the_series(returns):
    with pytest.raises(ValueError, match=r"^models: 'gjr' is not one of"):
        next(forecast_many([history("A", returns)], models=("gjr",), alphas=ALPHAS))


def test_a_loop_that_ends_early_ends_in_silence(returns):
    histories = [history("A", returns), history("B", returns)]
    answers = forecast_many(histories, models=("hs_250",), alphas=ALPHAS, first=FIRST, every=EVERY)
    assert next(answers)[0].name == "A"
    answers.close()
    with pytest.raises(StopIteration):
        next(answers)


@pytest.mark.slow
def test_on_its_own_simulation_gjr_fhs_is_exceeded_as_often_as_it_says():
    returns = simulate(7, 9000)
    made = forecast_series(returns, models=("gjr_fhs",), alphas=ALPHAS, every=500)["gjr_fhs"]
    hits = -returns[1000:, None] > made.var[999:-1]
    for rate, tail in zip(hits.mean(axis=0), (0.05, 0.025, 0.01), strict=True):
        assert rate == pytest.approx(tail, abs=3.0 * np.sqrt(tail / 8000))
    assert np.histogram(made.pit[999:-1], bins=10, range=(0, 1))[0] / 8000 == pytest.approx(
        0.1, abs=0.015
    )


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (None, {"models": ("hs_1000",)}, r"^models: 'hs_1000' is not one of hs_250, "),
        (None, {"alphas": (0.99, 0.95)}, r"^alphas must be ascending and different"),
        (None, {"alphas": ()}, r"^alphas must be ascending and different"),
        (None, {"alphas": (0.01,)}, r"^alpha is the confidence level .*pass alpha=0.99"),
        (
            None,
            {"evaluate_from": SIZE},
            r"^evaluate_from must be a row of the 690 returns, got 690",
        ),
        ((600, np.nan), {}, r"^returns must be finite, got nan at row 600"),
        ((slice(None), 0.0), {}, r"^returns must vary, got 0 throughout the first 500"),
    ],
)
def test_what_cannot_be_forecast_is_refused(returns, change, options, message):
    given = returns.copy()
    if change is not None:
        given[change[0]] = change[1]
    with pytest.raises(ValueError, match=message):
        forecast_series(given, **({"alphas": ALPHAS, "first": FIRST} | options))


def test_a_series_shorter_than_the_first_fit_is_refused(returns):
    with pytest.raises(ValueError, match=r"^n is 690 observations and the first fit needs 1000"):
        forecast_series(returns, alphas=ALPHAS)


@pytest.fixture(scope="module")
def ten_ahead(returns):
    return forecast(returns, models=(*NAMES, *LONGER), horizon=10)


def test_ten_sessions_ahead_a_desk_takes_the_square_root_of_ten(forecasts, ten_ahead):
    for name in set(NAMES) - set(SIMULATED):
        made, one = ten_ahead[name], forecasts[name]
        assert made.horizon == 10
        for many, single in ((made.var, one.var), (made.es, one.es), (made.sigma, one.sigma)):
            np.testing.assert_allclose(many, np.sqrt(10) * single, rtol=1e-12)
        assert np.isnan(made.pit[-10:]).all()
        assert np.isfinite(made.pit[FIRST - 1 : -10]).all()
    rooted = ten_ahead["gjr_fhs_sqrt"]
    np.testing.assert_allclose(rooted.es, np.sqrt(10) * forecasts["gjr_fhs"].es, rtol=1e-12)


def test_what_is_simulated_reverts_where_the_root_of_time_does_not(forecasts, ten_ahead):
    """After a shock volatility falls back, and the root of time does not know."""
    served = slice(FIRST - 1, FIRST - 1 + EVERY)  # of one fit
    ratio = ten_ahead["gjr_fhs"].sigma[served] / ten_ahead["gjr_fhs_sqrt"].sigma[served]
    volatile = forecasts["gjr_fhs"].sigma[served]
    assert np.corrcoef(ratio, volatile)[0, 1] < -0.7
    for name in SIMULATED:
        made = ten_ahead[name]
        assert np.all(made.es[FIRST - 1 :] >= made.var[FIRST - 1 :])
        assert np.all(np.diff(made.var[FIRST - 1 :], axis=1) >= 0.0)
        assert made.refits == forecasts[name].refits


def test_what_followed_is_ranked_among_past_returns_times_the_root(returns, ten_ahead):
    origin = FIRST + 40
    past = np.sqrt(10) * returns[origin - 249 : origin + 1]
    followed = np.prod(1 + returns[origin + 1 : origin + 11]) - 1
    expected = (np.count_nonzero(past < followed) + 0.5) / 251
    assert ten_ahead["hs_250"].pit[origin] == pytest.approx(expected, abs=1e-12)


def test_no_later_return_moves_a_forecast_of_ten_sessions(returns, ten_ahead):
    cut = SIZE - 25
    for name, made in forecast(returns[:cut], models=(*NAMES, *LONGER), horizon=10).items():
        np.testing.assert_array_equal(made.var, ten_ahead[name].var[:cut])
        np.testing.assert_array_equal(made.es, ten_ahead[name].es[:cut])
        np.testing.assert_array_equal(made.pit[:-10], ten_ahead[name].pit[: cut - 10])


@pytest.mark.parametrize(
    ("options", "says"),
    [({"models": LONGER}, "'gjr_fhs_sqrt' is not one of"), ({"horizon": 0}, "1 or more; got 0")],
)
def test_a_horizon_that_a_model_does_not_have_is_refused(returns, options, says):
    with pytest.raises(ValueError, match=says):
        forecast(returns, **options)
