"""Regimes by hand: shares of all levels so far, kept until they are clearly left."""

from __future__ import annotations

import numpy as np
import pytest

from models.regimes import SETTLING, Regime, volatility_regimes

CALM = np.arange(999.0, 0.0, -1.0)
"""Every level but the first is the lowest so far: the market ends low, with 1 to 999 known."""


def after(*levels: float) -> list[Regime | None]:
    """States at levels that follow the calm."""
    return volatility_regimes(np.append(CALM, levels))[len(CALM) :]


@pytest.mark.parametrize(
    ("level", "state"),
    [
        (848.5, "low"),  # 849 of 1,000 at or below
        (849.5, "high"),  # 850 of 1,000: the threshold itself enters
        (973.5, "high"),
        (974.5, "crisis"),  # 975 of 1,000
        (1e9, "crisis"),
    ],
)
def test_a_state_is_entered_at_its_share_of_all_levels_so_far(level: float, state: str) -> None:
    assert after(level) == [state]


def test_equal_levels_are_at_or_below() -> None:
    assert after(849.0) == ["high"]  # 849 below or equal, and itself


@pytest.mark.parametrize(
    ("levels", "states"),
    [
        ((974.5, 900.5), ["crisis", "crisis"]),  # 901 of 1,001, not below 90%
        ((974.5, 899.5), ["crisis", "high"]),  # 900 of 1,001
        ((974.5, 750.5), ["crisis", "high"]),  # a crisis is left for high while 70% holds
        ((974.5, 650.5), ["crisis", "low"]),
        ((860.5, 750.5), ["high", "high"]),
        ((860.5, 700.5), ["high", "high"]),  # 701 of 1,001, not below 70%
        ((860.5, 699.5), ["high", "low"]),  # 700 of 1,001
        ((860.5, 950.5), ["high", "high"]),  # above 90% is no crisis that has not begun
        ((500.5, 750.5), ["low", "low"]),
    ],
)
def test_a_state_is_left_later_than_it_is_entered(
    levels: tuple[float, ...], states: list[str]
) -> None:
    assert after(*levels) == states


def test_where_the_level_is_not_known_the_state_stays_and_nothing_is_counted() -> None:
    nan = float("nan")
    assert after(974.5, nan, nan) == ["crisis"] * 3
    assert after(nan, 849.5) == ["low", "high"]  # 850 of 1,000 still


def test_nothing_is_said_before_two_years_are_known() -> None:
    with_gaps = np.insert(CALM, [3, 100], np.nan)
    states = volatility_regimes(with_gaps)
    known = np.cumsum(np.isfinite(with_gaps))
    assert [state is None for state in states] == (known < SETTLING).tolist()
    assert volatility_regimes(np.full(3, np.nan)) == [None] * 3
    assert volatility_regimes(np.array([])) == []


def test_the_future_changes_nothing(generator: np.random.Generator) -> None:
    level = generator.standard_normal(1200)
    states = volatility_regimes(level)
    assert {"low", "high", "crisis"} <= set(states)
    for size in (600, 900, 1199):
        assert volatility_regimes(level[:size]) == states[:size]


def test_any_increasing_function_of_the_level_tells_the_same(
    generator: np.random.Generator,
) -> None:
    level = generator.standard_normal(800)
    assert volatility_regimes(np.exp(level)) == volatility_regimes(level)
