import numpy as np
import pytest
from scipy.stats import kurtosis

from validation.simulators import CrashMarket, KnownMarket

STILL = KnownMarket(assets=3, nu=8.0, alpha=0.0, gamma=0.0, beta=0.0, a=0.0, b=0.0)


def test_without_dynamics_every_session_is_the_same_joint_t():
    moves = STILL.paths(100_000, 2, seed=0).reshape(-1, 3)
    np.testing.assert_allclose(moves.std(axis=0), np.sqrt(STILL.long_run), rtol=0.01)
    assert np.corrcoef(moves.T)[0, 1:] == pytest.approx(STILL.level, abs=0.01)
    assert kurtosis(moves[:, 0]) == pytest.approx(6 / (STILL.nu - 4), rel=0.25)


def test_variance_returns_to_its_level():
    market = KnownMarket(assets=4)
    moves = market.paths(20_000, 30, seed=1)
    np.testing.assert_allclose(moves[:, -1].std(axis=0), np.sqrt(market.long_run), rtol=0.05)


def test_a_wild_state_is_wild_at_first():
    market = KnownMarket(assets=4)
    wild = market.calm()
    wild = type(wild)(9 * wild.variance, 0.9)
    moves = market.paths(20_000, 1, seed=2, state=wild)[:, 0]
    np.testing.assert_allclose(moves.std(axis=0), 3 * np.sqrt(market.long_run), rtol=0.05)
    assert np.corrcoef(moves.T)[0, 1] == pytest.approx(0.9, abs=0.02)


def test_a_seed_is_a_market():
    market = KnownMarket(assets=2)
    one, two, other = (market.history(50, seed=seed)[0] for seed in (3, 3, 4))
    assert one.tobytes() == two.tobytes() != other.tobytes()


def test_crashes_come_as_often_and_fall_as_far_as_stated_and_cost_no_variance():
    market = CrashMarket(
        assets=8, nu=50.0, alpha=0.0, gamma=0.0, beta=0.0, level=0.0, a=0.0, b=0.0, crash=0.05,
        fall=4.0,
    )  # fmt: skip
    z = market.paths(100_000, 1, seed=4)[:, 0] / np.sqrt(market.long_run)
    assert z.mean(axis=0) == pytest.approx(0.0, abs=0.015)
    assert z.std(axis=0) == pytest.approx(1.0, rel=0.02)
    spread = np.sqrt(1 + 4.0**2 * 0.05 * 0.95)
    together = z.mean(axis=1) * spread
    # A crash lies at -3.8 and the rest at 0.2, each with a deviation of 0.35: -1.8 is between.
    crashed = together < -1.8
    assert crashed.mean() == pytest.approx(0.05, abs=0.003)
    assert together[crashed].mean() == pytest.approx(-3.8, abs=0.03)
