"""The walk goes down the score, by known steps, and knows no result before its day."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from models.tail.score_walk import Results, ScoreWalk, walked_factors
from validation.scores import fz0
from validation.shortfall import z2

ALPHAS = (0.975, 0.99)
VAR = -stats.norm.ppf(1 - np.array(ALPHAS))
ES = stats.norm.pdf(VAR) / (1 - np.array(ALPHAS))
ALONE = ScoreWalk(market=0.0)


def results(loss: np.ndarray, *, first: str = "2010-01-04") -> Results:
    """Standard normal forecasts for losses of shape (session, series), weekday by weekday."""
    sessions, count = loss.shape
    dates = pd.bdate_range(first, periods=sessions + 1).to_numpy()
    flat = np.ones((sessions * count, 1))
    return Results(
        origin=np.repeat(dates[:-1], count),
        target=np.repeat(dates[1:], count),
        series=np.tile(np.arange(count), sessions),
        loss=loss.ravel(),
        var=flat * VAR,
        es=flat * ES,
    )


def normal(sessions: int, count: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((sessions, count))


def test_steps_by_hand():
    """No loss, a loss of four sigmas, no loss: one step down, one up by its slope, one down."""
    factor = walked_factors(
        results(np.array([[0.0], [4.0], [0.0], [0.0]])), alphas=ALPHAS, walk=ALONE
    )
    down = 2e-4
    after = np.exp(-down)
    up = 2e-4 * (np.mean(4.0 / (after * ES) / np.array([0.025, 0.01])) - 1.0)
    np.testing.assert_allclose(np.log(factor), [0.0, -down, -down + up, -2 * down + up], rtol=1e-9)


def test_the_step_is_along_the_slope_of_the_examiners_score():
    """By finite difference of `validation.scores.fz0`, which shares no code with the walk."""
    for loss in (0.5, 2.1, 3.5):
        pnl = np.array([-loss])

        def score(theta: float, pnl: np.ndarray = pnl) -> float:
            up = np.exp(theta)
            return float(
                np.mean(
                    [
                        fz0(pnl, up * VAR[k : k + 1], up * ES[k : k + 1], alpha=alpha)
                        for k, alpha in enumerate(ALPHAS)
                    ]
                )
            )

        slope = optimize.approx_fprime(np.zeros(1), lambda theta: score(theta[0]), 1e-7)[0]
        one = results(np.array([[loss], [0.0]]))
        moved = np.log(walked_factors(one, alphas=ALPHAS, walk=ALONE))[1]
        assert moved == pytest.approx(-2e-4 * slope, rel=1e-5)


def test_the_step_is_one_sessions_term_of_z2():
    one = results(np.array([[3.0], [0.0]]))
    terms = [
        z2(np.array([-3.0]), VAR[k : k + 1], ES[k : k + 1], alpha=alpha, draws=0).statistic or 0.0
        for k, alpha in enumerate(ALPHAS)
    ]
    moved = np.log(walked_factors(one, alphas=ALPHAS, walk=ALONE))[1]
    assert moved == pytest.approx(-2e-4 * np.mean(terms))


def test_each_series_finds_the_factor_that_makes_it_right():
    """Losses of one series are 1.3 times as large as said, of the other 0.8 times."""
    one = results(normal(6000, 2) * np.array([1.3, 0.8]))
    factor = walked_factors(one, alphas=ALPHAS, walk=ALONE).reshape(-1, 2)[3000:]
    assert factor.mean(axis=0) == pytest.approx([1.3, 0.8], rel=0.06)
    missed = one.loss.reshape(-1, 2)[3000:] > factor * VAR[0]
    assert missed.mean(axis=0) == pytest.approx([0.025, 0.025], abs=0.004)


def test_what_is_right_stays_near_one():
    factor = walked_factors(results(normal(4000, 40, seed=3)), alphas=ALPHAS)
    assert factor.mean() == pytest.approx(1.0, abs=0.02)
    assert factor.std() < 0.09


def test_a_day_on_which_all_lose_lifts_all_once_every_market_knows_and_is_forgotten():
    loss = np.zeros((200, 60))
    quiet, shaken = (
        np.log(walked_factors(results(one), alphas=ALPHAS, walk=ScoreWalk(series=0.0)))
        for one in (loss, np.where(np.arange(200)[:, None] == 9, 3.0, loss))
    )
    lifted = (shaken - quiet).reshape(200, 60)
    assert (lifted == lifted[:, :1]).all()
    # Origin 9's target is origin 10's date: Tokyo does not know of it, and all know on the next.
    assert lifted[10, 0] == 0.0 < lifted[11, 0]
    np.testing.assert_allclose(lifted[11:, 0], lifted[11, 0] * 0.98 ** np.arange(189), rtol=1e-9)


def test_few_series_move_the_market_less():
    loss = np.zeros((20, 3))
    loss[9] = 3.0
    few = walked_factors(results(loss), alphas=ALPHAS, walk=ScoreWalk(series=0.0))
    many = walked_factors(
        results(np.repeat(loss, 10, axis=1)), alphas=ALPHAS, walk=ScoreWalk(series=0.0)
    )
    step = np.diff(np.log(few.reshape(20, 3)[10:12, 0]))
    assert step == pytest.approx(np.diff(np.log(many.reshape(20, 30)[10:12, 0])) / 10, rel=0.05)


def test_the_future_changes_nothing_before_it():
    one = results(normal(300, 5))
    before = one.origin <= one.origin[5 * 200]
    cut = Results(*(getattr(one, name)[before] for name in Results.__dataclass_fields__))
    unknown = cut.target > one.origin[5 * 200]
    cut.loss[unknown] = np.nan
    whole = walked_factors(one, alphas=ALPHAS)
    np.testing.assert_array_equal(walked_factors(cut, alphas=ALPHAS), whole[before])


def test_a_result_that_comes_late_is_not_used_before():
    """A market closed for a week: its origin before it has a target after it."""
    one = results(normal(30, 2))
    holiday = one.series == 1
    target = one.target.copy()
    last = np.flatnonzero(holiday)[9]
    target[last] = one.target[np.flatnonzero(holiday)[14]]
    keep = ~(holiday & (one.origin > one.origin[last]) & (one.origin < target[last]))

    def factors(loss: np.ndarray) -> np.ndarray:
        told = Results(one.origin, target, one.series, loss, one.var, one.es)
        chosen = Results(*(getattr(told, name)[keep] for name in Results.__dataclass_fields__))
        return walked_factors(chosen, alphas=ALPHAS)

    changed = one.loss.copy()
    changed[last] = 9.0
    same = one.origin[keep] < target[last]
    plain, other = factors(one.loss), factors(changed)
    np.testing.assert_array_equal(plain[same], other[same])
    assert (plain[~same] != other[~same]).any()


def test_units_and_order_of_rows_do_not_matter():
    one = results(normal(200, 4))
    factor = walked_factors(one, alphas=ALPHAS)
    order = np.random.default_rng(1).permutation(len(one.loss))
    mixed = Results(*(getattr(one, name)[order] for name in Results.__dataclass_fields__))
    np.testing.assert_allclose(walked_factors(mixed, alphas=ALPHAS), factor[order], rtol=1e-12)
    scaled = Results(
        one.origin, one.target, one.series, *(7.0 * x for x in (one.loss, one.var, one.es))
    )
    np.testing.assert_allclose(walked_factors(scaled, alphas=ALPHAS), factor, rtol=1e-12)


def test_rows_without_a_forecast_teach_nothing_and_have_no_factor_of_their_own():
    one = results(normal(100, 2))
    silent = np.where((one.series == 1)[:, None], np.nan, one.var)
    told = Results(one.origin, one.target, one.series, one.loss, silent, one.es)
    alone = Results(*(getattr(one, name)[one.series == 0] for name in Results.__dataclass_fields__))
    factor = walked_factors(told, alphas=ALPHAS, walk=ScoreWalk(series=0.0))
    np.testing.assert_array_equal(
        factor[one.series == 0], walked_factors(alone, alphas=ALPHAS, walk=ScoreWalk(series=0.0))
    )


def test_the_factor_is_bounded():
    factor = walked_factors(results(np.full((400, 40), 5.0)), alphas=ALPHAS)
    assert factor.max() == pytest.approx(np.exp(0.5))
