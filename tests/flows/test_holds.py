"""A held number waits for a person, and for nobody longer than its deadline."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.clock import FixedClock, instant_text
from flows.desk_numbers import Number
from flows.holds import (
    end_overridden,
    expire_holds,
    open_holds,
    record_holds,
    release,
    with_releases,
)
from flows.ledger.ledger import Ledger
from flows.refusal import BlockedError, RefusedError

NOW = datetime(2020, 3, 13, 22, tzinfo=UTC)
SESSION = "2020-03-13"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Generator[Ledger, None, None]:
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


def held(portfolio: str = "fx", measure: str = "var", model: float | None = 0.06) -> Number:
    return Number(
        portfolio,
        0.99,
        1,
        measure,
        "champion",
        model,
        0.02,
        0.03,
        0.02,
        "HOLD",
        0.06 if model is None else max(model, 0.02),
        "why",
        instant_text(NOW + timedelta(hours=12)),
    )


BOOK = [held(), held(measure="es", model=0.01), held("gold")]


def record(ledger: Ledger, *numbers: Number) -> list[int]:
    with ledger.transaction() as tx:
        record_holds(tx, numbers, session=SESSION, actor="scheduler")
        return [row["seq"] for row in open_holds(tx)]


def test_an_approved_hold_publishes_the_model_for_the_whole_book(ledger: Ledger) -> None:
    first, second, gold = record(ledger, *BOOK)
    with ledger.transaction() as tx:
        assert release(tx, second, approver="ada", reason="the model is right") == [first, second]
        assert [row["seq"] for row in open_holds(tx)] == [gold]
        numbers = with_releases(tx, BOOK, session=SESSION)
        assert [(one.state, one.published) for one in numbers] == [
            ("ALERT", 0.06),
            ("ALERT", 0.01),
            ("HOLD", 0.06),
        ]
        assert "released by ada" in numbers[0].why
        (approval,) = tx.rows("approval")
        assert (approval["requester"], approval["approver"]) == ("scheduler", "ada")


def test_a_hold_is_released_once(ledger: Ledger) -> None:
    first, *_ = record(ledger, *BOOK)
    with ledger.transaction() as tx:
        release(tx, first, approver="ada", reason="right")
        with pytest.raises(BlockedError, match="approved by ada"):
            release(tx, first, approver="bob", reason="right")


def test_after_the_deadline_the_higher_number_stays_with_a_signal(
    ledger: Ledger, clock: FixedClock
) -> None:
    first, *_ = record(ledger, *BOOK)
    clock.advance(timedelta(hours=11, minutes=59))
    with ledger.transaction() as tx:
        assert expire_holds(tx, actor="scheduler") == []
    clock.advance(timedelta(minutes=1))
    with ledger.transaction() as tx:
        with pytest.raises(BlockedError, match="had to be decided by"):
            release(tx, first, approver="ada", reason="right")
        assert [one.subject for one in expire_holds(tx, actor="scheduler")] == ["fx", "gold"]
        assert expire_holds(tx, actor="scheduler") == []
        numbers = with_releases(tx, BOOK, session=SESSION)
    assert [(one.state, one.published) for one in numbers] == [
        ("HOLD", one.published) for one in BOOK
    ]
    assert all("nobody decided" in one.why for one in numbers)


def test_a_number_that_is_overridden_at_once_leaves_no_open_hold(ledger: Ledger) -> None:
    assert record(ledger, replace(BOOK[0], state="OVERRIDDEN", published=0.03)) == []
    with ledger.reading() as tx:
        assert [row["outcome"] for row in tx.rows("hold_end")] == ["overridden"]


def test_a_later_override_ends_the_holds_of_its_level(ledger: Ledger) -> None:
    *_, gold = record(ledger, *BOOK)
    with ledger.transaction() as tx:
        end_overridden(tx, portfolio="fx", alpha=0.99, actor="ada")
        assert [row["seq"] for row in open_holds(tx)] == [gold]


def test_a_release_needs_a_hold_a_number_and_a_reason(ledger: Ledger) -> None:
    (missing,) = record(ledger, held(model=None))
    with ledger.transaction() as tx:
        with pytest.raises(RefusedError, match=rf"Open ones: {missing}"):
            release(tx, missing + 1000, approver="ada", reason="right")
        with pytest.raises(RefusedError, match="no number"):
            release(tx, missing, approver="ada", reason="right")
        with pytest.raises(RefusedError, match="reason"):
            release(tx, missing, approver="ada", reason=" ")
