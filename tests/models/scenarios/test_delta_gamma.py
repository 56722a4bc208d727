"""The nearest loss of a quadratic: closed forms, and a gain that catches up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.scenarios.delta_gamma import nearest_quadratic_loss


def test_without_curvature_it_lies_straight_down_the_slope():
    slope = np.array([3.0, 4.0])
    z = nearest_quadratic_loss(slope, np.zeros((2, 2)), loss=10.0)
    assert z is not None
    np.testing.assert_allclose(z, -10.0 * slope / 25.0)


def test_one_direction_is_the_root_of_a_parabola():
    # 2z - z^2 / 2 = -6 has the roots -2 and 6: the nearer one is the answer.
    z = nearest_quadratic_loss(np.array([2.0]), np.array([[-1.0]]), loss=6.0)
    assert z is not None
    assert z[0] == pytest.approx(-2.0)


def test_a_gain_that_catches_up_never_loses_as_much():
    # z + z^2 is never below -1/4.
    slope, bend = np.array([1.0]), np.array([[2.0]])
    assert nearest_quadratic_loss(slope, bend, loss=0.3) is None
    z = nearest_quadratic_loss(slope, bend, loss=0.2)
    assert z is not None
    assert z[0] + z[0] ** 2 == pytest.approx(-0.2)


@given(seed=st.integers(0, 10_000), loss=st.floats(0.01, 5.0))
def test_no_point_nearby_that_loses_as_much_is_nearer(seed: int, loss: float):
    rng = np.random.default_rng(seed)
    slope, root = rng.normal(size=3), rng.normal(size=(3, 3))
    bend = -root @ root.T  # losses grow: there is always an answer
    z = nearest_quadratic_loss(slope, bend, loss=loss)
    assert z is not None

    def pnl(at: np.ndarray) -> np.ndarray:
        return at @ slope + 0.5 * np.einsum("pi,ij,pj->p", at, bend, at)

    assert pnl(z[None])[0] == pytest.approx(-loss, rel=1e-6)
    directions = rng.normal(size=(2000, 3))
    directions *= 0.999 * np.linalg.norm(z) / np.linalg.norm(directions, axis=1, keepdims=True)
    assert pnl(directions).min() > -loss
