import numpy as np
import pytest
from scipy.stats import kurtosis

from validation.simulators import KnownMarket

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
