"""A call is what the desk saw, beside GJR-FHS and what came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from flows.calls import Call, read_calls
from flows.clock import FixedClock
from flows.ledger.ledger import Ledger
from tests.flows.desk_sessions import ALPHA, record_session

MONDAY, TUESDAY, WEDNESDAY = "2020-03-16", "2020-03-17", "2020-03-18"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2020, 3, 16, tzinfo=UTC))


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


def calls(ledger: Ledger, since: str = "", until: str = "9999") -> list[Call]:
    with ledger.reading() as tx:
        return read_calls(tx, alpha=ALPHA, since=since, until=until)


def test_a_call_is_for_its_target_and_scored_there(ledger: Ledger, clock: FixedClock) -> None:
    record_session(ledger, clock, MONDAY, var={"champion": 0.02, "fallback": 0.04})
    record_session(ledger, clock, TUESDAY, pnl=-0.03)
    (call,) = calls(ledger, until=TUESDAY)
    assert (call.origin, call.target, call.model) == (MONDAY, TUESDAY, "combined")
    assert call.exceeded
    assert call.baseline_exceeded is False
    # In percent: 1 beyond a VaR of 2 with an ES of 2.5, and none beyond 4 with 5; v/e is 0.8.
    assert call.fz0 == pytest.approx(1 / (0.025 * 2.5) + 0.8 + np.log(2.5) - 1)
    assert call.difference == pytest.approx(16 - np.log(2))


def test_a_call_whose_session_is_to_come_has_no_score(ledger: Ledger, clock: FixedClock) -> None:
    record_session(ledger, clock, MONDAY)
    (call,) = calls(ledger)
    assert not call.happened
    assert (call.pnl, call.fz0, call.exceeded) == (None, None, False)


def test_an_unclean_return_is_known_to_have_come(ledger: Ledger, clock: FixedClock) -> None:
    record_session(ledger, clock, MONDAY)
    record_session(ledger, clock, TUESDAY, pnl=None)
    (call,) = calls(ledger, until=TUESDAY)
    assert call.happened
    assert (call.pnl, call.difference) == (None, None)


@pytest.mark.parametrize(
    ("standing", "model"),
    [("champion", "combined"), ("legacy", "hs_250"), ("fallback", "gjr_fhs")],
)
def test_the_call_is_the_one_that_the_desk_saw(
    ledger: Ledger, clock: FixedClock, standing: str, model: str
) -> None:
    record_session(ledger, clock, MONDAY, standing=standing)
    assert [call.model for call in calls(ledger)] == [model]


def test_an_interval_holds_its_ends_and_no_more(ledger: Ledger, clock: FixedClock) -> None:
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        record_session(ledger, clock, day, books=("fx", "bonds"))
    found = calls(ledger, since=TUESDAY, until=WEDNESDAY)
    assert [(call.target, call.portfolio) for call in found] == [
        (TUESDAY, "bonds"),
        (TUESDAY, "fx"),
        (WEDNESDAY, "bonds"),
        (WEDNESDAY, "fx"),
    ]
