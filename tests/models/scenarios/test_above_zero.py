"""A spread stops above zero and rises from there; nothing else is touched."""

from __future__ import annotations

import numpy as np

from models.base import Asset
from models.scenarios.above_zero import LEAST, above_zero

ASSETS = (
    Asset("HY_OAS", "spread", "diff", "USD", 4.0),
    Asset("UST10Y", "rate", "diff", "USD", 4.0),
    Asset("SPY", "price", "log", "USD", 4.0),
)


def test_a_spread_stops_and_rises_from_where_it_stopped():
    moves = np.array([[[-3.0], [-2.0], [0.5]], [[-1.0], [-2.5], [1.0]]], np.float32).repeat(3, 2)
    held = above_zero(moves.copy(), ASSETS)
    np.testing.assert_allclose(held[0, :, 0], [-3.0, -0.6, 0.5], rtol=1e-6)  # 1.0, 0.4, 0.9
    np.testing.assert_array_equal(held[1], moves[1])  # 3.0, 0.5, 1.5: above 0.4 throughout
    np.testing.assert_array_equal(held[:, :, 1:], moves[:, :, 1:])


def test_no_level_is_below_the_least_of_many_paths():
    moves = np.random.default_rng(1).normal(0.0, 2.0, (500, 10, 3)).astype(np.float32)
    levels = 4.0 + above_zero(moves, ASSETS)[:, :, 0].cumsum(axis=1, dtype=np.float64)
    assert levels.min() > 4.0 * LEAST - 1e-5


def test_what_starts_below_zero_is_left_alone():
    moves = np.full((1, 2, 1), -1.0, np.float32)
    odd = (Asset("BASIS", "spread", "diff", "USD", -0.1),)
    np.testing.assert_array_equal(above_zero(moves.copy(), odd), moves)
