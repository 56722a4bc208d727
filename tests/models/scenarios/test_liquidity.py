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
    moves = law.attach(np.zeros_like(variance), variance, index=0, seed=1)
    return np.asarray(moves.spread)[:, 0], np.asarray(moves.depth)[:, 0]


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


def test_a_bucket_without_a_spread_is_refused(past):
    variance, spread, depth = past
    spread = np.where(variance > np.quantile(variance[:, 1], 0.7), np.nan, spread)
    with pytest.raises(ValueError, match=r"is never known in volatility bucket 4 of 5"):
        fit_liquidity(variance, spread, depth)
