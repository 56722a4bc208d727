"""Volatilities against closed-form weights, published formulas and simulated Brownian motion."""

import numpy as np
import pandas as pd
import pytest

from features.volatility import (
    downside_volatility,
    ewma,
    ewma_volatility,
    expanding_volatility,
    garman_klass_variance,
    parkinson_variance,
)

NAN = np.nan


def test_weights_halve_every_half_life_and_sum_to_one_from_the_start():
    # Half-life 1: weights 1; 1/3, 2/3; 1/7, 2/7, 4/7.
    np.testing.assert_allclose(
        ewma(np.array([7.0, 14.0, 28.0]), half_life=1.0), [7.0, 35.0 / 3.0, 21.0], rtol=1e-14
    )


@pytest.mark.parametrize("half_life", [1.0, 3.0, 10.0, 120.0])
def test_ewma_agrees_with_pandas(generator: np.random.Generator, half_life: float):
    values = generator.normal(size=(500, 3))
    expected = pd.DataFrame(values).ewm(halflife=half_life, adjust=True).mean().to_numpy()
    np.testing.assert_allclose(ewma(values, half_life=half_life), expected, rtol=1e-10, atol=1e-12)


def test_a_gap_keeps_its_place_in_time_and_has_no_weight():
    # Weights 1/4 and 1 around the gap: (1/4 * 2 + 1 * 7) / (5/4) = 6.
    assert ewma(np.array([2.0, NAN, 7.0]), half_life=1.0)[-1] == pytest.approx(6.0)


def test_an_average_that_rests_mostly_on_gaps_is_not_known():
    values = np.array([1.0, 1.0, NAN, NAN, 1.0])
    # Known weight at each time, half-life 1: all; all; (1/2 + 1/4) of 7/4 = 3/7, below a half; ...
    np.testing.assert_array_equal(ewma(values, half_life=1.0), [1.0, 1.0, NAN, NAN, 1.0])
    assert np.isnan(ewma(np.full(3, NAN), half_life=1.0)).all()


def test_volatility_of_moves_of_one_size_is_that_size():
    returns = 0.01 * np.array([1.0, -1.0, -1.0, 1.0, -1.0])
    np.testing.assert_allclose(ewma_volatility(returns, half_life=3.0), 0.01)
    np.testing.assert_allclose(expanding_volatility(returns), 0.01)


def test_downside_counts_a_gain_as_no_move():
    # Weights 1/3, 2/3: sqrt(2/3) of the loss, nothing of the gain.
    np.testing.assert_allclose(
        downside_volatility(np.array([0.05, -0.03]), half_life=1.0), [0.0, 0.03 * np.sqrt(2 / 3)]
    )


def test_expanding_volatility_by_hand():
    np.testing.assert_allclose(expanding_volatility(np.array([3.0, 4.0])), [3.0, np.sqrt(12.5)])


def test_range_variances_by_hand():
    open_, high, low, close = (np.array([price]) for price in (100.0, 110.0, 95.0, 105.0))
    # ln(110/95) = 0.1466035, ln(105/100) = 0.0487902, 2 ln 2 - 1 = 0.3862944.
    parkinson = 0.1466035**2 / 2.7725887
    garman_klass = 0.5 * 0.1466035**2 - 0.3862944 * 0.0487902**2
    np.testing.assert_allclose(parkinson_variance(high, low), parkinson, rtol=1e-6)
    np.testing.assert_allclose(
        garman_klass_variance(open_, high, low, close), garman_klass, rtol=1e-6
    )


def test_range_variances_are_unbiased_for_brownian_motion(generator: np.random.Generator):
    sigma, sessions, steps = 0.02, 4000, 500
    moves = generator.normal(scale=sigma / np.sqrt(steps), size=(sessions, steps))
    path = np.cumsum(moves, axis=1)
    # A path watched at `steps` moments misses its extremes by 0.5826 sigma sqrt(dt) on average
    # (Broadie, Glasserman and Kou 1997); without it the range is 3% short.
    missed = 0.5826 * sigma / np.sqrt(steps)
    high = 100.0 * np.exp(np.maximum(path.max(axis=1), 0.0) + missed)
    low = 100.0 * np.exp(np.minimum(path.min(axis=1), 0.0) - missed)
    open_, close = np.full(sessions, 100.0), 100.0 * np.exp(path[:, -1])
    assert parkinson_variance(high, low).mean() == pytest.approx(sigma**2, rel=0.03)
    garman_klass = garman_klass_variance(open_, high, low, close)
    assert garman_klass.mean() == pytest.approx(sigma**2, rel=0.03)
    # Garman and Klass: 7.4 times as efficient as the squared return, variance 2 sigma^4 / 7.4.
    assert garman_klass.var() == pytest.approx(2.0 * sigma**4 / 7.4, rel=0.1)


@pytest.mark.parametrize(
    ("open_", "high", "low", "close"),
    [
        (100.0, 95.0, 110.0, 100.0),  # upside down
        (100.0, 100.0, 100.0, 100.0),  # the close printed four times
        (NAN, NAN, NAN, 100.0),  # no bar
        (0.0, 10.0, 0.0, 5.0),  # no log of zero
        (90.0, 110.0, 95.0, 100.0),  # open below the low
        (100.0, 110.0, 95.0, 111.0),  # close above the high
    ],
)
def test_a_bar_that_cannot_be_is_not_known(open_: float, high: float, low: float, close: float):
    bar = [np.array([price]) for price in (open_, high, low, close)]
    assert np.isnan(garman_klass_variance(*bar)).all()


def test_the_last_digit_of_single_precision_spoils_no_bar():
    close = float(np.float32(27.1))
    bar = [np.array([price]) for price in (27.0, 27.1, 26.8, close)]
    assert close > 27.1
    assert np.isfinite(garman_klass_variance(*bar)).all()
