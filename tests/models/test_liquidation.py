"""How positions are sold: counted by hand, and the Almgren-Chriss trajectory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.liquidation import almgren_chriss, evenly, sessions_to_sell


def test_a_tenth_of_the_volume_a_session():
    value = np.array([100.0, -250.0, 1000.0, 1001.0, 0.0])
    sessions = sessions_to_sell(value, np.full(5, 1000.0), participation=0.1)
    assert sessions.tolist() == [1, 3, 10, 11, 1]


def test_equal_parts_and_the_rest_at_the_end():
    held = evenly(np.array([1, 2, 8]), 4)
    np.testing.assert_allclose(
        held, [[0.0, 0.5, 7 / 8], [0.0, 0.0, 6 / 8], [0.0, 0.0, 5 / 8], [0.0, 0.0, 0.0]]
    )


def test_the_trajectory_is_the_published_one():
    held = almgren_chriss(np.array([5]), 5, urgency=0.6)
    t = np.arange(1, 6)
    np.testing.assert_allclose(held[:, 0], np.sinh(0.6 * (5 - t)) / np.sinh(0.6 * 5), atol=1e-12)


def test_without_hurry_it_sells_evenly_and_with_all_of_it_at_once():
    sessions = np.array([7, 3])
    even = evenly(sessions, 7)
    np.testing.assert_array_equal(almgren_chriss(sessions, 7, urgency=0.0), even)
    np.testing.assert_allclose(almgren_chriss(sessions, 7, urgency=1e-7), even, atol=1e-6)
    assert almgren_chriss(sessions, 7, urgency=60.0).max() < 1e-20


@given(st.integers(1, 500), st.integers(1, 60), st.floats(0.0, 50.0))
def test_nothing_is_bought_back_and_nothing_is_left(sessions: int, steps: int, urgency: float):
    held = almgren_chriss(np.array([sessions]), steps, urgency=urgency)[:, 0]
    path = np.concatenate([[1.0], held])
    assert (np.diff(path) <= 1e-12).all()
    assert held[-1] == 0.0


@pytest.mark.parametrize("participation", [0.0, 1.5, float("nan")])
def test_a_share_is_a_share(participation: float):
    with pytest.raises(ValueError, match="participation"):
        sessions_to_sell(np.ones(1), np.ones(1), participation=participation)


@pytest.mark.parametrize("volume", [0.0, -1.0, float("nan")])
def test_what_nobody_trades_is_not_sold(volume: float):
    with pytest.raises(ValueError, match="volume must be above zero"):
        sessions_to_sell(np.ones(2), np.array([1.0, volume]))


def test_a_negative_hurry_is_refused():
    with pytest.raises(ValueError, match="urgency"):
        almgren_chriss(np.array([5]), 5, urgency=-0.1)
