"""Days unlike the past: what was planted is found and named, and false alarms are as stated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from features.asof import Timeline
from models.anomalies import SESSIONS, conformal_p, unlike_the_past

NAMES = ("stocks", "bonds", "credit")
LAW = np.array([[1.0, -0.5, 0.7], [-0.5, 1.0, -0.3], [0.7, -0.3, 1.0]])


def moves(values: np.ndarray, names: tuple[str, ...] = NAMES) -> Timeline:
    times = pd.date_range("2001-01-01 22:00", periods=len(values), freq="D", tz="UTC")
    return Timeline(names, values, times)


def usual(days: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).multivariate_normal(np.zeros(3), LAW, days)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_shock_is_an_alarm_and_its_input_is_named(at: int):
    values = usual(1000)
    values[-1] = 0.0
    values[-1, at] = 6.0
    found = unlike_the_past(moves(values))
    assert found.alarm[-1]
    name, share = found.makers(999)[0]
    assert name == NAMES[at]
    assert share > 0.6


def test_moves_that_are_ordinary_alone_are_unusual_against_their_correlation():
    values = usual(1000)
    values[-2] = (1.8, -1.0, 1.6)  # as they go together
    values[-1] = (1.8, 1.8, -1.6)  # as they never do
    found = unlike_the_past(moves(values))
    assert not found.alarm[-2]
    assert found.alarm[-1]


def test_false_alarms_come_at_the_stated_rate():
    """Of 20 years in which nothing happens: alarms are binomial around four a year."""
    found = unlike_the_past(moves(usual(20 * SESSIONS + 750)), rate=4.0)
    told = np.isfinite(found.rarity)
    expected = 4.0 * told.sum() / SESSIONS
    assert abs(found.alarm.sum() - expected) < 3.0 * np.sqrt(expected)


def test_the_squared_distance_is_chi_square_where_moves_are_normal():
    found = unlike_the_past(moves(usual(3000)))
    squared = 3.0 * np.expm1(found.score[500:])
    for tail in (0.5, 0.1):
        assert np.mean(squared > chi2.isf(tail, 3)) == pytest.approx(tail, abs=0.03)


def test_shares_are_never_negative_and_add_up():
    found = unlike_the_past(moves(usual(800)))
    shares = found.contributions[500:]
    assert (shares >= 0.0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


def test_hand_counted_rarity():
    score = np.concatenate([np.arange(float(SESSIONS)), [-1.0, 248.5, 1e9, 100.0, np.nan]])
    rarity = conformal_p(score)
    assert np.isnan(rarity[:SESSIONS]).all()
    assert rarity[SESSIONS] == 1.0
    assert rarity[SESSIONS + 1] == 2 / 252  # itself and 249
    assert rarity[SESSIONS + 2] == 1 / 253
    assert rarity[SESSIONS + 3] == pytest.approx((1 + 152) / 254)  # 100 to 249, 248.5 and 1e9
    assert np.isnan(rarity[-1])


def test_an_input_that_came_late_or_went_away_makes_nothing():
    values = usual(1200)
    values[:900, 1] = np.nan  # known for less than half of the past of both fits
    values[-1, 2] = np.nan
    found = unlike_the_past(moves(values))
    assert (found.contributions[499:, 1] == 0.0).all()
    assert found.contributions[-1, 2] == pytest.approx(0.0, abs=0.2)
    values[-1] = np.nan
    assert np.isnan(unlike_the_past(moves(values)).score[-1])


def test_the_future_changes_no_score():
    values = usual(1300)
    whole = unlike_the_past(moves(values))
    assert np.isnan(whole.score[:499]).all()
    for size in (500, 750, 1299):
        then = unlike_the_past(moves(values[:size]))
        np.testing.assert_array_equal(then.score, whole.score[:size])
        np.testing.assert_array_equal(then.contributions, whole.contributions[:size])
        np.testing.assert_array_equal(then.alarm, whole.alarm[:size])


def test_an_impossible_rate_is_refused():
    with pytest.raises(ValueError, match="rate is the number of false alarms a year"):
        unlike_the_past(moves(usual(10)), rate=0.0)
