"""The walk goes down the score, by known steps, and knows no result before its day."""

import numpy as np
import pytest
import torch
from scipy import optimize, stats

from models.tail.inputs import Rows
from models.tail.score_walk import LEVELS, ScoreWalk, walked, walked_factors
from models.tail.transport import KNOTS, identity
from validation.scores import fz0
from validation.shortfall import z2

TAIL = 1.0 - np.array(LEVELS)
VAR = stats.norm.isf(TAIL)
ES = stats.norm.pdf(VAR) / TAIL
SLOW = ScoreWalk(slow=2e-4, fast=0.0)
FAST = ScoreWalk(slow=0.0, fast=1e-3, back=0.05)


def factors(loss: np.ndarray, walk: ScoreWalk | None = None, **options: int) -> np.ndarray:
    """Of standard normal forecasts."""
    flat = np.ones((len(loss), 1))
    return walked_factors(loss, flat * VAR, flat * ES, walk=walk, **options)


def test_steps_by_hand():
    """No loss, a loss of four sigmas, no loss: one step down, one up by its slope, one down."""
    down = 2e-4
    up = 2e-4 * (np.mean(4.0 / (np.exp(-down) * ES) / TAIL) - 1.0)
    expected = [0.0, -down, -down + up, -2 * down + up]
    moved = np.log(factors(np.array([0.0, 4.0, 0.0, 0.0]), SLOW))
    np.testing.assert_allclose(moved, expected, rtol=1e-9)


@pytest.mark.parametrize("loss", [0.5, 2.1, 3.5])
def test_the_step_is_along_the_slope_of_the_examiners_score(loss: float):
    """By finite difference of `validation.scores.fz0`, which shares no code with the walk."""
    pnl = np.array([-loss])

    def score(theta: np.ndarray) -> float:
        var, es = np.exp(theta) * VAR, np.exp(theta) * ES
        each = [fz0(pnl, var[[k]], es[[k]], alpha=alpha) for k, alpha in enumerate(LEVELS)]
        return float(np.mean(each))

    slope = optimize.approx_fprime(np.zeros(1), score, 1e-7)[0]
    moved = np.log(factors(np.array([loss, 0.0]), SLOW))[1]
    assert moved == pytest.approx(-2e-4 * slope, rel=1e-5)


def test_the_step_is_one_sessions_term_of_z2():
    pnl = np.array([-3.0])
    terms = [
        z2(pnl, VAR[[k]], ES[[k]], alpha=alpha, draws=0).statistic or 0.0
        for k, alpha in enumerate(LEVELS)
    ]
    moved = np.log(factors(np.array([3.0, 0.0]), SLOW))[1]
    assert moved == pytest.approx(-2e-4 * np.mean(terms))


@pytest.mark.parametrize("scale", [1.3, 0.8])
def test_it_finds_the_factor_that_makes_a_forecast_right(scale: float):
    """Losses are 1.3 or 0.8 times as large as said; misses of 20,000 sessions tell the rate."""
    loss = scale * np.random.default_rng(0).standard_normal(24_000)
    factor = factors(loss, SLOW)[4000:]
    assert factor.mean() == pytest.approx(scale, rel=0.05)
    assert (loss[4000:] > factor * VAR[0]).mean() == pytest.approx(0.025, abs=0.002)


def test_what_is_right_stays_near_one():
    factor = factors(np.random.default_rng(3).standard_normal(8000))
    assert factor.mean() == pytest.approx(1.0, abs=0.03)
    assert factor.std() < 0.12


def test_what_walks_fast_is_forgotten():
    loss = np.zeros(200)
    quiet, shaken = (
        np.log(factors(one, FAST)) for one in (loss, np.where(np.arange(200) == 9, 3.0, loss))
    )
    lifted = shaken - quiet
    assert lifted[9] == 0.0 < lifted[10]
    np.testing.assert_allclose(lifted[10:], lifted[10] * 0.95 ** np.arange(190), rtol=1e-9)


@pytest.mark.parametrize("horizon", [1, 10])
def test_a_result_is_known_a_horizon_after_its_origin_and_the_future_changes_nothing(horizon: int):
    loss = np.random.default_rng(1).standard_normal(300)
    changed = loss.copy()
    changed[200:] = 9.0
    plain, other = (factors(one, horizon=horizon) for one in (loss, changed))
    known = 200 + horizon
    np.testing.assert_array_equal(plain[:known], other[:known])
    assert plain[known] < other[known]
    np.testing.assert_array_equal(factors(loss[:150], horizon=horizon), plain[:150])


def test_units_do_not_matter():
    rng = np.random.default_rng(2)
    loss, unit = rng.standard_normal(300), rng.uniform(0.5, 7.0, (300, 1))
    scaled = walked_factors(loss * unit[:, 0], unit * VAR, unit * ES)
    np.testing.assert_allclose(scaled, factors(loss), rtol=1e-12)


def test_rows_without_a_forecast_or_a_result_teach_nothing():
    loss = np.array([np.nan, 5.0, 5.0, 0.0])
    var = np.ones((4, 1)) * VAR
    var[1], es = np.nan, np.ones((4, 1)) * ES
    es[2] = [0.0, 1.0]
    np.testing.assert_array_equal(walked_factors(loss, var, es), np.ones(4))


def test_the_factor_is_bounded():
    assert factors(np.full(400, 5.0)).max() == pytest.approx(np.exp(0.5))


def test_a_map_is_scaled_at_every_level_by_its_rows_factor():
    """A base of normal quantiles, left as it is: its levels are those of `factors`."""
    tail = 1.0 - np.array(KNOTS)
    var = np.tile(stats.norm.isf(tail), (50, 1))
    move = np.random.default_rng(4).standard_normal(50) * 2.0
    rows = Rows(
        own=np.empty((50, 0)),
        shared=np.empty((50, 0)),
        var=var,
        es=np.tile(stats.norm.pdf(stats.norm.isf(tail)) / tail, (50, 1)),
        move=move,
        target=np.full(50, np.datetime64("2020-01-01")),
    )
    base = identity(torch.as_tensor(var))
    found = walked(base, rows, ScoreWalk())
    expected = factors(-move)[:, None]
    np.testing.assert_allclose(found.image.numpy(), expected * var, rtol=1e-9)
    np.testing.assert_allclose(found.slope.numpy(), expected, rtol=1e-9)
