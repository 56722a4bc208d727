"""A flag is right where the call was exceeded, or cost more than GJR-FHS's; it is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.clock import FixedClock
from flows.feedback_rule import FeedbackRule
from flows.flag_verdicts import judge_flags
from flows.flags import record_flag
from flows.ledger.ledger import Ledger
from tests.flows.desk_sessions import ALPHA, record_session

MONDAY, TUESDAY = "2020-03-16", "2020-03-17"
RULE = FeedbackRule()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2020, 3, 16, tzinfo=UTC))


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


def flag(ledger: Ledger, session: str = TUESDAY) -> int:
    with ledger.transaction() as tx:
        return record_flag(
            tx, actor="ada", portfolio="fx", session=session, reason="odd", alpha=ALPHA
        ).seq


def judged(ledger: Ledger) -> list[dict[str, Any]]:
    with ledger.transaction() as tx:
        return judge_flags(tx, rule=RULE)


@pytest.mark.parametrize(
    ("champion", "pnl", "right", "why"),
    [
        (0.02, -0.021, True, "exceeded"),
        (0.02, -0.02, False, None),  # a loss of just the VaR does not exceed it
        (0.03, 0.001, True, "costly"),  # log(1.5) = 0.405 above GJR-FHS on a quiet day
        (0.0298, 0.001, False, None),  # log(1.49) = 0.399
        (0.005, 0.001, False, None),  # too low, and lucky: cheaper than GJR-FHS
    ],
)
def test_a_call_is_bad_beyond_its_var_or_beyond_the_margin(
    ledger: Ledger,
    clock: FixedClock,
    champion: float,
    pnl: float,
    right: bool,
    why: str | None,
) -> None:
    record_session(ledger, clock, MONDAY, var={"champion": champion, "fallback": 0.02})
    record_session(ledger, clock, TUESDAY, pnl=pnl)
    made = flag(ledger)
    (verdict,) = judged(ledger)
    assert (verdict["flag"], verdict["right"], verdict["figures"]["why"]) == (made, right, why)
    assert verdict["figures"]["pnl"] == pnl
    assert verdict["figures"]["baseline_var"] == 0.02


def test_a_flag_waits_for_its_outcome_and_is_judged_once(ledger: Ledger, clock: FixedClock) -> None:
    record_session(ledger, clock, MONDAY)
    clock.set(datetime(2020, 3, 17, 12, tzinfo=UTC))
    flag(ledger)
    assert judged(ledger) == []
    record_session(ledger, clock, TUESDAY, pnl=-0.5)
    assert len(judged(ledger)) == 1
    assert judged(ledger) == []
    assert ledger.verify() == []


def test_a_flag_of_a_session_without_clean_pnl_is_not_right(
    ledger: Ledger, clock: FixedClock
) -> None:
    record_session(ledger, clock, MONDAY)
    record_session(ledger, clock, TUESDAY, pnl=None)
    flag(ledger)
    (verdict,) = judged(ledger)
    assert verdict["right"] is False
    assert verdict["figures"]["status"].startswith("not_computable")
