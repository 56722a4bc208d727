"""A number unlike its norm is told of, and stopped where GJR-FHS does not say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from validation.guardrail import GuardrailRule, judge, judge_history, norm_of

# Norm 3, deviations 2 1 0 1 2: the median absolute deviation is 1.
LADDER = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
# Norm 2, and not one number away from it.
FLAT = np.full((5, 1), 2.0)
FIVE = GuardrailRule(sessions=5, minimum=5, deviations=3.0)

losses = st.floats(min_value=1e-4, max_value=0.5)


def light(
    number: float,
    fallback: float,
    past: np.ndarray,
    rule: GuardrailRule = FIVE,
    *,
    conditional: bool = False,
) -> str:
    """Light of one number, by its norm alone unless the model is conditional."""
    judged = judge(
        np.array([number]), np.array([fallback]), past, rule=rule, conditional=conditional
    )
    return str(judged.light[0])


@pytest.mark.parametrize(
    ("past", "median", "deviation", "known"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0], 3.0, 1.0, 5),
        ([4.0, 1.0, 2.0, 10.0], 3.0, 1.5, 4),
        ([np.nan, 7.0, np.nan], 7.0, 0.0, 1),
    ],
)
def test_the_norm_is_counted_by_hand(
    past: list[float], median: float, deviation: float, known: int
) -> None:
    norm = norm_of(np.array(past)[:, None])
    assert (norm.median[0], norm.deviation[0], norm.known[0]) == (median, deviation, known)


def test_of_nothing_there_is_no_norm() -> None:
    assert np.isnan(norm_of(np.full((4, 1), np.nan)).median[0])


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (4.0, "ok"),  # exactly twice
        (np.nextafter(4.0, 5.0), "hold"),
        (1.0, "ok"),  # exactly half
        (np.nextafter(1.0, 0.0), "hold"),
        (2.0, "ok"),
    ],
)
def test_twice_and_half_the_norm_are_still_usual(number: float, expected: str) -> None:
    # With no spread any difference lies beyond three deviations; 100 corroborates nothing here.
    assert light(number, 100.0, FLAT) == expected


@pytest.mark.parametrize(
    ("deviations", "number", "expected"),
    [(3.5, 6.5, "ok"), (3.5, np.nextafter(6.5, 7.0), "hold"), (3.0, 6.0, "ok")],
)
def test_three_deviations_are_still_usual(deviations: float, number: float, expected: str) -> None:
    rule = FIVE.model_copy(update={"deviations": deviations})
    assert light(number, 100.0, LADDER, rule) == expected


def test_beyond_the_multiple_but_within_the_spread_is_usual() -> None:
    wide = np.array([[1.0], [1.0], [3.0], [9.0], [20.0]])  # norm 3, deviation 2
    assert light(8.9, 100.0, wide) == "ok"
    assert light(9.1, 100.0, wide) == "hold"


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [
        (8.0, "alert"),
        (12.0 / 1.5, "alert"),
        (7.9, "hold"),
        (17.9, "alert"),
        (18.0, "hold"),
        (np.nan, "hold"),
    ],
)
def test_what_gjr_fhs_says_too_is_an_alert_and_else_a_hold(fallback: float, expected: str) -> None:
    assert light(12.0, fallback, FLAT) == expected  # 12 lies in 0.67..1.5 of 8 and of 17.9


@pytest.mark.parametrize(
    ("number", "fallback", "published"),
    [(12.0, 5.0, 12.0), (0.5, 2.0, 2.0), (12.0, np.nan, 12.0), (0.5, np.nan, 2.0)],
)
def test_a_held_number_is_never_the_lower_one(
    number: float, fallback: float, published: float
) -> None:
    judged = judge(np.array([number]), np.array([fallback]), FLAT, rule=FIVE)
    assert judged.light[0] == "hold"
    assert judged.published[0] == published


def test_a_model_that_says_nothing_is_held_at_the_fallback() -> None:
    judged = judge(np.array([np.nan]), np.array([2.5]), FLAT, rule=FIVE)
    assert (judged.light[0], judged.published[0]) == ("hold", 2.5)


@pytest.mark.parametrize(("number", "fallback"), [(2.5, 4.0), (4.0, 2.5)])
def test_without_a_norm_nothing_passes_in_silence(number: float, fallback: float) -> None:
    judged = judge(np.array([number]), np.array([fallback]), LADDER[:4], rule=FIVE)
    assert judged.light[0] == "not_computable"
    assert judged.norm.known[0] == 4
    assert judged.published[0] == 4.0


def test_a_negative_norm_has_no_multiples() -> None:
    assert light(1.0, 1.0, -LADDER) == "not_computable"


def test_a_book_without_risk_stays_usual_until_it_has_some() -> None:
    none = np.zeros((5, 1))
    assert light(0.0, 0.0, none) == "ok"
    assert light(0.1, 0.0, none) == "hold"


def test_a_number_that_stands_still_is_told_of_on_the_third_session() -> None:
    rule = FIVE.model_copy(update={"minimum": 2})
    numbers = np.array([1.0, 1.1, 1.3, 1.3, 1.3, 1.3])[:, None]
    near, far = np.full((6, 1), 1.2), np.full((6, 1), 2.2)
    assert (
        list(judge_history(numbers, near, rule=rule).light[2:, 0]) == ["ok", "ok"] + ["alert"] * 2
    )
    assert list(judge_history(numbers, far, rule=rule).light[3:, 0]) == ["ok", "hold", "hold"]


def test_a_historical_simulation_may_stand_still_and_lie_far_from_gjr_fhs() -> None:
    assert light(2.0, 2.0, FLAT) == "ok"
    assert light(3.0, 10.0, LADDER) == "ok"


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [(6.0, "ok"), (np.nextafter(6.0, 7.0), "hold"), (1.5, "ok"), (np.nextafter(1.5, 1), "hold")],
)
def test_a_crisis_hides_no_fault_from_gjr_fhs(fallback: float, expected: str) -> None:
    # A third of what it should be, on a day that should have tripled: just the norm.
    assert light(3.0, fallback, LADDER, conditional=True) == expected


def test_far_from_gjr_fhs_is_held_even_without_a_norm() -> None:
    assert light(1.0, 4.0, LADDER[:2], conditional=True) == "hold"


def test_the_session_that_is_judged_does_not_make_its_own_norm() -> None:
    numbers = np.concatenate([FLAT, [[50.0]]])
    judged = judge_history(numbers, numbers, rule=FIVE)
    assert judged.norm.median[-1, 0] == 2.0
    assert judged.light[-1, 0] == "alert"


def walk(generator: np.random.Generator, sessions: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of two measures with jumps, gaps and standstills, and a fallback."""
    steps = generator.normal(scale=0.5, size=(sessions, 2))
    numbers = 0.02 * np.exp(np.cumsum(steps, axis=0) * 0.5)
    numbers[20:24] = numbers[20]
    numbers[30, 0] = np.nan
    return numbers, numbers * np.exp(generator.normal(scale=0.4, size=(sessions, 2)))


def test_the_whole_history_and_session_by_session_agree(generator: np.random.Generator) -> None:
    numbers, fallback = walk(generator)
    rule = GuardrailRule(sessions=10, minimum=5)
    whole = judge_history(numbers, fallback, rule=rule)
    lights: set[str] = set()
    for t in range(len(numbers)):
        one = judge(numbers[t], fallback[t], numbers[:t], rule=rule)
        lights.update(one.light)
        np.testing.assert_array_equal(one.light, whole.light[t])
        np.testing.assert_array_equal(one.published, whole.published[t])
        np.testing.assert_array_equal(one.norm.deviation, whole.norm.deviation[t])
        np.testing.assert_array_equal(one.frozen, whole.frozen[t])
    assert lights == {"ok", "alert", "hold", "not_computable"}


def test_tomorrow_changes_nothing_of_today(generator: np.random.Generator) -> None:
    numbers, fallback = walk(generator)
    rule = GuardrailRule(sessions=10, minimum=5)
    whole = judge_history(numbers, fallback, rule=rule)
    for cut in (1, 7, 31, 59):
        part = judge_history(numbers[:cut], fallback[:cut], rule=rule)
        np.testing.assert_array_equal(part.light, whole.light[:cut])
        np.testing.assert_array_equal(part.published, whole.published[:cut])


def test_an_empty_history_has_no_verdicts() -> None:
    assert judge_history(np.empty((0, 2)), np.empty((0, 2))).light.shape == (0, 2)


@given(arrays(float, (8, 1), elements=losses), losses, losses)
def test_on_hold_the_higher_number_is_published_and_never_the_lower(
    past: np.ndarray, number: float, fallback: float
) -> None:
    rule = GuardrailRule(sessions=8, minimum=4)
    judged = judge(np.array([number]), np.array([fallback]), past, rule=rule)
    if judged.light[0] == "hold":
        assert judged.published[0] == max(number, fallback) >= min(number, fallback)
    elif judged.light[0] != "not_computable":
        assert judged.published[0] == number


@given(
    arrays(float, (8, 1), elements=losses),
    losses,
    losses,
    st.integers(min_value=-20, max_value=20),
)
def test_the_unit_of_pnl_changes_no_light(
    past: np.ndarray, number: float, fallback: float, power: int
) -> None:
    # Powers of two are exact, so that boundaries stay boundaries.
    unit, rule = 2.0**power, GuardrailRule(sessions=8, minimum=4)
    one = judge(np.array([number]), np.array([fallback]), past, rule=rule)
    other = judge(unit * np.array([number]), unit * np.array([fallback]), unit * past, rule=rule)
    np.testing.assert_array_equal(one.light, other.light)
    np.testing.assert_array_equal(unit * one.published, other.published)


@given(
    arrays(float, (8, 1), elements=losses),
    losses,
    st.floats(min_value=0.7, max_value=1.6),
    st.sampled_from([3.0, 0.3]),
)
def test_a_honest_number_times_three_or_a_third_never_passes(
    past: np.ndarray, fallback: float, honest: float, fault: float
) -> None:
    number = np.array([fault * honest * fallback])
    judged = judge(number, np.array([fallback]), past, rule=GuardrailRule(sessions=8, minimum=4))
    assert judged.light[0] == "hold"
    assert judged.published[0] >= fallback


@pytest.mark.parametrize(
    "wrong", [{"above": 0.9}, {"below": 1.5}, {"sessions": 1}, {"deviation": 3.0}]
)
def test_a_rule_that_cannot_hold_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        GuardrailRule.model_validate(wrong)
