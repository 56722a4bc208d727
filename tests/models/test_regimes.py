"""Regimes by hand, and on a market whose switches are known: how late, and how often wrongly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from infra.bench.switching import detection, switching_market
from models.refits import FIRST
from models.regimes import CRISIS, ENTER, LEAVE, Regimes, latched, market_regimes

SIZE = 2200
MARKET = switching_market(np.random.default_rng(5), sessions=SIZE)
TIMES = pd.date_range("2004-01-01 22:00", periods=SIZE, freq="D", tz="UTC")


@pytest.fixture(scope="module")
def regimes() -> Regimes:
    return market_regimes(MARKET.returns, TIMES)


def after(*evidence: tuple[float, float]) -> list[int]:
    return latched(np.array(evidence), enter=(0.7, 0.9), leave=(0.2, 0.5)).tolist()


@pytest.mark.parametrize(
    ("evidence", "states"),
    [
        (((0.69, 0.0), (0.7, 0.0)), [0, 1]),  # the threshold itself enters
        (((0.7, 0.0), (0.2, 0.0), (0.19, 0.0)), [1, 1, 0]),  # and is not left at its own
        (((0.5, 0.0),), [0]),  # between both it is not entered
        (((0.95, 0.9), (0.95, 0.5), (0.95, 0.49)), [2, 2, 1]),  # a crisis is left for high
        (((0.95, 0.9), (0.3, 0.1), (0.1, 0.1)), [2, 1, 0]),  # which is kept while it is not left
        (((0.95, 0.9), (0.1, 0.1)), [2, 0]),
        (((0.8, 0.0), (0.8, 0.6)), [1, 1]),  # no crisis that has not begun
    ],
)
def test_a_state_is_left_later_than_it_is_entered(
    evidence: tuple[tuple[float, float], ...], states: list[int]
):
    assert after(*evidence) == states


def test_where_nothing_is_known_the_state_stays():
    nan = float("nan")
    assert after((nan, nan), (0.9, 0.0), (nan, nan)) == [-1, 1, 1]
    assert latched(np.empty((0, 2)), enter=(1.0, 1.0), leave=(0.0, 0.0)).tolist() == []


def test_nothing_is_said_before_two_years_are_known(regimes: Regimes):
    assert (regimes.state == -1).tolist() == (np.arange(SIZE) < FIRST - 1).tolist()
    assert (regimes.confirmed == -1).tolist() == (np.arange(SIZE) < FIRST - 1).tolist()
    short = market_regimes(MARKET.returns[:100], TIMES[:100])
    assert set(short.state) == {-1}
    assert np.isnan(short.probabilities).all()


def test_a_known_crisis_is_told_within_two_weeks_and_seldom_wrongly(regimes: Regimes):
    """Sessions from each known switch to the alert; false are alerts outside of any crisis."""
    told = regimes.state[FIRST:] == CRISIS
    found = detection(told, MARKET.state[FIRST:] == CRISIS)
    assert len(found.lags) >= 4
    assert np.median(found.lags) <= 7
    assert found.false <= 0.34 * found.alarms
    assert found.alarms <= 2 * len(found.lags)


def test_the_confirmation_changes_its_mind_less_often(regimes: Regimes):
    alert, confirmed = (
        int(np.sum(np.diff(told[FIRST:]) != 0)) for told in (regimes.state, regimes.confirmed)
    )
    assert 0 < confirmed <= alert / 2
    assert (regimes.confirmed == 1)[MARKET.state == CRISIS].mean() > 0.8


def test_the_future_changes_nothing(regimes: Regimes):
    for size in (FIRST, 1251):
        then = market_regimes(MARKET.returns[:size], TIMES[:size])
        np.testing.assert_array_equal(then.probabilities, regimes.probabilities[:size])
        np.testing.assert_array_equal(then.state, regimes.state[:size])
        np.testing.assert_array_equal(then.confirmed, regimes.confirmed[:size])


def test_a_change_of_unit_changes_no_state(regimes: Regimes):
    doubled = market_regimes(4.0 * MARKET.returns, TIMES)
    np.testing.assert_array_equal(doubled.state, regimes.state)
    np.testing.assert_array_equal(doubled.confirmed, regimes.confirmed)


def test_a_market_that_never_had_a_crisis_is_in_none():
    """Its returns are of one law, in which three states are found all the same."""
    returns = 0.01 * np.random.default_rng(0).standard_normal(1500)
    calm = market_regimes(returns, TIMES[:1500])
    assert not (calm.state == CRISIS).any()
    np.testing.assert_allclose(calm.probabilities[FIRST:].sum(axis=1), 1.0)


def test_a_spell_is_dated_from_its_first_session(regimes: Regimes):
    changes = np.flatnonzero(np.diff(regimes.state[FIRST:]) != 0) + FIRST + 1
    first, after = int(changes[0]), int(changes[1])
    assert regimes.since(first) == first
    assert regimes.since(after - 1) == first
    assert regimes.since(0) == 0


def test_as_an_input_it_is_known_at_its_instant(regimes: Regimes):
    told = regimes.timeline().at(pd.DatetimeIndex([TIMES[600] - pd.Timedelta(1), TIMES[600]]))
    np.testing.assert_array_equal(told[:, :2], regimes.probabilities[599:601, 1:])
    assert np.isnan(regimes.timeline().values[: FIRST - 1]).all()
    assert ENTER > LEAVE
