"""The most plausible loss: closed form for linear books, a strike to cross for an option."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from models.scenarios.plausible import Distances, distances
from models.scenarios.reverse_stress import most_plausible_loss

MIX = np.array([[0.03, 0.0, 0.0], [0.02, 0.02, 0.0], [-0.01, 0.0, 0.015]])
WEIGHTS = np.array([1.0, -0.5, 2.0])


@pytest.fixture(scope="module")
def moves() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((20_000, 3)) @ MIX.T


@pytest.fixture(scope="module")
def measure(moves: np.ndarray) -> Distances:
    return distances(moves)


def linear(x: np.ndarray) -> np.ndarray:
    return x @ WEIGHTS


@pytest.mark.parametrize("loss", [0.05, 0.1, 0.4])
def test_a_linear_book_breaks_along_its_covariance(
    moves: np.ndarray, measure: Distances, loss: float
):
    told = most_plausible_loss(moves, linear(moves), loss=loss, measure=measure, pnl_of=linear)
    covariance = np.cov(moves, rowvar=False)
    reach = loss + float(measure.centre @ WEIGHTS)
    variance = float(WEIGHTS @ covariance @ WEIGHTS)
    np.testing.assert_allclose(
        told.move, measure.centre - covariance @ WEIGHTS * reach / variance, atol=1e-4
    )
    assert told.pnl == pytest.approx(-loss, rel=1e-5)
    assert told.distance == pytest.approx(reach / np.sqrt(variance), rel=1e-5)


def test_a_short_call_breaks_upwards(moves: np.ndarray, measure: Distances):
    def short_call(x: np.ndarray) -> np.ndarray:
        return -np.maximum(np.expm1(x[:, 0]) - 0.05, 0.0)

    told = most_plausible_loss(
        moves, short_call(moves), loss=0.03, measure=measure, pnl_of=short_call
    )
    assert told.move[0] == pytest.approx(np.log1p(0.08), abs=1e-5)
    deviation = np.cov(moves, rowvar=False)[0, 0] ** 0.5
    assert told.distance == pytest.approx((told.move[0] - measure.centre[0]) / deviation, rel=1e-4)


def test_a_larger_loss_is_less_plausible(moves: np.ndarray, measure: Distances):
    told = [
        most_plausible_loss(moves, linear(moves), loss=loss, measure=measure, pnl_of=linear)
        for loss in (0.02, 0.05, 0.1, 0.2)
    ]
    odds = [one.probability for one in told]
    assert odds == sorted(odds, reverse=True)
    assert all(a.distance < b.distance for a, b in pairwise(told))


def test_a_book_that_cannot_lose_is_refused(moves: np.ndarray, measure: Distances):
    def safe(x: np.ndarray) -> np.ndarray:
        return np.full(len(x), 0.01)

    with pytest.raises(ValueError, match="no scenario loses"):
        most_plausible_loss(moves, safe(moves), loss=0.1, measure=measure, pnl_of=safe)

    def capped(x: np.ndarray) -> np.ndarray:
        return np.maximum(linear(x), -0.01)

    with pytest.raises(ValueError, match="is not lost even"):
        most_plausible_loss(moves, capped(moves), loss=0.5, measure=measure, pnl_of=capped)


@pytest.mark.parametrize("loss", [0.0, -1.0, float("nan")])
def test_the_amount_is_a_loss(moves: np.ndarray, measure: Distances, loss: float):
    with pytest.raises(ValueError, match="above zero"):
        most_plausible_loss(moves, linear(moves), loss=loss, measure=measure, pnl_of=linear)


def test_a_hedge_that_hides_the_slope_is_seen_through_by_its_curvature(
    moves: np.ndarray, measure: Distances
):
    def short_straddle(x: np.ndarray) -> np.ndarray:
        return -40.0 * (x[:, 0] - measure.centre[0]) ** 2 + 0.01 * x[:, 1]

    told = most_plausible_loss(
        moves, short_straddle(moves), loss=0.2, measure=measure, pnl_of=short_straddle
    )
    assert abs(told.move[0] - measure.centre[0]) == pytest.approx(np.sqrt(0.2 / 40.0), rel=0.01)
    assert told.pnl == pytest.approx(-0.2, rel=1e-5)
    assert told.misalignment < 1e-6
