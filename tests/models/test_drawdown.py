"""Falls counted by hand, and probabilities of them where the law of the returns is known."""

from __future__ import annotations

import numpy as np
import pytest

from infra.bench.switching import switching_market
from models.drawdown import EVERY, FIRST, GAP, deepest_fall, drawdown_forecast

SIZE = 3000
RETURNS = switching_market(np.random.default_rng(8), sessions=SIZE).returns
NAN = float("nan")


@pytest.mark.parametrize(
    ("returns", "fall"),
    [
        ((0.0, -0.1, -0.1, 0.0), 0.19),  # one after the other
        ((0.0, 0.5, -0.2, 0.1), 0.2),  # from the highest point on the way
        ((0.0, -0.1, 0.5, 0.1), 0.1),  # the origin is a highest point, too
        ((0.0, 0.1, 0.1, 0.1), 0.0),
        ((-0.9, 0.1, -0.1, 0.1), 0.1),  # what was lost before the origin is no fall after it
    ],
)
def test_the_deepest_fall_is_from_the_highest_point_since_the_origin(
    returns: tuple[float, ...], fall: float
):
    found = deepest_fall(np.array(returns), horizon=3)
    assert found[0] == pytest.approx(fall, abs=1e-12)
    assert np.isnan(found[1:]).all()  # those sessions have not all come


def test_a_naive_loop_finds_the_same_falls():
    found = deepest_fall(RETURNS[:200], horizon=10)
    for origin in range(190):
        wealth = np.concatenate([[1.0], np.cumprod(1.0 + RETURNS[origin + 1 : origin + 11])])
        naive = max(1.0 - wealth[t] / wealth[: t + 1].max() for t in range(11))
        assert found[origin] == pytest.approx(naive, abs=1e-12)


def test_probabilities_come_true_where_volatility_is_what_moves_them():
    found = drawdown_forecast(RETURNS)
    known = np.isfinite(found.probability) & np.isfinite(found.outcome)
    told, came = found.probability[known], found.outcome[known]
    assert 0.02 < came.mean() < 0.6
    assert abs(told.mean() - came.mean()) < 0.05
    calm, wild = came[told < 0.1], came[told > 0.5]
    assert calm.mean() < 0.1
    assert wild.mean() > 0.4
    usual = np.mean((found.climatology[known] - came) ** 2)
    assert np.mean((told - came) ** 2) < 0.85 * usual


def test_where_no_return_depends_on_the_past_the_base_rate_is_all_there_is():
    returns = 0.01 * np.random.default_rng(0).standard_normal(SIZE)
    found = drawdown_forecast(returns, threshold=0.04)
    known = np.isfinite(found.probability)
    assert np.std(found.probability[known]) < 0.06
    assert abs(found.probability[known].mean() - np.nanmean(found.outcome)) < 0.04


def test_a_book_falls_by_its_own_deviations():
    """Scaled returns have the same probability of a fall that is scaled with them."""
    one = drawdown_forecast(0.1 * RETURNS, threshold=None)
    other = drawdown_forecast(0.2 * RETURNS, threshold=None)
    np.testing.assert_allclose(other.threshold, 2.0 * one.threshold)
    known = np.isfinite(one.probability)
    np.testing.assert_allclose(other.probability[known], one.probability[known], atol=0.02)


def test_the_future_changes_no_probability():
    whole = drawdown_forecast(RETURNS)
    assert np.isnan(whole.probability[: FIRST - 1]).all()
    for size in (FIRST, 1600, 2999):
        then = drawdown_forecast(RETURNS[:size])
        np.testing.assert_array_equal(then.probability, whole.probability[:size])
        np.testing.assert_array_equal(then.climatology, whole.climatology[:size])


def test_a_fit_knows_only_outcomes_that_came_a_gap_before():
    """The last fifteen origins before a fit may have any outcome: they teach nothing."""
    before = drawdown_forecast(RETURNS[:FIRST]).climatology[-1]
    crashed = RETURNS[:FIRST].copy()
    crashed[-GAP:] = -0.2
    assert drawdown_forecast(crashed).climatology[-1] == before
    crashed[-GAP - 1] = -0.2
    assert drawdown_forecast(crashed).climatology[-1] > before
    assert EVERY > GAP


@pytest.mark.parametrize("returns", [np.zeros(900), np.full(900, 0.01)])
def test_what_never_fell_falls_seldom(returns: np.ndarray):
    found = drawdown_forecast(returns)
    assert 0.0 < found.probability[-1] < 0.01
    assert np.isnan(drawdown_forecast(returns[:100]).probability).all()


def test_a_percentage_and_no_horizon_are_refused():
    with pytest.raises(ValueError, match=r"threshold .* \(0, 1\), got 5"):
        drawdown_forecast(RETURNS, threshold=5.0)
    with pytest.raises(ValueError, match="horizon must be at least 1"):
        drawdown_forecast(RETURNS, horizon=0)
