"""The coin is the ledger's: whoever flags cannot choose an arm, and anybody can check the draw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from flows.clock import FixedClock
from flows.flag_blocks import CHALLENGE, TRAINING, assign_blocks, drawn_arm, misdrawn
from flows.ledger.ledger import Ledger
from flows.ledger.schema import entry

MONDAY = date(2019, 1, 7)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=FixedClock(datetime(2020, 3, 16, tzinfo=UTC)))
    yield opened
    opened.close()


def flag(ledger: Ledger, *days: date) -> None:
    with ledger.transaction() as tx:
        for day in days:
            tx.append("flag", actor="ada", portfolio="fx", date=f"{day}", reason="odd")


def draw(ledger: Ledger) -> dict[str, str]:
    with ledger.transaction() as tx:
        return {one["block"]: one["arm"] for one in assign_blocks(tx)}


def test_the_arm_is_the_last_bit_of_the_hash_of_head_and_week() -> None:
    digest = int(hashlib.sha256(b"ab:2020-W12").hexdigest(), 16)
    assert drawn_arm("ab", "2020-W12") == (CHALLENGE if digest % 2 else TRAINING)


def test_about_half_the_weeks_go_to_either_arm() -> None:
    arms = [drawn_arm(f"{head:064x}", "2020-W12") for head in range(2000)]
    assert abs(arms.count(TRAINING) - 1000) < 3 * 22.4  # three deviations of a fair coin


def test_neighbouring_dates_are_drawn_together_and_a_week_once(ledger: Ledger) -> None:
    flag(ledger, MONDAY, MONDAY + timedelta(days=4), MONDAY + timedelta(days=7))
    first = draw(ledger)
    assert list(first) == ["2019-W02", "2019-W03"]
    flag(ledger, MONDAY + timedelta(days=2))
    assert draw(ledger) == {}
    arm = next(other for other in (TRAINING, CHALLENGE) if other != first["2019-W02"])
    with pytest.raises(IntegrityError), ledger.transaction() as tx:
        tx.append("assignment", actor="eve", block="2019-W02", arm=arm)


def test_the_draw_can_be_done_again_from_the_chain(ledger: Ledger) -> None:
    flag(ledger, *(MONDAY + timedelta(weeks=week) for week in range(12)))
    drawn = draw(ledger)
    assert set(drawn.values()) == {TRAINING, CHALLENGE}
    with ledger.reading() as tx:
        for row in tx.rows("assignment"):
            before = tx.connection.execute(
                entry.select().where(entry.c.seq == row["seq"] - 1)
            ).one()
            assert row["arm"] == drawn_arm(before.hash, row["block"])
        assert misdrawn(tx) == []


def test_an_arm_that_somebody_chose_is_found(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        wrong = next(a for a in (TRAINING, CHALLENGE) if a != drawn_arm(tx.head, "2019-W02"))
        tx.append("assignment", actor="eve", block="2019-W02", arm=wrong)
    with ledger.reading() as tx:
        assert misdrawn(tx) == ["2019-W02"]
