from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from models.measures import (
    expected_shortfall,
    tail_paths,
    tail_probability,
    tail_ranks,
    value_at_risk,
)

LADDER = -np.arange(1.0, 101.0)  # losses 1..100
P_AND_L = arrays(np.float64, st.integers(40, 80), elements=st.integers(-50, 50).map(float))
LEVELS = st.sampled_from([0.9, 0.95, 0.975])


@pytest.mark.parametrize(
    ("alpha", "var", "es"), [(0.99, 99, 100), (0.95, 95, 98), (0.975, 98, 99.2)]
)
def test_hand_counted(alpha, var, es):
    assert value_at_risk(LADDER, alpha=alpha) == var
    assert expected_shortfall(LADDER, alpha=alpha) == es


@pytest.mark.parametrize(
    ("n", "alpha", "rank"),
    [
        (1000, 0.99, 11),  # (1 - 0.99) * 1000 is 10.000000000000009
        (20, 0.95, 2),  # (1 - 0.95) * 20 is 1.0000000000000009
        (40, 0.975, 2),
        (200, 0.995, 2),
        (1000, 0.9, 101),  # (1 - 0.9) * 1000 is 99.99999999999997
        (10, 0.7, 4),  # (1 - 0.7) * 10 is 3.0000000000000004
        (250, 0.99, 3),
        (500, 0.99, 6),
    ],
)
def test_no_rounding_decides_a_rank(n, alpha, rank):
    losses = np.arange(float(n), 0.0, -1.0)
    assert value_at_risk(-losses, alpha=alpha) == losses[rank - 1]
    assert tail_ranks([alpha], largest=n).whole[n, 0] == rank - 1


@pytest.mark.parametrize("alpha", [0.95, 0.975, 0.99, 0.995, 0.9, 0.7])
def test_alike_weights_are_no_weights(alpha):
    for n in (200, 1000, 1237):
        pnl = np.random.default_rng(n).standard_t(4, n)
        alike = np.full(n, 1.0 / n)  # which does not sum to one in floats
        assert value_at_risk(pnl, alpha=alpha, weights=alike) == value_at_risk(pnl, alpha=alpha)
        assert expected_shortfall(pnl, alpha=alpha, weights=alike) == pytest.approx(
            expected_shortfall(pnl, alpha=alpha), rel=1e-14
        )


def test_a_weight_of_two_is_the_same_path_twice():
    pnl = -np.arange(1.0, 61.0)
    weights = np.where(np.arange(60) % 3 == 0, 2.0, 1.0)
    repeated = np.repeat(pnl, weights.astype(int))
    for alpha in (0.9, 0.95, 0.975):
        assert value_at_risk(pnl, alpha=alpha, weights=weights) == value_at_risk(
            repeated, alpha=alpha
        )
        assert expected_shortfall(pnl, alpha=alpha, weights=weights) == pytest.approx(
            expected_shortfall(repeated, alpha=alpha), rel=1e-14
        )


def test_a_large_normal_sample_has_the_normal_tail():
    pnl = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    assert value_at_risk(pnl, alpha=0.99) == pytest.approx(norm.ppf(0.99), rel=1e-4)
    assert expected_shortfall(pnl, alpha=0.975) == pytest.approx(
        norm.pdf(norm.ppf(0.975)) / 0.025, rel=1e-4
    )


def test_es_is_subadditive_where_var_is_not():
    """Two independent bonds of 100 that default with probability 4%."""
    one, other = np.meshgrid(np.r_[np.zeros(24), -100.0], np.r_[np.zeros(24), -100.0])
    first, second = one.ravel(), other.ravel()
    assert value_at_risk(first, alpha=0.95) == value_at_risk(second, alpha=0.95) == 0.0
    assert value_at_risk(first + second, alpha=0.95) == 100.0
    assert expected_shortfall(first, alpha=0.95) == pytest.approx(80.0, rel=1e-12)
    assert expected_shortfall(first + second, alpha=0.95) == pytest.approx(103.2, rel=1e-12)


@given(P_AND_L, LEVELS, st.integers(-9, 9), st.integers(1, 9))
def test_cash_lowers_risk_by_its_amount_and_size_multiplies_it(pnl, alpha, cash, size):
    for measure in (value_at_risk, expected_shortfall):
        risk = measure(pnl, alpha=alpha)
        assert measure(pnl + cash, alpha=alpha) == pytest.approx(risk - cash, abs=1e-10)
        assert measure(size * pnl, alpha=alpha) == pytest.approx(size * risk, abs=1e-10)


@given(P_AND_L, LEVELS, st.integers(0, 2**32 - 1))
def test_risk_sees_the_law_alone_and_what_earns_more_everywhere_risks_less(pnl, alpha, seed):
    shuffled = np.random.default_rng(seed).permutation(pnl)
    better = pnl + np.random.default_rng(seed).integers(0, 5, pnl.size)
    for measure in (value_at_risk, expected_shortfall):
        assert measure(shuffled, alpha=alpha) == measure(pnl, alpha=alpha)
        assert measure(better, alpha=alpha) <= measure(pnl, alpha=alpha) + 1e-12


@given(P_AND_L, LEVELS, st.integers(0, 2**32 - 1))
def test_es_of_a_sum_is_at_most_the_sum_of_es(pnl, alpha, seed):
    other = np.random.default_rng(seed).permutation(pnl)
    whole = expected_shortfall(pnl + other, alpha=alpha)
    parts = expected_shortfall(pnl, alpha=alpha) + expected_shortfall(other, alpha=alpha)
    assert whole <= parts + 1e-10


@given(P_AND_L)
def test_es_is_at_least_var_and_both_rise_with_the_level(pnl):
    levels = (0.6, 0.75, 0.9, 0.95, 0.975)
    var = [value_at_risk(pnl, alpha=alpha) for alpha in levels]
    es = [expected_shortfall(pnl, alpha=alpha) for alpha in levels]
    assert all(e >= v for v, e in zip(var, es, strict=True))
    assert var == sorted(var)
    assert np.all(np.diff(es) >= -1e-12)


@given(P_AND_L, LEVELS)
def test_var_is_the_smallest_loss_with_enough_probability_below(pnl, alpha):
    """The definition, by trying every loss."""
    covered = [
        loss
        for loss in -pnl
        if Fraction(int(np.count_nonzero(-pnl <= loss)), pnl.size) >= 1 - tail_probability(alpha)
    ]
    assert value_at_risk(pnl, alpha=alpha) == min(covered)


@pytest.mark.parametrize("measure", [value_at_risk, expected_shortfall])
@pytest.mark.parametrize(
    ("pnl", "alpha", "message"),
    [
        (LADDER, 0.01, r"^alpha .* got 0.01. For the 0.01 tail pass alpha=0.99.$"),
        (LADDER, 1.0, r"^alpha .* got 1.$"),
        (LADDER, float("nan"), r"^alpha .* got nan.$"),
        (LADDER[:50], 0.99, r"^50 paths cannot resolve alpha=0.99: .* Simulate at least 100.$"),
        (np.r_[LADDER, np.nan], 0.95, r"^pnl must be finite, got nan among 1 such of 101 paths"),
        (np.r_[LADDER, -np.inf], 0.95, r"^pnl must be finite, got -inf"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused(measure, pnl, alpha, message):
    with pytest.raises(ValueError, match=message):
        measure(pnl, alpha=alpha)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_that_are_no_probabilities_are_refused(bad):
    weights = np.ones(100)
    weights[3] = bad
    with pytest.raises(ValueError, match=r"^weights must be finite, not negative"):
        expected_shortfall(LADDER, alpha=0.95, weights=weights)
    with pytest.raises(ValueError, match=r"^weights .* not all zero"):
        value_at_risk(LADDER, alpha=0.95, weights=np.zeros(100))


@given(P_AND_L, LEVELS)
def test_the_tail_is_the_beginning_of_a_stable_sort(pnl, alpha):
    tail = tail_paths(pnl, alpha=alpha)
    np.testing.assert_array_equal(tail.paths, np.argsort(pnl, kind="stable")[: len(tail.paths)])
