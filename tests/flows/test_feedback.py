"""What the models are told of flags is read from the ledger, and only where it vouches for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows.clock import FixedClock
from flows.feedback import feedback_of, read_feedback
from flows.feedback_rule import FeedbackRule
from flows.flag_blocks import CHALLENGE, TRAINING, assign_blocks, drawn_arm
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError
from flows.weeks import days_of
from models.tail.feedback import Feedback, Flagged, HeldOut

MONDAY = date(2020, 3, 16)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2020, 3, 20, 22, tzinfo=UTC))


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


def flag(ledger: Ledger, day: date, *, actor: str = "ada") -> None:
    with ledger.transaction() as tx:
        tx.append("flag", actor=actor, portfolio="fx", date=f"{day}", reason="odd")


def draw(ledger: Ledger) -> dict[str, str]:
    with ledger.transaction() as tx:
        return {one["block"]: one["arm"] for one in assign_blocks(tx)}


def read(ledger: Ledger, rule: FeedbackRule | None = None) -> Feedback:
    with ledger.reading() as tx:
        return read_feedback(tx, rule=rule)


def test_a_flag_teaches_nothing_before_its_week_is_drawn(ledger: Ledger) -> None:
    assert read(ledger) == Feedback()
    flag(ledger, MONDAY)
    assert read(ledger) == Feedback()


def test_every_drawn_week_either_teaches_or_is_left_out(
    ledger: Ledger, clock: FixedClock, tmp_path: Path
) -> None:
    for week in range(10):
        flag(ledger, MONDAY - timedelta(weeks=week))
    clock.set(datetime(2020, 3, 21, 13, tzinfo=UTC))
    arms = draw(ledger)
    feedback = read(ledger, FeedbackRule(cap=2.0, width=1.0))
    training = sorted(block for block, arm in arms.items() if arm == TRAINING)
    challenge = sorted(block for block, arm in arms.items() if arm == CHALLENGE)
    assert training
    assert challenge
    assert feedback == Feedback(
        flagged=tuple(Flagged("fx", f"{days_of(one)[0]}", "2020-03-21") for one in training),
        held_out=tuple(
            HeldOut(*(f"{day}" for day in days_of(one)), known="2020-03-21") for one in challenge
        ),
        cap=2.0,
        width=1.0,
    )
    assert feedback_of(tmp_path) == read(ledger)


def test_a_flag_of_a_drawn_week_is_known_from_the_day_it_was_made(
    ledger: Ledger, clock: FixedClock
) -> None:
    day = MONDAY
    flag(ledger, day)
    while draw(ledger) != {f"2020-W{day.isocalendar().week:02d}": TRAINING}:
        day -= timedelta(weeks=1)
        flag(ledger, day)
    clock.set(datetime(2020, 4, 2, 13, tzinfo=UTC))
    flag(ledger, day + timedelta(days=1), actor="vera")
    assert read(ledger).flagged[-2:] == (
        Flagged("fx", f"{day}", "2020-03-20"),
        Flagged("fx", f"{day + timedelta(days=1)}", "2020-04-02"),
    )


def test_an_arm_that_was_chosen_is_refused(ledger: Ledger) -> None:
    flag(ledger, MONDAY)
    with ledger.transaction() as tx:
        wrong = next(a for a in (TRAINING, CHALLENGE) if a != drawn_arm(tx.head, "2020-W12"))
        tx.append("assignment", actor="eve", block="2020-W12", arm=wrong)
    with pytest.raises(RefusedError, match="2020-W12 is not what the chain drew"):
        read(ledger)
