"""What pictures of a set are drawn from; how they look is for a person to see."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from flows.scenario_sets.files import ScenarioSet
from flows.scenario_sets.pictures import (
    SHOWN,
    clustered,
    correlation,
    correlation_picture,
    fan_picture,
    levels,
    most_telling,
    moved,
    scenario_picture,
    spread_picture,
    tail_picture,
)
from models.base import Asset

STOCK = Asset("STOCK", "price", "log", "USD", 100.0)
YIELD = Asset("YIELD", "rate", "diff", "USD", 4.0)
OIL = Asset("OIL", "price", "diff", "USD", 70.0)
ASSETS = (STOCK, YIELD, OIL)


@pytest.fixture(scope="module")
def told() -> ScenarioSet:
    moves = np.random.default_rng(0).normal(0, 0.01, (500, 5, 3)).astype(np.float32)
    spread = np.full(moves.shape, 0.001, dtype=np.float32)
    return ScenarioSet(moves, ASSETS, spread=spread)


def test_a_level_starts_today_and_moves_in_its_own_way():
    moves = np.array([[np.log(2.0), np.log(0.5)]])
    np.testing.assert_allclose(levels(STOCK, moves), [[100.0, 200.0, 100.0]])
    np.testing.assert_allclose(levels(YIELD, np.array([[0.5, -1.0]])), [[4.0, 4.5, 3.5]])


def test_a_move_is_told_in_the_words_of_its_kind():
    assert moved(STOCK, np.log(0.8)) == "\N{MINUS SIGN}20.0%"
    assert moved(YIELD, 0.25) == "+25 bp"
    assert moved(OIL, -28.0) == "\N{MINUS SIGN}28"


def test_a_correlation_is_of_the_sessions_of_both():
    """The second is the first reversed where both are known; the third never moves."""
    first = np.array([1.0, 2.0, 3.0, 4.0, 9.0])
    second = np.array([-1.0, -2.0, -3.0, -4.0, np.nan])
    matrix = correlation(np.column_stack([first, second, np.zeros(5)]))
    np.testing.assert_allclose(matrix, [[1, -1, 0], [-1, 1, 0], [0, 0, 1]], atol=1e-12)


def test_near_assets_stand_side_by_side():
    block = np.array([[1.0, 0.0, 0.9, 0.0], [0.0, 1.0, 0.0, 0.9]])
    matrix = np.vstack([block, block[:, [2, 3, 0, 1]]])
    order = clustered(matrix)
    assert abs(order.index(0) - order.index(2)) == 1
    assert abs(order.index(1) - order.index(3)) == 1
    assert clustered(np.eye(2)) == [0, 1]


def test_the_middle_of_each_cluster_is_shown_first():
    """Five that follow the third, and five that follow nothing."""
    generator = np.random.default_rng(2)
    leader = generator.normal(size=(4000, 1, 1))
    flock = leader + np.array([0.6, 0.6, 0.0, 0.6, 0.6]) * generator.normal(size=(4000, 1, 5))
    alone = generator.normal(size=(4000, 1, 5))
    moves = np.concatenate([flock, alone], axis=2).astype(np.float32)
    assets = tuple(Asset(f"A{k}", "price", "log", "USD", 1.0) for k in range(10))
    order = most_telling(ScenarioSet(moves, assets))
    assert order[0] == 2
    assert sorted(order[1:SHOWN]) == [5, 6, 7, 8, 9]
    assert sorted(order) == list(range(10))


def test_every_picture_is_one_svg_that_names_its_assets(told: ScenarioSet):
    history = np.random.default_rng(1).normal(0, 0.02, (300, 3))
    history[:100, 2] = np.nan
    past = np.full((30, 3), 70.0)
    shown = most_telling(told)[:SHOWN]
    for picture in (
        fan_picture(told, shown, past),
        tail_picture(told, history, shown, history[100:]),
        correlation_picture(told, history, history[100:]),
        scenario_picture(told, 7),
        spread_picture(told, [0]),
    ):
        svg = base64.b64decode(picture.removeprefix("data:image/svg+xml;base64,")).decode()
        assert svg.count("<svg") == 1
        assert "STOCK" in svg
