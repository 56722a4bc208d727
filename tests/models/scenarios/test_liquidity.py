import numpy as np
import pytest

from models.scenarios.liquidity import BUCKETS, fit_liquidity, recent_squares


@pytest.fixture(scope="module")
def past():
    """Moves in calm and wild spells, with spreads wider and depths thinner the wilder it is."""
    generator = np.random.default_rng(3)
    spell = np.repeat(np.exp(generator.normal(size=(500, 2))), 10, axis=0)
    squares = 1e-4 * spell * generator.normal(size=(5000, 2)) ** 2
    deviation = np.sqrt(recent_squares(squares))
    shared = generator.normal(size=(5000, 1))
    noise = 0.8 * shared + 0.6 * generator.normal(size=(5000, 2))
    spread = 10 * deviation * np.exp(0.3 * noise)
    depth = 1e-2 / deviation * np.exp(-0.3 * noise)
    return squares, spread, depth


def liquidity_of(law, squares):
    """Spread and depth of one session of paths with given squared moves."""
    spread, depth = law.drawn(squares, index=0, seed=1)
    return spread[:, 0], depth[:, 0]


def buckets(edges, states):
    return (states[..., None, :] > edges).sum(axis=-2)


def test_what_is_recent_halves_with_each_session_and_waits_where_nothing_moved():
    squares = np.array([[np.nan, 4.0], [8.0, 0.0], [np.nan, 2.0], [0.0, 6.0]])
    expected = np.array([[8.0, 4.0], [8.0, 2.0], [8.0, 2.0], [4.0, 4.0]])
    np.testing.assert_allclose(recent_squares(squares), expected)


def test_liquidity_is_never_better_than_its_bucket_has_ever_shown(past):
    squares, spread, depth = past
    law = fit_liquidity(*past)
    path = squares[:2000, None].astype(np.float32)
    wide, deep = liquidity_of(law, path)
    states = 0.5 * law.recent + 0.5 * path[:, 0]
    seen, drawn = buckets(law.edges, recent_squares(squares)), buckets(law.edges, states)
    for asset in range(2):
        for number in range(BUCKETS):
            history, paths = seen[:, asset] == number, drawn[:, asset] == number
            best = spread[history, asset].min() * (1 - 1e-6)
            assert (wide[paths, asset] >= best).all()
            deepest = depth[history, asset].max() * (1 + 1e-6)
            assert (deep[paths, asset] <= deepest).all()


def test_spreads_widen_and_depths_thin_with_volatility_as_they_did(past):
    squares, spread, depth = past
    law = fit_liquidity(*past)
    number = buckets(law.edges, recent_squares(squares))
    sizes = (0.0, 2.0 * float(squares.max()))
    calm, wild = (liquidity_of(law, np.full((2000, 1, 2), size, np.float32)) for size in sizes)
    here = buckets(law.edges, 0.5 * law.recent[None])[0]
    for asset in range(2):
        mild, rough = number[:, asset] == here[asset], number[:, asset] == BUCKETS - 1
        for kind, shown in enumerate((spread, depth)):
            ratio = wild[kind][:, asset].mean() / calm[kind][:, asset].mean()
            expected = shown[rough, asset].mean() / shown[mild, asset].mean()
            assert ratio == pytest.approx(expected, rel=0.12)


def test_dry_sessions_are_dry_for_all(past):
    law = fit_liquidity(*past)
    # 0.64 in the noise, less what buckets hide.
    np.testing.assert_allclose(law.common, 0.5, atol=0.15)
    path = np.full((2048, 1, 2), 1e-4, np.float32)
    first, second = liquidity_of(law, path)[0].T
    assert np.corrcoef(first, second)[0, 1] > 0.3


def lasting(sessions, *, kept, seed):
    """Normal scores of which a share lasts from session to session."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(sessions, 3))
    score = noise.copy()
    for t in range(1, sessions):
        score[t] = kept * score[t - 1] + (1 - kept**2) ** 0.5 * noise[t]
    return score


def test_each_lasts_as_long_as_it_did():
    """A spread that is wide stays wide; what trades is forgotten sooner."""
    score, quick = lasting(20_000, kept=0.9, seed=5), lasting(20_000, kept=0.3, seed=7)
    squares = 1e-4 * np.random.default_rng(6).normal(size=score.shape) ** 2
    score[-1] = (1.0, 0.0, -1.0)
    law = fit_liquidity(squares, np.exp(score), np.exp(-quick))
    np.testing.assert_allclose(law.persistence, (0.9, 0.3), atol=0.02)
    np.testing.assert_allclose(law.start[0], (1.0, 0.0, -1.0), atol=0.2)
    path = np.full((2048, 10, 3), 1e-4, np.float32)
    wide, deep = (np.log(one) for one in law.drawn(path, index=0, seed=1))
    means = wide.mean(axis=0)
    # Tomorrow keeps 0.9 of today's distance from the middle, the tenth session 0.9^10 = 0.35.
    np.testing.assert_allclose(means[0], 0.9 * law.start[0], atol=0.15)
    np.testing.assert_allclose(means[9], 0.9**10 * law.start[0], atol=0.15)
    assert np.corrcoef(wide[:, 8, 1], wide[:, 9, 1])[0, 1] > 0.8
    assert np.corrcoef(deep[:, 8, 1], deep[:, 9, 1])[0, 1] == pytest.approx(0.3, abs=0.08)


def test_what_an_asset_has_not_shown_nobody_knows(past):
    squares, spread, depth = (one.copy() for one in past)
    spread[:, 1] = np.nan
    spread[:200, 1] = 0.01  # less than fifty sessions of each fifth
    depth[:, 0] = np.nan
    law = fit_liquidity(squares, spread, depth)
    wide, deep = liquidity_of(law, squares[:500, None].astype(np.float32))
    assert np.isfinite(wide[:, 0]).all()
    assert np.isnan(wide[:, 1]).all()
    assert np.isnan(deep).all()


def test_an_asset_listed_late_is_told_by_its_own_sessions(past):
    squares, spread, depth = (one.copy() for one in past)
    for one in (squares, spread, depth):
        one[:3000, 1] = np.nan
    late, whole = fit_liquidity(squares, spread, depth), fit_liquidity(*past)
    own = fit_liquidity(squares[3000:], spread[3000:], depth[3000:])
    np.testing.assert_allclose(late.edges[:, 1], own.edges[:, 1])
    np.testing.assert_allclose(late.law[..., 1], own.law[..., 1])
    np.testing.assert_array_equal(late.law[..., 0], whole.law[..., 0])


def test_fewer_sessions_and_paths_are_the_first_of_more(past):
    law = fit_liquidity(*past)
    path = np.broadcast_to(past[0][:300, None], (300, 6, 2)).astype(np.float32)
    long, short = law.drawn(path, index=3, seed=2), law.drawn(path[:40, :2], index=3, seed=2)
    for one, other in zip(long, short, strict=True):
        np.testing.assert_array_equal(one[:40, :2], other)
