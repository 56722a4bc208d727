"""Who plays, what a coalition reads, and what the inputs of a known head are worth."""

from __future__ import annotations

import numpy as np

from models.explanations.game import Game, log_factor, players_of
from models.explanations.shapley import shapley_values
from models.tail.seed_spread import members
from models.tail.served import Served
from tests.models.explanations.made import (
    NORMAL_ES,
    SPAN,
    fusion_served,
    linear_served,
    made_inputs,
)

WEIGHTS = [0.010, -0.020, 0.0, 0.030, 0.005]
"""So small that the head is a straight line."""


def game_of(*served: Served, rows: int = 12, sessions: bool = False) -> Game:
    origin, background = made_inputs(1, seed=8), made_inputs(rows, seed=9)
    players = players_of(origin, background, sessions=sessions)
    return Game(served, origin, background, players, 0.99)


def test_the_shap_value_of_a_linear_head_is_weight_times_distance_from_the_mean():
    game = game_of(linear_served(WEIGHTS))
    found = shapley_values(game, players=len(game.players), seed=1)
    distance = game.origin.features[0] - game.background.features.mean(axis=0)
    expected = SPAN * np.array(WEIGHTS) * distance
    np.testing.assert_allclose(found.values[:5, 0], expected, atol=3e-5)
    assert found.values[2, 0] == 0.0  # nobody reads parkinson_10
    assert found.values[5, 0] == 0.0  # the base's tail is the same everywhere


def test_the_values_add_up_to_the_difference_from_the_background():
    game = game_of(fusion_served(), sessions=True)
    found = shapley_values(game, players=len(game.players), seed=1, permutations=2)
    whole = log_factor(game.served[0], game.origin, alpha=0.99)
    usual = log_factor(game.served[0], game.background, alpha=0.99).mean()
    np.testing.assert_allclose(found.everybody, whole, rtol=1e-9)
    np.testing.assert_allclose(found.nobody, usual, rtol=1e-9)
    np.testing.assert_allclose(found.values.sum(axis=0), whole - usual, atol=1e-12)
    assert abs(found.missing[0]) < 1e-12


def test_members_are_explained_beside_the_whole():
    both = linear_served(WEIGHTS, [-weight for weight in WEIGHTS])
    game = game_of(both, *members(both))
    found = shapley_values(game, players=len(game.players), seed=1, permutations=2)
    assert found.values.shape == (6, 3)
    np.testing.assert_allclose(found.values[:, 1], -found.values[:, 2], atol=1e-4)
    np.testing.assert_allclose(found.values[:, 0], 0.0, atol=1e-3)  # but for a second order


def test_what_is_the_same_everywhere_does_not_play():
    origin, background = made_inputs(1, seed=8), made_inputs(6, seed=9)
    background.own[:, 1] = origin.own[0, 1]
    origin.shared[:, 0] = background.shared[:, 0] = np.nan
    names = [player.name for player in players_of(origin, background, sessions=False)]
    assert names == ["volatility_10", "parkinson_10", "vix_trend", "tail of the base"]


def test_sessions_play_a_patch_at_a_time():
    origin, background = made_inputs(1), made_inputs(3)
    played = players_of(origin, background, sessions=True)
    names = [player.name for player in played if player.kind == "sessions"]
    assert (names[0], names[-1], len(names)) == ("sessions 64-57 ago", "sessions 8-1 ago", 8)


def test_a_coalition_reads_its_own_inputs_at_the_origin_and_all_others_behind():
    game = game_of(fusion_served(), rows=3, sessions=True)
    on = np.zeros((2, len(game.players)), dtype=bool)
    on[1, 0] = on[1, 5] = True  # volatility_10, and the oldest patch
    mixed = game.mixed(on)
    np.testing.assert_array_equal(mixed.features[:3], game.background.features)
    assert (mixed.own[3:, 0] == game.origin.own[0, 0]).all()
    np.testing.assert_array_equal(mixed.own[3:, 1:], game.background.own[:, 1:])
    assert (mixed.window[3:, :8] == game.origin.window[0, :8]).all()
    np.testing.assert_array_equal(mixed.window[3:, 8:], game.background.window[:, 8:])


def test_passes_are_counted_by_row_and_net():
    both = linear_served(WEIGHTS, WEIGHTS)
    game = game_of(both, *members(both), rows=12)
    game(np.ones((4, len(game.players)), dtype=bool))
    assert game.passes == 4 * 12 * (2 + 1 + 1)


def test_a_base_that_is_itself_twice_as_wide_is_no_factor():
    inputs = made_inputs(1)
    inputs.var[:] *= 2.0
    inputs.es[:] = 2.0 * NORMAL_ES
    assert log_factor(linear_served([0.0] * 5), inputs, alpha=0.975)[0] == 0.0
