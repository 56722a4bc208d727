"""Cost of getting out: by hand, in the limits, and by properties a desk relies on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.liquidation import evenly
from models.liquidity import Elasticity, Impact, Liquidity, fit_elasticity, liquidate
from models.measures import expected_shortfall

FREE = Impact(temporary=0.0, permanent=0.0)


def flat(paths: int, steps: int, positions: int, *, spread: float = 0.0) -> Liquidity:
    shape = (paths, steps, positions)
    return Liquidity(np.full(shape, spread), np.full(shape, 0.02), np.full(shape, 1e6))


def test_sold_at_once_it_pays_half_the_spread_and_the_root_of_its_size():
    # 250,000 of 1,000,000 a day: half of 40 bp, and 1.0 x 2% x sqrt(0.25) = 1%.
    told = liquidate(
        np.full((1, 1, 1), -5000.0),
        np.array([-250_000.0]),
        np.zeros((1, 1)),
        flat(1, 1, 1, spread=0.004),
        impact=Impact(temporary=1.0, permanent=0.0),
    )
    assert told.exogenous[0, 0] == pytest.approx(500.0)
    assert told.endogenous[0, 0] == pytest.approx(2500.0)
    assert told.pnl[0, 0] == pytest.approx(-8000.0)


def test_half_a_session_by_hand():
    # Two sessions, half each: holds all of it through the first, half through the second. The
    # first sale of 100,000 moves what is left by 0.3 x 2% x 0.1.
    told = liquidate(
        np.array([[[-1000.0], [-2000.0]]]),
        np.array([200_000.0]),
        np.array([[0.5], [0.0]]),
        flat(1, 2, 1, spread=0.001),
        impact=Impact(temporary=0.0, permanent=0.3),
    )
    assert told.exogenous[0, 0] == pytest.approx(100.0)
    assert told.endogenous[0, 0] == pytest.approx(0.3 * 0.02 * 0.1 * 100_000)
    assert told.pnl[0, 0] == pytest.approx(-1000.0 - 1000.0 - 100.0 - 60.0)


def test_where_nothing_costs_only_the_market_is_left():
    step_pnl = np.random.default_rng(0).normal(size=(50, 10, 3))
    held = evenly(np.array([1, 10, 100]), 10)
    told = liquidate(step_pnl, np.ones(3), held, flat(50, 10, 3), impact=FREE)
    np.testing.assert_allclose(told.pnl[:, 0], step_pnl[:, 0, 0])
    np.testing.assert_allclose(told.pnl[:, 2].mean(), 0, atol=5)
    shares = 1.0 - np.arange(10) / 10
    np.testing.assert_allclose(told.pnl[:, 1], step_pnl[:, :, 1] @ shares)


@given(st.floats(0.0, 0.05), st.floats(0.0, 3.0), st.floats(0.1, 10.0))
def test_costs_never_help_and_grow_faster_than_size(spread: float, impact: float, scale: float):
    step_pnl = np.random.default_rng(1).normal(size=(200, 5, 1))
    held = evenly(np.array([5]), 5)
    plain = liquidate(step_pnl, np.array([1e5]), held, flat(200, 5, 1), impact=FREE)
    costs = Impact(temporary=impact, permanent=impact)
    market = flat(200, 5, 1, spread=spread)
    told = liquidate(step_pnl, np.array([1e5]), held, market, impact=costs)
    assert (told.pnl <= plain.pnl + 1e-9).all()
    es = [expected_shortfall(x.pnl[:, 0], alpha=0.975) for x in (told, plain)]
    assert es[0] >= es[1] - 1e-9
    larger = liquidate(scale * step_pnl, np.array([scale * 1e5]), held, market, impact=costs)
    growth = larger.endogenous - scale * told.endogenous
    assert (np.sign(scale - 1.0) * growth >= -1e-6).all()


@pytest.mark.parametrize("held", [[[0.5], [0.6]], [[0.5], [0.1]]])
def test_a_schedule_that_does_not_sell_is_refused(held: list[list[float]]):
    with pytest.raises(ValueError, match="held"):
        liquidate(np.zeros((1, 2, 1)), np.ones(1), np.array(held), flat(1, 2, 1))


def test_impact_is_a_cost():
    with pytest.raises(ValueError, match="at least zero"):
        Impact(temporary=-1.0)


def test_the_slopes_are_those_that_made_the_data():
    rng = np.random.default_rng(2)
    volatility = rng.normal(size=2000)
    spread = 1.4 * volatility - 7 + 0.1 * rng.normal(size=2000)
    volume = 0.3 * volatility + 12 + 0.1 * rng.normal(size=2000)
    spread[:100] = np.nan
    told = fit_elasticity(spread, volume, volatility)
    assert told.spread == pytest.approx(1.4, abs=0.01)
    assert told.volume == pytest.approx(0.3, abs=0.01)


def test_too_little_past_says_nothing():
    short = np.arange(100.0)
    with pytest.raises(ValueError, match="250"):
        fit_elasticity(short, short, short)
    still = np.zeros(300)
    with pytest.raises(ValueError, match="never changes"):
        fit_elasticity(still, still, still)


def test_stress_multiplies_by_powers():
    told = Elasticity(spread=2.0, volume=0.5).stressed(
        flat(1, 1, 1, spread=0.001), np.full((1, 1, 1), 4.0)
    )
    assert told.spread[0, 0, 0] == pytest.approx(0.016)
    assert told.volatility[0, 0, 0] == pytest.approx(0.08)
    assert told.volume[0, 0, 0] == pytest.approx(2e6)
