"""Who flags a call names a book, a session that was forecast, and a reason; once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.clock import FixedClock
from flows.flags import Flag, flags, record_flag
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError
from tests.flows.desk_sessions import ALPHA, record_session


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    clock = FixedClock(datetime(2020, 3, 12, tzinfo=UTC))
    opened = Ledger.open(tmp_path, clock=clock)
    for day in ("2020-03-12", "2020-03-13", "2020-03-16"):
        record_session(opened, clock, day)
    yield opened
    opened.close()


def flag(
    ledger: Ledger,
    *,
    portfolio: str = "fx",
    session: str = "2020-03-13",
    reason: str = "peg in doubt",
    actor: str = "ada",
) -> Flag:
    with ledger.transaction() as tx:
        return record_flag(
            tx, actor=actor, portfolio=portfolio, session=session, reason=reason, alpha=ALPHA
        )


def test_a_flag_is_kept_with_who_and_why(ledger: Ledger) -> None:
    made = flag(ledger, reason="  peg in doubt ")
    with ledger.reading() as tx:
        assert flags(tx) == [made]
    assert (made.actor, made.reason, made.block) == ("ada", "peg in doubt", "2020-W11")
    assert ledger.verify() == []


def test_a_session_may_be_flagged_before_its_outcome_is_in(ledger: Ledger) -> None:
    clock = ledger.clock
    assert isinstance(clock, FixedClock)
    clock.set(datetime(2020, 3, 17, 15, tzinfo=UTC))
    assert flag(ledger, session="2020-03-17").date == "2020-03-17"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"reason": "  "}, "--reason: is empty"),
        ({"session": "16.3.2020"}, "no ISO date such as"),
        ({"session": "20200316"}, "no ISO date such as"),
        ({"session": "2020-03-17"}, r"2020-03-17 lies ahead of 2020-03-16.*Flag it then"),
        ({"portfolio": "fxx"}, r"no forecast of 'fxx' at 0\.975\. It has fx\."),
        ({"session": "2020-03-14"}, r"no call.*2020-03-13 and 2020-03-16"),
        ({"session": "2020-03-12"}, r"no call.*nearest sessions are 2020-03-13"),
    ],
)
def test_what_is_no_call_of_a_book_is_refused(
    ledger: Ledger, given: dict[str, str], told: str
) -> None:
    with pytest.raises(RefusedError, match=told):
        flag(ledger, **given)
    with ledger.reading() as tx:
        assert flags(tx) == []


def test_a_person_flags_a_call_once_and_another_may(ledger: Ledger) -> None:
    first = flag(ledger)
    with pytest.raises(RefusedError, match=rf"ada flagged fx 2020-03-13 before, as {first.seq}"):
        flag(ledger)
    assert flag(ledger, actor="vera").seq > first.seq
    assert flag(ledger, session="2020-03-16").seq > first.seq
