"""Conditional shocks against the Gaussian conditional law, and shocks that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from models.base import Asset
from models.scenarios.shocks import shocked

ASSETS = (
    Asset("SPY", "price", "log", "USD", 470.0),
    Asset("UST10Y", "rate", "diff", "USD", 4.1),
    Asset("GLD", "price", "log", "USD", 190.0),
)
CORRELATION = np.array([[1.0, 0.4, 0.1], [0.4, 1.0, -0.3], [0.1, -0.3, 1.0]])
SIGMA = np.array([0.01, 0.06, 0.008])


@pytest.fixture(scope="module")
def moves() -> np.ndarray:
    root = np.linalg.cholesky(CORRELATION) * SIGMA[:, None]
    draws = np.random.default_rng(0).standard_normal((40_000, 10, 3))
    return (draws @ root.T).astype(np.float32)


def test_every_path_ends_with_the_shock(moves: np.ndarray):
    told = shocked(moves, ASSETS, {"UST10Y": 1.5, "SPY": -0.2})
    total = told.moves.sum(axis=1)
    np.testing.assert_allclose(total[:, 1], 1.5, atol=1e-5)
    np.testing.assert_allclose(total[:, 0], -0.2, atol=1e-5)


def test_the_others_follow_the_gaussian_conditional_law(moves: np.ndarray):
    told = shocked(moves, ASSETS, {"UST10Y": 0.5})
    total = told.moves.sum(axis=1, dtype=np.float64)
    sigma = SIGMA * np.sqrt(10)
    for other in (0, 2):
        rho = CORRELATION[1, other]
        assert total[:, other].mean() == pytest.approx(
            rho * sigma[other] / sigma[1] * 0.5, abs=0.03 * sigma[other]
        )
        assert total[:, other].std() == pytest.approx(sigma[other] * np.sqrt(1 - rho**2), rel=0.02)
    np.testing.assert_allclose(told.implied, total.mean(axis=0), atol=1e-5)
    assert told.distance == pytest.approx(0.5 / sigma[1], rel=0.02)


def test_the_distance_is_that_of_the_joint_law(moves: np.ndarray):
    told = shocked(moves, ASSETS, {"SPY": -0.1, "UST10Y": 0.3})
    covariance = np.outer(SIGMA, SIGMA)[:2, :2] * CORRELATION[:2, :2] * 10
    away = np.array([-0.1, 0.3])
    truth = np.sqrt(away @ np.linalg.solve(covariance, away))
    assert told.distance == pytest.approx(truth, rel=0.03)


def test_the_order_of_shocks_does_not_matter(moves: np.ndarray):
    one = shocked(moves, ASSETS, {"SPY": -0.1, "GLD": 0.05})
    other = shocked(moves, ASSETS, {"GLD": 0.05, "SPY": -0.1})
    np.testing.assert_allclose(one.moves, other.moves, atol=1e-6)
    assert one.distance == pytest.approx(other.distance)


def test_steps_keep_their_own_moves(moves: np.ndarray):
    told = shocked(moves, ASSETS, {"SPY": -0.1})
    change = told.moves - moves
    np.testing.assert_allclose(change, np.broadcast_to(change[:, :1], change.shape), atol=1e-6)


@pytest.mark.parametrize(
    ("shocks", "reason"),
    [
        ({"VIX": 60.0}, "VIX is not among"),
        ({}, "at least one asset"),
        ({"SPY": float("nan")}, "must be finite"),
    ],
)
def test_a_shock_that_says_nothing_is_refused(
    moves: np.ndarray, shocks: dict[str, float], reason: str
):
    with pytest.raises(ValueError, match=reason):
        shocked(moves, ASSETS, shocks)


def test_shocks_that_contradict_each_other_are_refused(moves: np.ndarray):
    twin = np.concatenate([moves, moves[:, :, :1]], axis=2)
    assets = (*ASSETS, Asset("IVV", "price", "log", "USD", 470.0))
    with pytest.raises(ValueError, match="IVV contradicts the rest: SPY leave no room"):
        shocked(twin, assets, {"SPY": -0.1, "IVV": 0.1})
    nearly = twin.copy()
    nearly[:, :, 3] += 1e-3 * moves[:, :, 2]
    with pytest.raises(ValueError, match="standard deviations from its shock"):
        shocked(nearly, assets, {"SPY": -0.1, "IVV": 0.1})


def test_an_asset_that_never_moves_cannot_be_shocked(moves: np.ndarray):
    still = moves.copy()
    still[:, :, 2] = 0.0
    with pytest.raises(ValueError, match="GLD never moves"):
        shocked(still, ASSETS, {"GLD": 0.1})
