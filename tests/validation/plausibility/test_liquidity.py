# pyright: reportOptionalMemberAccess=false, reportOperatorIssue=false, reportOptionalOperand=false

import numpy as np
import pytest

from validation.plausibility.liquidity import (
    liquidity_figures,
    phantom_cells,
    seen_liquidity,
    volatility,
)
from validation.realism.sample import PathSample


def sample(moves):
    return PathSample(moves, np.ones(moves.shape[2], dtype=bool))


def quoted(generator, paths=2_000):
    """Spreads that widen with what the last three sessions moved."""
    moves = generator.standard_t(4, size=(paths, 5, 2)) * np.exp(
        generator.normal(size=(paths, 1, 1))
    )
    spread = np.ones_like(moves)
    spread[:, 2:] = volatility(moves) * np.exp(0.2 * generator.normal(size=(paths, 3, 2)))
    return moves, spread


def test_volatility_is_the_mean_of_three_sessions_from_the_third_on():
    moves = np.array([1.0, -2.0, 3.0, -6.0])[None, :, None]
    np.testing.assert_allclose(volatility(moves)[0, :, 0], [2.0, 11 / 3])
    np.testing.assert_allclose(volatility(moves[:, :1])[0, :, 0], [1.0])


def test_five_buckets_by_hand():
    """One session, volatilities 1..10, cost as large: the least of each pair is what was seen."""
    moves = np.arange(1.0, 11.0)[:, None, None]
    seen = seen_liquidity(moves, moves)
    assert seen.least[:, 0].tolist() == [1.0, 3.0, 5.0, 7.0, 9.0]
    assert seen_liquidity(moves, moves, quantile=1.0).least[:, 0].tolist() == [2, 4, 6, 8, 10]
    cells = phantom_cells(np.full((3, 1, 1), 9.5), np.array([8.9, 9.0, 20.0])[:, None, None], seen)
    assert cells[:, 0, 0].tolist() == [True, False, False]


def test_history_is_never_better_than_itself(generator):
    moves, spread = quoted(generator)
    assert not phantom_cells(moves, spread.astype(np.float32), seen_liquidity(moves, spread)).any()


def test_depth_is_judged_with_its_sign_turned():
    depth = np.array([50.0, 40.0, 5.0, 4.0])[:, None, None]
    moves = np.array([1.0, 1.0, 9.0, 9.0])[:, None, None]
    seen = seen_liquidity(moves, -depth)
    assert phantom_cells(moves[2:3], np.full((1, 1, 1), -45.0), seen).all()
    assert not phantom_cells(moves[:1], np.full((1, 1, 1), -45.0), seen).any()


def test_calm_spreads_on_wild_days_are_found_and_honest_ones_are_not(generator):
    (moves, spread), (real, theirs) = quoted(generator), quoted(generator)
    honest = liquidity_figures(sample(moves), spread, sample(real), theirs, seed=0, draws=50)
    assert honest["phantom_liquidity"].value < 0.01
    assert honest["liquidity_comovement"].p_value > 0.02
    calm = liquidity_figures(
        sample(moves), np.minimum(spread, 0.3), sample(real), theirs, seed=0, draws=50
    )
    assert calm["phantom_liquidity"].low > 0.2
    shuffled = generator.permutation(spread)
    apart = liquidity_figures(sample(moves), shuffled, sample(real), theirs, seed=0, draws=50)
    assert apart["liquidity_comovement"].value == pytest.approx(0.95, abs=0.06)


def test_a_spread_that_never_moves_has_no_comovement(generator):
    moves, spread = quoted(generator, 200)
    found = liquidity_figures(
        sample(moves), np.ones_like(moves), sample(moves), spread, seed=0, draws=10
    )
    assert found["liquidity_comovement"].status == "not_computable: the cost never moves"


def test_sessions_whose_cost_is_not_known_tell_nothing(generator):
    """An asset listed late: half of its windows have no cost, and moves that mean nothing."""
    (moves, spread), (real, theirs) = quoted(generator), quoted(generator)
    gappy, costs = real.copy(), theirs.copy()
    gappy[:1_000, :, 1], costs[:1_000, :, 1] = 0.0, np.nan
    seen, late = seen_liquidity(gappy, costs), seen_liquidity(real[1_000:], theirs[1_000:])
    np.testing.assert_allclose(seen.least[:, 1], late.least[:, 1])
    np.testing.assert_allclose(seen.least[:, 0], seen_liquidity(real, theirs).least[:, 0])
    found = liquidity_figures(sample(moves), spread, sample(gappy), costs, seed=0, draws=50)
    assert found["phantom_liquidity"].value < 0.01
    assert found["liquidity_comovement"].value < 0.05


def test_a_cost_that_is_not_given_is_no_cost(generator):
    moves, spread = quoted(generator, 200)
    seen = seen_liquidity(moves, spread)
    assert phantom_cells(moves, np.full_like(spread, np.nan), seen).all()
