"""Advice that may be read every day is wrong no more often than said; in the limit, and said so."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from validation.confidence_sequence import (
    ShadowRule,
    confidence_sequence,
    mixture_margin,
    promotion_advice,
)

PLAIN = ShadowRule(minimum=40, block=1, tightest=40)


def dependent(sessions: int, seed: int, mean: float = 0.0) -> np.ndarray:
    """Differences that follow a common volatility, as scores of consecutive sessions do."""
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal(sessions + 1)
    return mean + 0.2 * (noise[1:] + 0.5 * noise[:-1])


def test_the_margin_is_that_of_the_theorem_where_rho_is_chosen_by_a_general_optimiser() -> None:
    def margin(rho2: float, count: float) -> float:
        grown = count * rho2 + 1.0
        return math.sqrt(2 * grown / (count**2 * rho2) * math.log(math.sqrt(grown) / 0.05))

    best = minimize_scalar(
        lambda log_rho2: margin(math.exp(log_rho2), 50.0), bounds=(-12, 2), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    counts = np.array([2.0, 50.0, 700.0])
    expected = [margin(math.exp(best.x), count) for count in counts]
    assert mixture_margin(counts, tightest=50.0, level=0.05) == pytest.approx(expected, rel=1e-6)


def test_looking_always_costs_less_than_twice_the_width_of_looking_once() -> None:
    at = np.array([50.0])
    ratio = mixture_margin(at, tightest=50.0, level=0.05)[0] / (1.96 / math.sqrt(50.0))
    assert 1.0 < ratio < 2.0


def test_means_and_spread_of_blocks_are_counted_by_hand() -> None:
    rule = ShadowRule(minimum=40, block=2, tightest=40)
    found = confidence_sequence(np.array([1.0, 3.0, np.nan, 4.0, 6.0, 9.0]), rule=rule)
    assert found.mean.tolist() == [2.0, 3.5]  # blocks of mean 2 and 5; the ninth waits
    assert found.sessions.tolist() == [2, 4]
    assert np.isnan(found.lower[0])
    spread = math.sqrt(((2 - 3.5) ** 2 + (5 - 3.5) ** 2) / 1)
    margin = spread * mixture_margin(np.array([2.0]), tightest=20.0, level=0.05)[0]
    assert found.upper[1] == pytest.approx(3.5 + margin)


@given(st.integers(0, 30), st.floats(-100, 100), st.floats(0.1, 10))
def test_a_shift_shifts_and_a_scale_scales(seed: int, shift: float, scale: float) -> None:
    values = dependent(120, seed)
    base, moved = confidence_sequence(values), confidence_sequence(scale * values + shift)
    assert moved.lower[1:] == pytest.approx(scale * base.lower[1:] + shift, abs=1e-8)
    assert moved.upper[1:] == pytest.approx(scale * base.upper[1:] + shift, abs=1e-8)


@given(st.integers(20, 300))
def test_a_later_session_changes_no_earlier_interval(cut: int) -> None:
    values = dependent(300, 4)
    whole, early = confidence_sequence(values), confidence_sequence(values[:cut])
    blocks = len(early.mean)
    assert whole.upper[1:blocks].tolist() == early.upper[1:].tolist()


def test_equal_models_are_told_apart_no_more_often_than_said() -> None:
    """300 pairs of equal models of 1,000 dependent sessions, read after every block from 250 on."""
    rule = ShadowRule()
    wrong = 0
    for seed in range(300):
        found = confidence_sequence(dependent(1_000, seed), rule=rule)
        read = found.sessions >= rule.minimum
        wrong += bool(((found.lower > 0) | (found.upper < 0))[read].any())
    assert wrong / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize(
    ("mean", "sessions", "advice"),
    [(-0.2, 400, "promote"), (0.2, 400, "do not promote"), (0.0, 400, "wait"), (-0.2, 249, "wait")],
)
def test_advice_follows_the_interval_and_waits_for_the_minimum(
    mean: float, sessions: int, advice: str
) -> None:
    told = promotion_advice(dependent(sessions, 7, mean))
    assert told.advice == advice
    assert told.sessions == sessions
    assert ("asymptotic" in told.reason) == (sessions >= 250)


def test_without_any_score_there_is_no_mean() -> None:
    told = promotion_advice(np.full(5, np.nan))
    assert (told.advice, told.mean, told.sessions) == ("wait", None, 0)
