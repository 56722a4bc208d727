"""A session's numbers, its holds and its signals stand in the ledger together."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows.clock import FixedClock
from flows.desk_numbers import Number
from flows.holds import open_holds
from flows.ledger.ledger import Ledger
from flows.ledger.schema import forecast
from flows.overrides import record_override
from flows.publication import past_numbers, publish
from flows.refusal import BlockedError, RefusedError
from validation.guardrail import GuardrailRule

FRIDAY = datetime(2020, 3, 13, 22, tzinfo=UTC)
RULE = GuardrailRule(sessions=5, minimum=5)
PAST = {("fx", 0.99, 1): np.tile([0.02, 0.025], (5, 1))}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(FRIDAY)


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Generator[Ledger, None, None]:
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


def session(ledger: Ledger, day: str, var: float, es: float) -> tuple[list[Number], list[str]]:
    fallback = {"role": "fallback", "model": "gjr_fhs", "var": 0.021, "es": 0.026}
    champion = {"role": "champion", "model": "combined", "var": var, "es": es}
    table = pd.DataFrame([champion, fallback]).assign(portfolio="fx", alpha=0.99, horizon=1)
    with ledger.transaction() as tx:
        numbers, signals = publish(tx, table, PAST, session=day, standing="champion", rule=RULE)
    return numbers, [signal.kind for signal in signals]


def override(ledger: Ledger, **changes: object) -> int:
    asked: dict[str, object] = {"portfolio": "fx", "alpha": 0.99, "var": 0.04, "es": 0.05}
    asked |= {"actor": "ada", "reason": "a vote tomorrow"} | changes
    with ledger.transaction() as tx:
        return record_override(tx, **asked).seq  # pyright: ignore[reportArgumentType]


def test_a_usual_session_leaves_no_trace(ledger: Ledger) -> None:
    numbers, signals = session(ledger, "2020-03-13", 0.0201, 0.026)
    assert [one.state for one in numbers] == ["PUBLISHED", "PUBLISHED"]
    assert signals == []
    with ledger.reading() as tx:
        assert tx.rows("hold") == []


def test_a_held_session_is_on_record_and_signalled_until_nobody_decided(
    ledger: Ledger, clock: FixedClock
) -> None:
    _, signals = session(ledger, "2020-03-13", 0.09, 0.1)
    assert signals == ["guardrail_hold"]
    with ledger.reading() as tx:
        assert [row["published"] for row in open_holds(tx)] == [0.09, 0.1]
    clock.advance(timedelta(days=3))
    _, signals = session(ledger, "2020-03-16", 0.0202, 0.026)
    assert signals == ["hold_expired"]
    with ledger.reading() as tx:
        assert open_holds(tx) == []


def test_an_override_made_on_friday_ends_on_monday_with_an_alert(
    ledger: Ledger, clock: FixedClock
) -> None:
    override(ledger)
    numbers, signals = session(ledger, "2020-03-13", 0.0201, 0.026)
    assert [(one.state, one.published) for one in numbers] == [
        ("OVERRIDDEN", 0.04),
        ("OVERRIDDEN", 0.05),
    ]
    assert signals == []
    clock.set(FRIDAY + timedelta(days=3, microseconds=-1))
    assert session(ledger, "2020-03-15", 0.0202, 0.026)[0][0].state == "OVERRIDDEN"
    clock.set(FRIDAY + timedelta(days=3))
    numbers, signals = session(ledger, "2020-03-16", 0.0203, 0.026)
    assert [(one.state, one.published) for one in numbers] == [("ALERT", 0.04), ("ALERT", 0.05)]
    assert "override_expired" in signals


def test_an_expired_override_is_never_renewed_in_silence(ledger: Ledger, clock: FixedClock) -> None:
    override(ledger)
    with pytest.raises(BlockedError, match="in force"):
        override(ledger, actor="bob", var=0.03)
    clock.advance(timedelta(days=4))
    override(ledger, reason="the vote is late")
    with ledger.reading() as tx:
        assert [row["reason"] for row in tx.rows("override")] == [
            "a vote tomorrow",
            "the vote is late",
        ]


def test_another_level_of_the_book_is_no_conflict(ledger: Ledger) -> None:
    override(ledger)
    override(ledger, alpha=0.975)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"alpha": 0.01}, "pass 0.99"),
        ({"var": 0.06}, "var <= es"),
        ({"var": 0.0}, "var <= es"),
        ({"es": 5.0}, "pass 0.02"),
        ({"es": float("nan")}, "var <= es"),
        ({"reason": " "}, "reason"),
        ({"until": FRIDAY}, "ahead"),
    ],
)
def test_an_override_that_breaks_a_rule_is_refused(
    ledger: Ledger, wrong: dict[str, object], told: str
) -> None:
    with pytest.raises(RefusedError, match=told):
        override(ledger, **wrong)


def test_an_overridden_number_that_would_be_held_leaves_no_open_hold(ledger: Ledger) -> None:
    override(ledger)
    numbers, signals = session(ledger, "2020-03-13", 0.09, 0.1)
    assert [one.published for one in numbers] == [0.04, 0.05]
    assert signals == ["guardrail_hold"]
    with ledger.reading() as tx:
        assert len(tx.rows("hold")) == 2
        assert open_holds(tx) == []


def test_the_past_of_a_model_is_the_champions_and_before_its_promotion_the_shadows(
    ledger: Ledger,
) -> None:
    said = [
        ("2020-03-11", "challenger", 0.011),
        ("2020-03-12", "champion", 0.012),
        ("2020-03-12", "challenger", 0.5),
        ("2020-03-13", "champion", 0.013),
        ("2020-03-16", "champion", 0.016),
    ]
    with ledger.transaction() as tx:
        for origin, role, var in said:
            seq = tx.append("session", actor="scheduler", as_of=origin, settings_sha256=role)
            row = {"session": seq, "portfolio": "fx", "model": "combined", "role": role}
            row |= {"alpha": 0.99, "horizon": 1, "origin": origin, "target": origin}
            row |= {"var": var, "es": 2 * var, "sigma": 0.01}
            tx.connection.execute(forecast.insert().values(**row))
        past = past_numbers(tx, model="combined", before="2020-03-16", sessions=250)
        latest = past_numbers(tx, model="combined", before="2020-03-16", sessions=2)
        assert past_numbers(tx, model="hs_250", before="2020-03-16", sessions=2) == {}
    cell = ("fx", 0.99, 1)
    assert past[cell].tolist() == [[0.011, 0.022], [0.012, 0.024], [0.013, 0.026]]
    assert latest[cell].tolist() == past[cell][1:].tolist()
