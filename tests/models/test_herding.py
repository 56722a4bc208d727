"""Fire sales: the published one-round formula, no impact no amplification, and a crowd."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.herding import (
    Funds,
    amplification_curve,
    leverage_targeting,
    threshold_deleveraging,
)

HOLDINGS = np.array([[60.0, 40.0], [0.0, 100.0], [80.0, 20.0]])
EQUITY = np.array([10.0, 20.0, 10.0])
SHOCK = np.array([-0.02, 0.0])


def funds(depth: float = 1e5, count: int = 3) -> Funds:
    return Funds(HOLDINGS[:count], EQUITY[:count], np.full(2, depth))


def test_without_impact_the_amplification_is_exactly_one():
    limit = np.full(3, 9.0)
    for told in (
        leverage_targeting(funds(np.inf), SHOCK, rounds=5),
        threshold_deleveraging(funds(np.inf), SHOCK, limit=limit, target=limit - 1),
    ):
        assert told.amplification == 1.0
        np.testing.assert_array_equal(told.price, 1.0 + SHOCK)


def test_one_round_is_the_formula_of_vulnerable_banks():
    # Sales of a fund are leverage less one, times its loss, in proportion to what it holds
    # (leverage measured on debt, as published); prices fall by sales over depth.
    told = leverage_targeting(funds(1e6), SHOCK)
    loss = -HOLDINGS @ SHOCK
    assets_after = HOLDINGS * (1.0 + SHOCK)
    debt_over_equity = HOLDINGS.sum(axis=1) / EQUITY - 1.0
    sales = (debt_over_equity * loss)[:, None] * assets_after / assets_after.sum(axis=1)[:, None]
    np.testing.assert_allclose(told.sold * (1.0 + SHOCK), sales.sum(axis=0), rtol=1e-9)
    second = (HOLDINGS * (1.0 + SHOCK)) @ (sales.sum(axis=0) / 1e6)
    # To first order: what is sold meanwhile loses half as much, a matter of second order.
    assert told.total_loss - told.first_loss == pytest.approx(second.sum(), rel=0.15)


def test_nobody_sells_below_the_limit():
    told = threshold_deleveraging(funds(), SHOCK, limit=np.full(3, 50.0), target=np.full(3, 40.0))
    assert told.rounds == 0
    assert told.amplification == 1.0


def test_who_has_nothing_left_is_wound_up():
    told = leverage_targeting(funds(1e4), np.array([-0.2, 0.0]))
    assert told.failed.tolist() == [True, False, True]
    np.testing.assert_allclose(told.sold[0], 140.0)


@settings(max_examples=30, deadline=None)
@given(st.floats(20.0, 1e6), st.floats(1.01, 4.0), st.floats(-0.08, -0.001))
def test_shallower_markets_and_larger_shocks_lose_more(depth: float, times: float, shock: float):
    limit = np.full(3, 11.0)

    def loss(d: float, s: float) -> float:
        told = threshold_deleveraging(funds(d), np.array([s, 0.0]), limit=limit, target=limit - 1.0)
        return told.total_loss

    assert loss(depth, shock) >= loss(depth * times, shock) - 1e-9
    assert loss(depth, shock * min(times, 1.5)) >= loss(depth, shock) - 1e-9


def test_a_crowd_that_shares_a_model_loses_more():
    rng = np.random.default_rng(0)
    count = 60
    holdings = rng.uniform(0.0, 1.0, (count, 4)) * 100
    equity = holdings.sum(axis=1) / 8.0
    crowd = Funds(holdings, equity, np.full(4, 8000.0))
    own = rng.uniform(8.5, 30.0, count)  # models that differ give limits that differ
    shared = np.full(count, 9.0)
    curve = amplification_curve(
        crowd,
        np.array([-0.03, -0.03, -0.01, 0.0]),
        np.column_stack([own, shared]),
        shares=np.linspace(0.0, 1.0, 5),
    )
    assert curve[-1] > curve[0] >= 1.0
    assert (np.diff(curve) > -1e-9).all()


@pytest.mark.parametrize("shock", [[0.0, 0.0], [-1.0, 0.0], [0.1, -0.1], [np.nan, 0.0]])
def test_a_shock_is_a_fall(shock: list[float]):
    with pytest.raises(ValueError, match="shock"):
        leverage_targeting(funds(), np.array(shock))


def test_funds_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="holdings"):
        Funds(-HOLDINGS, EQUITY, np.ones(2))
    with pytest.raises(ValueError, match="above zero"):
        Funds(HOLDINGS, np.zeros(3), np.ones(2))
    with pytest.raises(ValueError, match="target"):
        threshold_deleveraging(funds(), SHOCK, limit=np.full(3, 9.0), target=np.full(3, 10.0))
    with pytest.raises(ValueError, match="shares"):
        amplification_curve(funds(), SHOCK, np.ones((3, 2)), shares=np.array([1.5]))
