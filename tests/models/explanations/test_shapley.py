"""Shares of games whose shares are known."""

from __future__ import annotations

import numpy as np

from models.explanations.shapley import shapley_values


def test_in_a_sum_everybody_gets_what_they_bring():
    worth = np.array([3.0, -1.0, 0.0, 0.5])
    found = shapley_values(lambda on: (2.0 + on @ worth)[:, None], players=4, seed=0)
    np.testing.assert_allclose(found.values[:, 0], worth, atol=1e-12)
    assert found.nobody[0] == 2.0
    assert found.everybody[0] == 4.5
    assert abs(found.missing[0]) < 1e-12
    np.testing.assert_allclose(found.error, 0.0, atol=1e-12)  # whatever the order


def test_what_two_earn_together_is_halved():
    """Shapley's own axioms: symmetric players share alike, and a dummy gets nothing."""
    found = shapley_values(lambda on: 10.0 * (on[:, :1] & on[:, 2:]), players=3, seed=0)
    np.testing.assert_allclose(found.values[:, 0], [5.0, 0.0, 5.0], atol=1e-12)


def test_the_glove_game_comes_near_its_textbook_shares():
    """One left glove and two right ones: 2/3, 1/6, 1/6."""

    def pair(on: np.ndarray) -> np.ndarray:
        return (on[:, 0] & (on[:, 1] | on[:, 2])).astype(float)[:, None]

    found = shapley_values(pair, players=3, seed=0, permutations=600)
    np.testing.assert_allclose(found.values[:, 0], [2 / 3, 1 / 6, 1 / 6], atol=0.03)
    # A gain is one with probability 2/3 or 1/6, else zero.
    deviations = np.sqrt([2 / 9, 5 / 36, 5 / 36])
    np.testing.assert_allclose(found.error[:, 0], deviations / np.sqrt(1200), rtol=0.05)


def test_the_same_seed_gives_the_same_shares_and_outputs_are_kept_apart():
    def game(on: np.ndarray) -> np.ndarray:
        return np.stack([on.sum(axis=1) ** 3.0, on[:, 0] * on.sum(axis=1)], axis=1).astype(float)

    first, again = (shapley_values(game, players=5, seed=4, permutations=2) for _ in range(2))
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_allclose(first.values.sum(axis=0), [125.0, 5.0])
