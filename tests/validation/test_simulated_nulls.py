import numpy as np
import pytest
from scipy import stats

from validation.simulated_nulls import (
    BLOCK,
    SimulatedHits,
    hit_counts,
    lower_p_value,
    simulated_hits,
    two_sided_p_value,
    unit_excess,
    upper_p_value,
)


def drawn(n: int, *, xi: float = 0.2, draws: int = 500) -> list[SimulatedHits]:
    return list(simulated_hits(n, tail=0.05, xi=xi, draws=draws, seed=0))


@pytest.mark.parametrize("xi", [0.0, 0.2, 0.4])
def test_the_excess_is_scipys_generalised_pareto_of_mean_one(xi):
    law = stats.genpareto(xi, scale=1 - xi)
    exceeded = np.array([1e-6, 0.01, 0.3, 0.5, 0.99, 1.0])
    np.testing.assert_allclose(unit_excess(exceeded, xi=xi), law.isf(exceeded), atol=1e-12)
    assert law.mean() == pytest.approx(1.0)


def test_a_tail_without_a_mean_is_refused():
    with pytest.raises(ValueError, match=r"^xi must lie in \[0, 1\)"):
        unit_excess(np.array([0.5]), xi=1.0)


@pytest.mark.parametrize("n", [1, 20, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_the_number_of_exceedances_of_a_sample_is_binomial(n):
    counts = hit_counts(n, tail=0.05, draws=5_000, seed=1)
    expected = 5_000 * stats.binom.pmf(np.arange(n + 1), n, 0.05)
    observed = np.bincount(counts, minlength=n + 1)
    common = expected > 5
    rest = (observed[~common].sum(), expected[~common].sum())
    chi2 = ((observed - expected)[common] ** 2 / expected[common]).sum()
    chi2 += (rest[0] - rest[1]) ** 2 / max(rest[1], 1.0)
    assert stats.chi2.sf(chi2, common.sum()) > 1e-3


def test_a_longer_cell_sees_the_same_days_first():
    for n in (10, BLOCK, 2 * BLOCK):
        short, long = drawn(n), drawn(n + 37)
        for left, right in zip(short, long, strict=False):
            k = left.draw.size
            np.testing.assert_array_equal(left.draw, right.draw[:k])
            np.testing.assert_array_equal(left.excess, right.excess[:k])


def test_every_shape_of_the_tail_has_its_exceedances_on_the_same_days():
    exponential, heavy = drawn(100, xi=0.0)[0], drawn(100, xi=0.4)[0]
    np.testing.assert_array_equal(exponential.draw, heavy.draw)
    assert heavy.excess.max() > exponential.excess.max()
    assert exponential.excess.mean() == pytest.approx(1.0, abs=0.1)


def test_a_series_is_read_on_the_days_of_the_exceedances():
    block = drawn(3, draws=100)[0]
    there = block.at_hits(np.array([10.0, 20.0, 30.0]))
    per_day = np.diff(block.first)
    expected = [day for day, k in zip((10, 20, 30), per_day, strict=True) for _ in range(k)]
    assert there.tolist() == expected


def test_the_matrices_sum_what_a_loop_over_the_exceedances_sums():
    block = drawn(30, draws=40)[0]
    days = np.random.default_rng(1).normal(size=30)
    looped = np.zeros((4, 40))
    for draw, day, excess in zip(block.draw, block.at_hits(days), block.excess, strict=True):
        looped[:, draw] += day * np.array([1, excess, excess**2, excess - 1])
    for matrix, sums in zip(
        (block.counted, block.exceeding, block.exceeding_squared, block.surplus),
        looped,
        strict=True,
    ):
        np.testing.assert_allclose(matrix @ days, sums, atol=1e-12)


def test_the_observed_sample_is_counted_among_the_simulated_ones():
    null = np.array([1.0, 2.0, 3.0, 4.0])
    assert lower_p_value(0.0, null) == 1 / 5
    assert upper_p_value(5.0, null) == 1 / 5
    assert lower_p_value(2.0, null) == 3 / 5
    assert upper_p_value(2.0, null) == 4 / 5
    assert two_sided_p_value(0.0, null) == 2 / 5
    assert two_sided_p_value(2.5, null) == 1.0
