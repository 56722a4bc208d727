"""Jumps must pay for themselves: by hand, by the price of one, and where the states are known."""

from __future__ import annotations

from itertools import product

import numpy as np

from features.splits import refit_windows
from infra.bench.switching import detection, switching_market
from models.jumps import jump_states, volatility_features

WINDOWS = refit_windows(3000, first=500, every=1000)
MARKET = switching_market(np.random.default_rng(2), sessions=3000)
CRISIS = MARKET.state == 2


def test_a_decision_is_the_end_of_the_cheapest_path():
    """Of ten sessions after a fit, against all 1,024 paths."""
    first, size, penalty = 500, 509, 3.0
    windows = refit_windows(size, first=first, every=20)
    told = jump_states(MARKET.returns[:size], windows, penalty=penalty)
    features = volatility_features(MARKET.returns)
    past = features[:first][features[:first].min(axis=1) > np.log(1e-8)]
    scaled = np.clip((features - past.mean(axis=0)) / past.std(axis=0), -3, 3)
    # The centres are the means of the two states on the past as the model itself decided them.
    from jumpmodels.jump import JumpModel

    model = JumpModel(2, jump_penalty=penalty, n_init=1, random_state=0, max_iter=50)
    model.fit(scaled[:first][features[:first].min(axis=1) > np.log(1e-8)])
    centres = model.centers_[np.argsort(model.centers_[:, 0])]
    cost = 0.5 * ((scaled[:size, None, :] - centres) ** 2).sum(axis=2)
    value = cost[0]
    for row in range(1, size - 9):
        value = cost[row] + np.minimum(value, value[::-1] + penalty)
    best = min(
        product((0, 1), repeat=10),
        key=lambda path: (
            value[path[0]]
            + sum(
                cost[size - 9 + at, state] + penalty * (state != path[at])
                for at, state in enumerate(path[1:])
            )
        ),
    )
    assert told[-1] == best[-1]


def test_a_dearer_jump_is_a_rarer_one():
    switches = [
        int(np.sum(np.diff(jump_states(MARKET.returns, WINDOWS, penalty=penalty)[500:]) != 0))
        for penalty in (1.0, 30.0, 300.0)
    ]
    assert switches[0] > switches[1] > switches[2]


def test_a_known_crisis_is_confirmed_within_a_month_and_seldom_wrongly():
    told = jump_states(MARKET.returns, WINDOWS) == 1
    found = detection(told[500:], CRISIS[500:])
    assert len(found.lags) >= 5
    assert np.median(found.lags) <= 20
    assert told[500:][CRISIS[500:]].mean() > 0.7
    assert told[500:][(MARKET.state == 0)[500:]].mean() < 0.2


def test_the_future_moves_no_decision():
    whole = jump_states(MARKET.returns, WINDOWS)
    assert set(whole[:499]) == {-1}
    for size in (500, 1500, 2711):
        windows = refit_windows(size, first=500, every=1000)
        np.testing.assert_array_equal(jump_states(MARKET.returns[:size], windows), whole[:size])


def test_a_market_that_never_moved_is_calm():
    windows = refit_windows(80, first=50, every=50)
    assert set(jump_states(np.zeros(80), windows)[49:]) == {0}
