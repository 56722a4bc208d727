# an outcome without the number that a test compares fails that test
# pyright: reportOptionalOperand=false, reportOperatorIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from validation.coverage import basel_zone, christoffersen_cc, christoffersen_ind, kupiec

HITS = arrays(np.bool_, st.integers(2, 60))


def hits(count: int, n: int) -> np.ndarray:
    return np.arange(n) < count


def sequence(text: str) -> np.ndarray:
    return np.array([day == "1" for day in text])


# Kupiec (1995), table 3, also Jorion (2007), table 6.2: exceedances strictly between the two
# are not rejected at 5%. Where the lower bound is None the paper accepts any small number.
KUPIEC_1995 = [
    (0.99, 255, None, 7), (0.99, 510, 1, 11), (0.99, 1000, 4, 17),
    (0.975, 255, 2, 12), (0.975, 510, 6, 21), (0.975, 1000, 15, 36),
    (0.95, 255, 6, 21), (0.95, 510, 16, 36), (0.95, 1000, 37, 65),
    (0.925, 255, 11, 28), (0.925, 510, 27, 51), (0.925, 1000, 59, 92),
    (0.90, 255, 16, 36), (0.90, 510, 38, 65), (0.90, 1000, 81, 120),
]  # fmt: skip


@pytest.mark.parametrize(("alpha", "n", "low", "high"), KUPIEC_1995)
def test_kupiec_rejects_where_his_table_does(alpha, n, low, high):
    p = [kupiec(hits(count, n), alpha=alpha).p_value for count in range(high + 1)]
    assert p[high] < 0.05 <= p[high - 1]
    if low is not None:
        assert p[low] < 0.05 <= p[low + 1]


def test_kupiec_of_jp_morgan_1998_as_jorion_computes_it():
    # 20 exceedances of the 95% VaR in 252 days: LR = 3.91
    assert kupiec(hits(20, 252), alpha=0.95).statistic == pytest.approx(3.91, abs=0.005)


def test_kupiec_without_an_exceedance_is_minus_two_log_of_no_hit():
    outcome = kupiec(hits(0, 250), alpha=0.99)
    assert outcome.statistic == pytest.approx(-500 * math.log(0.99))
    assert outcome.p_exact == pytest.approx(stats.binomtest(0, 250, 0.01).pvalue)


@pytest.mark.parametrize("alpha", [0.95, 0.975, 0.99])
@pytest.mark.parametrize("n", [1, 20, 250, 1000])
def test_exact_coverage_is_the_binomial_test_of_scipy(alpha, n):
    tail = round(1 - alpha, 10)
    for count in {0, 1, 2, 5, 9, n // 2, n}:
        if count <= n:
            ours = kupiec(hits(count, n), alpha=alpha).p_exact
            assert ours == pytest.approx(
                stats.binomtest(count, n, tail).pvalue, rel=1e-9, abs=1e-14
            )


def test_kupiec_at_one_percent_of_a_year_rejects_a_true_model_almost_twice_too_often():
    mass = stats.binom.pmf(np.arange(251), 250, 0.01)
    outcomes = [kupiec(hits(count, 250), alpha=0.99) for count in range(251)]
    asymptotic = mass[[outcome.p_value < 0.05 for outcome in outcomes]].sum()
    exact = mass[[outcome.p_exact < 0.05 for outcome in outcomes]].sum()
    assert asymptotic == pytest.approx(0.095, abs=0.0005)
    assert exact <= 0.05


@given(HITS, st.randoms(use_true_random=False))
def test_kupiec_does_not_care_when_exceedances_fell(sample, random):
    shuffled = sample.copy()
    random.shuffle(shuffled)
    assert kupiec(shuffled, alpha=0.95) == kupiec(sample, alpha=0.95)


def test_independence_of_jp_morgan_1998_as_jorion_computes_it():
    # transitions 00: 218, 01: 14, 10: 14, 11: 6, so 14 clusters of 20 exceedances in all
    year = sequence("0" + "10" * 8 + "110" * 6 + "0" * 218)
    assert year.size == 253
    outcome = christoffersen_ind(year)
    assert outcome.statistic == pytest.approx(9.53, abs=0.005)
    # and his LR_cc = 3.91 + 9.53 on the 252 transitions; ours counts coverage on all 253 days
    both = christoffersen_cc(year, alpha=0.95).statistic
    assert both == pytest.approx(kupiec(year, alpha=0.95).statistic + outcome.statistic)
    assert both == pytest.approx(13.44, abs=0.1)


def markov_lr(sample: np.ndarray) -> float:
    """The formula of Christoffersen (1998), written out."""
    pairs = list(zip(sample[:-1].tolist(), sample[1:].tolist(), strict=True))
    n00, n01, n10, n11 = (pairs.count(pair) for pair in product([False, True], repeat=2))

    def log_likelihood(p: float, hit: int, quiet: int) -> float:
        return (hit * math.log(p) if hit else 0.0) + (quiet * math.log(1 - p) if quiet else 0.0)

    chain = sum(
        log_likelihood(hit / (hit + quiet), hit, quiet) if hit + quiet else 0.0
        for hit, quiet in ((n01, n00), (n11, n10))
    )
    p = (n01 + n11) / len(pairs)
    return 2 * (chain - log_likelihood(p, n01 + n11, n00 + n10))


@given(HITS)
def test_independence_is_the_likelihood_ratio_of_a_markov_chain(sample):
    assert christoffersen_ind(sample).statistic == pytest.approx(markov_lr(sample), abs=1e-9)


@pytest.mark.parametrize("count", [0, 1, 2, 4, 9, 10])
def test_exact_independence_counts_every_arrangement_of_the_exceedances(count):
    n = 10
    arrangements = np.zeros((math.comb(n, count), n), dtype=bool)
    for row, days in enumerate(combinations(range(n), count)):
        arrangements[row, list(days)] = True
    ratios = np.array([markov_lr(sample) for sample in arrangements])
    for sample, ratio in zip(arrangements, ratios, strict=True):
        share = np.mean(ratios >= ratio - 1e-9)
        assert christoffersen_ind(sample).p_exact == pytest.approx(share, abs=1e-12)


def test_exact_conditional_coverage_counts_every_sequence_of_days():
    n, tail = 10, 0.05
    samples = np.array(list(product([False, True], repeat=n)))
    count = samples.sum(axis=1)
    probability = tail**count * (1 - tail) ** (n - count)
    frequency = np.array([kupiec(sample, alpha=0.95).statistic for sample in samples])
    ratios = frequency + [markov_lr(sample) for sample in samples]
    for sample, ratio in zip(samples[::7], ratios[::7], strict=True):
        outcome = christoffersen_cc(sample, alpha=0.95)
        assert outcome.p_exact == pytest.approx(probability[ratios >= ratio - 1e-9].sum(), abs=1e-9)


@pytest.mark.parametrize(
    "sample",
    [hits(0, 250), hits(250, 250), hits(1, 250), sequence("01" * 50), hits(1, 2), hits(0, 2)],
    ids=["none", "all", "one", "never two in a row", "two days", "two quiet days"],
)
def test_absent_transitions_do_not_crash(sample):
    for outcome in (christoffersen_ind(sample), christoffersen_cc(sample, alpha=0.99)):
        assert outcome.status == "ok"
        assert 0 <= outcome.p_value <= 1
        assert 0 <= outcome.p_exact <= 1


def test_without_an_exceedance_independence_says_nothing():
    outcome = christoffersen_ind(hits(0, 250))
    assert (outcome.statistic, outcome.p_value, outcome.p_exact) == (0.0, 1.0, 1.0)


def test_twelve_exceedances_in_a_row_are_not_independent():
    clustered = np.zeros(250, dtype=bool)
    clustered[100:112] = True
    spread = np.zeros(250, dtype=bool)
    spread[5::20] = True
    assert christoffersen_ind(clustered).p_exact < 1e-6
    assert christoffersen_ind(spread).p_exact > 0.3


@given(HITS, st.sampled_from([0.9, 0.95, 0.975, 0.99]))
def test_every_p_value_is_a_probability(sample, alpha):
    for outcome in (
        kupiec(sample, alpha=alpha),
        christoffersen_ind(sample),
        christoffersen_cc(sample, alpha=alpha),
    ):
        assert 0 <= outcome.p_value <= 1
        assert 0 <= outcome.p_exact <= 1 + 1e-12
        assert outcome.draws is None


def test_exact_tests_keep_their_size_where_the_asymptotic_ones_do_not(generator):
    samples = generator.random((1_000, 250)) < 0.01
    rejected = np.mean([christoffersen_cc(s, alpha=0.99).p_exact < 0.05 for s in samples])
    assert rejected < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1_000)


@pytest.mark.parametrize("test", [kupiec, christoffersen_cc])
def test_a_var_at_half_its_size_is_found_out_in_a_year(test, generator):
    # a normal VaR for half the volatility is exceeded in 12% of days, not 1%
    samples = generator.random((100, 250)) < stats.norm.cdf(stats.norm.ppf(0.01) / 2)
    assert all(test(sample, alpha=0.99).p_exact < 0.01 for sample in samples)


def test_long_samples_have_only_the_asymptotic_p_value_for_dependence():
    sample = hits(50, 5_001)
    assert christoffersen_ind(sample).p_exact is None
    assert christoffersen_cc(sample, alpha=0.99).p_exact is None
    assert kupiec(sample, alpha=0.99).p_exact is not None


def test_no_forecasts_cannot_be_judged():
    none = hits(0, 0)
    assert kupiec(none, alpha=0.99).status == "not_computable: no forecasts"
    assert christoffersen_ind(none).status.startswith("not_computable: ")
    assert christoffersen_cc(none, alpha=0.99).status.startswith("not_computable: ")


def test_basel_zones_of_a_year_at_99_percent():
    zones = [basel_zone(count, 250, 0.99) for count in range(12)]
    assert zones == ["green"] * 5 + ["amber"] * 5 + ["red"] * 2


# Basel Committee (1996), Supervisory framework for the use of backtesting, table 2: probability
# in percent of that many exceptions or fewer, which the zones are drawn from.
@pytest.mark.parametrize(
    ("count", "percent"),
    [(0, 8.11), (3, 75.81), (4, 89.22), (5, 95.88), (8, 99.89), (9, 99.97), (10, 99.99)],
)
def test_the_zones_follow_the_cumulative_probabilities_of_the_basel_table(count, percent):
    assert 100 * stats.binom.cdf(count, 250, 0.01) == pytest.approx(percent, abs=0.006)
    expected = "red" if percent >= 99.99 else "amber" if percent >= 95 else "green"
    assert basel_zone(count, 250, 0.99) == expected


def test_zones_of_a_short_window_by_hand():
    # 20 days at 99%: at most 0, 1, 2, 3 exceedances with 81.8, 98.3, 99.90, 99.996%
    assert [basel_zone(count, 20, 0.99) for count in range(4)] == ["green", "amber", "amber", "red"]
