"""What the desk sees is never in silence the lower of two numbers that disagree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.desk_numbers import Number, Standing, decide
from flows.overrides import Override
from validation.guardrail import GuardrailRule

NOW = datetime(2020, 3, 13, 22, tzinfo=UTC)  # a Friday
RULE = GuardrailRule(sessions=5, minimum=5)
CELL = ("fx", 0.99, 1)
USUAL = np.array([[0.018, 0.023], [0.019, 0.024], [0.02, 0.025], [0.021, 0.026], [0.022, 0.027]])

Sizes = dict[str, tuple[float, float]]


def forecasts(sizes: Sizes, *, portfolio: str = "fx", alpha: float = 0.99) -> pd.DataFrame:
    models = {"champion": "combined", "legacy": "hs_250", "fallback": "gjr_fhs"}
    rows = [
        {"portfolio": portfolio, "role": role, "model": models.get(role, role), "alpha": alpha}
        | {"horizon": 1, "var": var, "es": es}
        for role, (var, es) in sizes.items()
    ]
    return pd.DataFrame(rows)


def published(
    sizes: Sizes,
    past: np.ndarray = USUAL,
    standing: Standing = "champion",
    overrides: tuple[Override, ...] = (),
    now: datetime = NOW,
) -> list[Number]:
    return decide(
        forecasts(sizes),
        {CELL: past},
        standing=standing,
        now=now,
        rule=RULE,
        overrides=overrides,
    )


def override(expires: datetime, var: float = 0.03, es: float = 0.04) -> Override:
    starts = NOW - timedelta(hours=1)
    return Override(7, "ada", *CELL, var=var, es=es, reason="why", starts=starts, expires=expires)


def states(numbers: list[Number]) -> list[str]:
    return [number.state for number in numbers]


def sizes_of(numbers: list[Number]) -> list[float | None]:
    return [number.published for number in numbers]


def test_a_usual_number_is_the_models() -> None:
    numbers = published(
        {"champion": (0.021, 0.026), "legacy": (0.03, 0.04), "fallback": (0.02, 0.03)}
    )
    assert states(numbers) == ["PUBLISHED", "PUBLISHED"]
    assert sizes_of(numbers) == [0.021, 0.026]
    assert [number.norm for number in numbers] == [0.02, 0.025]
    assert [number.legacy for number in numbers] == [0.03, 0.04]


def test_an_unusual_number_that_gjr_fhs_confirms_is_published_with_an_alert() -> None:
    numbers = published({"champion": (0.06, 0.08), "fallback": (0.05, 0.07)})
    assert states(numbers) == ["ALERT", "ALERT"]
    assert sizes_of(numbers) == [0.06, 0.08]
    assert "above 2 times its norm 2.0000%" in numbers[0].why


@pytest.mark.parametrize(
    ("champion", "fallback", "expected"),
    [
        ((0.06, 0.08), (0.02, 0.025), [0.06, 0.08]),
        ((0.006, 0.007), (0.02, 0.025), [0.02, 0.025]),
    ],
)
def test_an_unconfirmed_number_is_held_at_the_higher_one(
    champion: tuple[float, float], fallback: tuple[float, float], expected: list[float]
) -> None:
    numbers = published({"champion": champion, "fallback": fallback})
    assert states(numbers) == ["HOLD", "HOLD"]
    assert sizes_of(numbers) == expected
    assert numbers[0].deadline == "2020-03-14T10:00:00.000000Z"


def test_a_held_var_holds_the_es_of_its_law() -> None:
    # ES 0.045 is usual by itself; VaR at half of GJR-FHS is not, and its GJR-FHS exceeds that ES.
    past = np.column_stack([np.full(5, 0.2), np.full(5, 0.045)])
    numbers = published({"champion": (0.04, 0.045), "fallback": (0.08, 0.06)}, past)
    assert states(numbers) == ["HOLD", "HOLD"]
    assert sizes_of(numbers) == [0.08, 0.06]


def test_a_model_that_gives_no_number_is_held_at_the_fallback() -> None:
    numbers = published({"fallback": (0.02, 0.025), "legacy": (0.03, 0.04)})
    assert states(numbers) == ["HOLD", "HOLD"]
    assert sizes_of(numbers) == [0.02, 0.025]
    assert "missing" in numbers[0].why


def test_where_nobody_gives_a_number_none_is_published() -> None:
    numbers = published({"legacy": (0.03, 0.04)}, np.empty((0, 2)))
    assert states(numbers) == ["HOLD", "HOLD"]
    assert sizes_of(numbers) == [None, None]


def test_without_a_norm_the_higher_number_stands_and_the_reason_is_told() -> None:
    numbers = published({"champion": (0.01, 0.02), "fallback": (0.02, 0.025)}, USUAL[:3])
    assert states(numbers) == ["ALERT", "ALERT"]
    assert sizes_of(numbers) == [0.02, 0.025]
    assert "not_computable: 3 past sessions, 5" in numbers[0].why


def test_without_a_champion_the_legacy_is_the_desks_and_after_a_stop_the_fallback() -> None:
    sizes = {"legacy": (0.021, 0.026), "fallback": (0.02, 0.03)}
    assert sizes_of(published(sizes, standing="legacy")) == [0.021, 0.026]
    stopped = published({"champion": (0.5, 0.6), **sizes}, standing="fallback")
    assert states(stopped) == ["STOPPED", "STOPPED"]
    assert sizes_of(stopped) == [0.02, 0.03]


def test_a_persons_number_stands_until_it_expires() -> None:
    held = {"champion": (0.06, 0.08), "fallback": (0.02, 0.025)}
    numbers = published(held, overrides=(override(NOW + timedelta(hours=1)),))
    assert states(numbers) == ["OVERRIDDEN", "OVERRIDDEN"]
    assert sizes_of(numbers) == [0.03, 0.04]
    assert "ada" in numbers[0].why


@pytest.mark.parametrize(
    ("size", "expected"), [((0.03, 0.04), [0.03, 0.04]), ((0.01, 0.012), [0.021, 0.026])]
)
def test_an_expired_override_goes_to_the_more_conservative_number_with_an_alert(
    size: tuple[float, float], expected: list[float]
) -> None:
    usual = {"champion": (0.021, 0.026), "fallback": (0.02, 0.03)}
    numbers = published(usual, overrides=(override(NOW, *size),))
    assert states(numbers) == ["ALERT", "ALERT"]
    assert sizes_of(numbers) == expected
    assert "expired" in numbers[0].why


def test_other_books_and_levels_keep_their_numbers() -> None:
    table = pd.concat(
        [
            forecasts({"champion": (0.06, 0.08), "fallback": (0.02, 0.025)}),
            forecasts({"champion": (0.02, 0.025), "fallback": (0.02, 0.025)}, portfolio="gold"),
        ]
    )
    past = {CELL: USUAL, ("gold", 0.99, 1): USUAL}
    numbers = decide(table, past, standing="champion", now=NOW, rule=RULE)
    assert [(number.portfolio, number.state) for number in numbers] == [
        ("fx", "HOLD"),
        ("fx", "HOLD"),
        ("gold", "PUBLISHED"),
        ("gold", "PUBLISHED"),
    ]


def test_of_no_forecasts_nothing_is_published() -> None:
    assert (
        decide(forecasts({"champion": (1.0, 1.0)}).iloc[:0], {}, standing="legacy", now=NOW) == []
    )


fractions = st.floats(min_value=1e-4, max_value=0.2)
pairs = st.tuples(fractions, fractions).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(st.tuples(pairs, pairs, st.lists(pairs, min_size=5, max_size=5)), max_size=3))
def test_published_es_is_never_below_var_and_a_held_number_is_the_maximum(
    levels: list[tuple[tuple[float, float], tuple[float, float], list[tuple[float, float]]]],
) -> None:
    alphas = (0.95, 0.975, 0.99)
    tables = [
        forecasts({"champion": champion, "fallback": fallback}, alpha=alpha)
        for alpha, (champion, fallback, _) in zip(alphas, levels, strict=False)
    ]
    if not tables:
        return
    past = {
        ("fx", alpha, 1): np.array(before)
        for alpha, (_, _, before) in zip(alphas, levels, strict=False)
    }
    numbers = decide(pd.concat(tables), past, standing="champion", now=NOW, rule=RULE)
    for var, es in zip(numbers[::2], numbers[1::2], strict=True):
        assert var.published is not None
        assert es.published is not None
        assert var.published <= es.published
        for number in (var, es):
            assert number.model is not None
            assert number.fallback is not None
            if number.state == "HOLD":
                assert number.published == max(number.model, number.fallback)
    assert len({number.state == "HOLD" for number in numbers}) == 1
