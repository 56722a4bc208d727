import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from features.splits import Window
from models.measures import expected_shortfall, tail_ranks, value_at_risk
from models.residuals import FilteredPath, assemble, empirical_tail, normal_tail

ALPHAS = (0.9, 0.95, 0.975)


def naive_tail(residual, window, alphas, memory):
    """The same by sorting afresh each day."""
    quantile, shortfall, pit = [], [], []
    for origin in range(window.start, window.stop):
        sample = residual[max(0, origin + 1 - memory) : origin + 1]
        quantile.append([-value_at_risk(sample, alpha=alpha) for alpha in alphas])
        shortfall.append([-expected_shortfall(sample, alpha=alpha) for alpha in alphas])
        if origin + 1 < residual.size:
            following = residual[origin + 1]
            below = np.count_nonzero(sample < following)
            ties = np.count_nonzero(sample == following)
            pit.append((below + 0.5 * ties + 0.5) / (sample.size + 1))
        else:
            pit.append(np.nan)
    return np.array(quantile), np.array(shortfall), np.array(pit)


@settings(max_examples=30)
@given(
    st.integers(0, 2**32 - 1), st.integers(40, 60), st.booleans(), st.sampled_from([40, 45, 999])
)
def test_inserting_day_by_day_is_sorting_afresh_each_day(seed, start, tied, memory):
    draws = np.random.default_rng(seed).standard_t(3, 100)
    residual = np.round(draws) if tied else draws
    window = Window(fit_end=start + 1, start=start, stop=100)
    ranks = tail_ranks(ALPHAS, largest=100)
    tail = empirical_tail(residual, window, ranks=ranks, memory=None if memory == 999 else memory)
    quantile, shortfall, pit = naive_tail(residual, window, ALPHAS, memory)
    np.testing.assert_array_equal(tail.quantile, quantile)
    np.testing.assert_allclose(tail.shortfall, shortfall, rtol=1e-13)
    np.testing.assert_array_equal(tail.pit, pit)
    assert np.all(tail.shortfall <= tail.quantile)


def test_the_worst_of_a_hundred_by_hand():
    """Losses 1..100 and then 1000: the 0.99 tail of 101 is 1.01 outcomes."""
    residual = np.r_[-np.arange(1.0, 101.0), -1000.0]
    ranks = tail_ranks([0.99], largest=101)
    tail = empirical_tail(residual, Window(fit_end=100, start=99, stop=101), ranks=ranks)
    assert tail.quantile[:, 0].tolist() == [-99.0, -100.0]
    assert tail.shortfall[:, 0] == pytest.approx([-100.0, -(1000.0 + 0.01 * 100.0) / 1.01])
    assert tail.pit[0] == 0.5 / 101
    assert np.isnan(tail.pit[1])


def test_a_later_residual_moves_nothing_before_it():
    residual = np.random.default_rng(1).standard_normal(300)
    ranks = tail_ranks(ALPHAS, largest=300)
    long = empirical_tail(residual, Window(100, 99, 300), ranks=ranks)
    short = empirical_tail(residual[:200], Window(100, 99, 200), ranks=ranks)
    np.testing.assert_array_equal(long.quantile[:101], short.quantile)
    np.testing.assert_array_equal(long.shortfall[:101], short.shortfall)
    np.testing.assert_array_equal(long.pit[:100], short.pit[:100])


def test_two_windows_are_one():
    residual = np.random.default_rng(2).standard_normal(200)
    ranks = tail_ranks(ALPHAS, largest=200)
    whole = empirical_tail(residual, Window(100, 99, 200), ranks=ranks)
    halves = [
        empirical_tail(residual, w, ranks=ranks)
        for w in (Window(100, 99, 150), Window(151, 150, 200))
    ]
    np.testing.assert_array_equal(whole.quantile, np.vstack([half.quantile for half in halves]))
    np.testing.assert_array_equal(whole.pit, np.concatenate([half.pit for half in halves]))


def test_the_pit_of_exchangeable_residuals_is_uniform():
    residual = np.random.default_rng(3).standard_t(4, 6000)
    ranks = tail_ranks(ALPHAS, largest=6000)
    pit = empirical_tail(residual, Window(1000, 999, 6000), ranks=ranks).pit[:-1]
    assert np.histogram(pit, bins=10, range=(0, 1))[0] / pit.size == pytest.approx(0.1, abs=0.015)


def test_a_sample_too_small_for_a_level_is_refused():
    ranks = tail_ranks([0.9, 0.99], largest=60)
    with pytest.raises(ValueError, match=r"^alphas: 50 past observations cannot resolve .* 0.01"):
        empirical_tail(np.arange(60.0), Window(50, 49, 60), ranks=ranks)


def test_the_normal_tail_is_scipys():
    tail = normal_tail(np.array([0.0, -1.0, 2.0]), Window(1, 0, 3), alphas=(0.975, 0.99))
    assert tail.quantile[0] == pytest.approx(norm.ppf([0.025, 0.01]))
    assert tail.shortfall[0] == pytest.approx(
        [norm.expect(lambda z: z, ub=norm.ppf(p), conditional=True) for p in (0.025, 0.01)]
    )
    assert tail.pit[:2] == pytest.approx(norm.cdf([-1.0, 2.0]))
    assert np.isnan(tail.pit[2])


def test_a_forecast_is_the_mean_less_sigma_times_the_tail():
    """One session: sigma 2%, mean 0.1%, a normal residual; 0.99 VaR = 2.326 x 2% - 0.1%."""
    path = FilteredPath(np.array([0.01, 0.02, 0.03]), np.array([0.5, -50.0]), 0.001)
    window = Window(fit_end=1, start=0, stop=1)
    tail = normal_tail(path.residual, window, alphas=(0.99,))
    forecast = assemble(2, alphas=(0.99,), served=[(window, path, tail)])
    assert forecast.var[0, 0] == pytest.approx(0.02 * 2.3263479 - 0.001)
    assert forecast.es[0, 0] == pytest.approx(0.02 * 2.6652142 - 0.001)
    assert forecast.sigma[0] == 0.02
    assert np.isnan(forecast.var[1, 0])
    assert np.isfinite(norm.ppf(forecast.pit[0]))  # 50 sigma is impossible, yet not minus infinity
