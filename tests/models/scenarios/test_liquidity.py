import numpy as np
import pytest

from models.scenarios.liquidity import BUCKETS, fit_liquidity


@pytest.fixture(scope="module")
def past():
    """Spreads and depths of two assets that are worse the higher the variance, and together."""
    generator = np.random.default_rng(3)
    variance = 1e-4 * np.exp(generator.normal(size=(5000, 2)))
    shared = generator.normal(size=(5000, 1))
    noise = 0.8 * shared + 0.6 * generator.normal(size=(5000, 2))
    spread = 10 * np.sqrt(variance) * np.exp(0.3 * noise)
    depth = 1e-2 / np.sqrt(variance) * np.exp(-0.3 * noise)
    return variance, spread, depth


def liquidity_of(law, variance):
    """Spread and depth of one session of paths in given states."""
    spread, depth = law.drawn(variance, index=0, seed=1)
    return spread[:, 0], depth[:, 0]


def buckets(edges, variance):
    return (variance[..., None, :] > edges).sum(axis=-2)


def test_liquidity_is_never_better_than_its_bucket_has_ever_shown(past):
    variance, spread, depth = past
    law = fit_liquidity(*past)
    path = variance[:2000, None].astype(np.float32)
    wide, deep = liquidity_of(law, path)
    seen, drawn = buckets(law.edges, variance), buckets(law.edges, path[:, 0])
    for asset in range(2):
        for number in range(BUCKETS):
            history, paths = seen[:, asset] == number, drawn[:, asset] == number
            best = spread[history, asset].min() * (1 - 1e-6)
            assert (wide[paths, asset] >= best).all()
            deepest = depth[history, asset].max() * (1 + 1e-6)
            assert (deep[paths, asset] <= deepest).all()


def test_spreads_widen_with_volatility_as_they_did(past):
    variance, spread, _ = past
    law = fit_liquidity(*past)
    calm, wild = (np.full((2000, 1, 2), np.quantile(variance, q), np.float32) for q in (0.1, 0.9))
    ratio = liquidity_of(law, wild)[0].mean() / liquidity_of(law, calm)[0].mean()
    number = buckets(law.edges, variance)
    expected = spread[number == BUCKETS - 1].mean() / spread[number == 0].mean()
    assert ratio == pytest.approx(expected, rel=0.05)


def test_dry_sessions_are_dry_for_all(past):
    law = fit_liquidity(*past)
    assert law.common == pytest.approx(0.5, abs=0.15)  # 0.64 in the noise, less what buckets hide
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


def test_what_is_wide_stays_wide_as_long_as_it_did():
    score = lasting(20_000, kept=0.9, seed=5)
    variance = 1e-4 * np.exp(np.random.default_rng(6).normal(size=score.shape))
    score[-1] = (2.0, 0.0, -2.0)
    law = fit_liquidity(variance, np.exp(score), np.exp(-score))
    assert law.persistence == pytest.approx(0.9, abs=0.02)
    np.testing.assert_allclose(law.start, (2.0, 0.0, -2.0), atol=0.25)
    path = np.full((2048, 10, 3), variance[-1, 0], np.float32)
    wide = np.log(law.drawn(path, index=0, seed=1)[0])
    means = wide.mean(axis=0)
    # Tomorrow keeps 0.9 of today's distance from the middle, the tenth session 0.9^10 = 0.35.
    np.testing.assert_allclose(means[0], 0.9 * law.start, atol=0.15)
    np.testing.assert_allclose(means[9], 0.9**10 * law.start, atol=0.15)
    assert np.corrcoef(wide[:, 4, 1], wide[:, 5, 1])[0, 1] > 0.75


def test_what_an_asset_has_not_shown_nobody_knows(past):
    variance, spread, depth = (one.copy() for one in past)
    spread[:, 1] = np.nan
    spread[:200, 1] = 0.01  # less than fifty sessions of each fifth
    depth[:, 0] = np.nan
    law = fit_liquidity(variance, spread, depth)
    wide, deep = liquidity_of(law, variance[:500, None].astype(np.float32))
    assert np.isfinite(wide[:, 0]).all()
    assert np.isnan(wide[:, 1]).all()
    assert np.isnan(deep).all()


def test_an_asset_listed_late_is_told_by_its_own_sessions(past):
    """What it did not trade through moves none of its buckets."""
    variance, spread, depth = (one.copy() for one in past)
    spread[:3000, 1] = depth[:3000, 1] = np.nan
    variance[:3000, 1] = variance[3000, 1]  # as the filter holds it before the first close
    late, whole = fit_liquidity(variance, spread, depth), fit_liquidity(*past)
    own = fit_liquidity(variance[3000:], spread[3000:], depth[3000:])
    np.testing.assert_array_equal(late.edges[:, 1], own.edges[:, 1])
    np.testing.assert_array_equal(late.spread[:, :, 1], own.spread[:, :, 1])
    np.testing.assert_array_equal(late.spread[:, :, 0], whole.spread[:, :, 0])


def test_fewer_sessions_and_paths_are_the_first_of_more(past):
    law = fit_liquidity(*past)
    path = np.broadcast_to(past[0][:300, None], (300, 6, 2)).astype(np.float32)
    long, short = law.drawn(path, index=3, seed=2), law.drawn(path[:40, :2], index=3, seed=2)
    for one, other in zip(long, short, strict=True):
        np.testing.assert_array_equal(one[:40, :2], other)
