"""A replay told from its ledger: delays, false alarms and decisions, counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.alerts import Signal, record_signals
from flows.clock import FixedClock
from flows.desk_settings import DeskSettings
from flows.ledger.chain import bulk_digest
from flows.ledger.champions import move
from flows.ledger.ledger import Ledger
from flows.ledger.schema import outcome
from flows.replay.play import Play
from flows.replay.script import Script, dated
from flows.replay.timeline import Calendar, timeline
from tests.flows.recorded_version import MODEL, append_gate, record_version
from tests.flows.replay.small_stage import book_of, small_market, small_stage

SESSIONS = list(pd.bdate_range("2021-12-06", periods=20))
SCRIPT = Script(data_fault=0.2, data_fault_sessions=2, model_fault=0.5)
DATES = dated(SCRIPT, SESSIONS)  # data fault at sessions 4 and 5, model fault at 10
DAYS = [f"{day:%Y-%m-%d}" for day in SESSIONS]


class Played:
    """A ledger that is written as a replay writes it, and told."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = FixedClock(datetime(2021, 12, 5, tzinfo=UTC))
        self.ledger = Ledger.open(root, clock=self.clock)

    def at(self, session: int, *, hour: int = 22) -> None:
        day = SESSIONS[session].date()
        self.clock.set(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))

    def alert(self, session: int, kind: str, subject: str = "all") -> None:
        """An episode that begins in a session and is over at once."""
        self.at(session)
        with self.ledger.transaction() as tx:
            signal = Signal(kind, subject, "warning", f"{subject}: {kind}.")
            record_signals(tx, [signal], actor="scheduler")
            record_signals(tx, [], actor="scheduler", checked=[kind])

    def version(self, number: int = 1) -> int:
        return record_version(self.ledger, self.root, number=number, seed=number)

    def promote(self, version: int | None, *, after: int = 0) -> None:
        cause = "stop" if version is None else "rollback"
        with self.ledger.transaction() as tx:
            move(tx, MODEL, to=version, cause=cause, after=after, actor="replay-x", reason="it is")

    def veto(self, session: int, version: int) -> None:
        self.at(session, hour=7)
        with self.ledger.transaction() as tx:
            tx.append("veto", actor="replay-validator", version=version, reason="too small")

    def told(self) -> dict[str, Any]:
        market = small_market()
        stage = small_stage(self.root, market, book_of(market))
        desk = DeskSettings()
        play = Play(stage, SCRIPT, DATES, self.ledger, self.clock, desk, say=lambda _: None)
        return timeline(self.ledger, play, SESSIONS)


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    made = Played(tmp_path)
    yield made
    made.ledger.close()


def by_kind(told: dict[str, Any]) -> dict[str, tuple[int, int, float]]:
    return {
        one["kind"]: (one["episodes"], one["in_planted_faults"], one["others_a_year"])
        for one in told["alarms"]
    }


def test_a_delay_is_the_sessions_from_the_fault_to_its_first_alarm(played: Played) -> None:
    played.promote(version := played.version())
    played.alert(1, "feeds")  # before the fault
    played.alert(5, "feeds")
    played.alert(10, "guardrail_hold")
    played.alert(13, "degraded")
    played.veto(14, version)
    feed, model = played.told()["faults"]
    assert (feed["planted"], feed["ended"]) == (DAYS[4], DAYS[5])
    assert feed["alarms"] == {"feeds": 1}
    assert (model["planted"], model["ended"]) == (DAYS[10], DAYS[14])
    assert model["alarms"] == {"guardrail_hold": 0, "degraded": 3}


def test_an_alarm_that_comes_after_the_fault_has_ended_does_not_find_it(played: Played) -> None:
    played.promote(version := played.version())
    played.veto(14, version)
    played.alert(16, "degraded")
    _, model = played.told()["faults"]
    assert model["alarms"] == {"guardrail_hold": None, "degraded": None}


def test_where_nobody_was_in_office_no_model_fault_was_planted(played: Played) -> None:
    played.alert(12, "degraded")
    played.alert(13, "guardrail_hold")
    told = played.told()
    assert told["faults"][1]["planted"] is None
    assert told["faults"][1]["alarms"] == {"guardrail_hold": None, "degraded": None}
    # nothing was planted, so all of them are false
    assert by_kind(told)["degraded"] == (1, 0, 12.5)
    assert by_kind(told)["guardrail_hold"] == (1, 0, 12.5)


def test_a_champion_that_was_stopped_before_is_not_in_office(played: Played) -> None:
    played.promote(played.version())
    played.at(8)
    played.promote(None, after=1)
    assert played.told()["faults"][1]["planted"] is None


def test_alarms_outside_of_planted_faults_are_counted_a_year(played: Played) -> None:
    played.promote(version := played.version())
    for session in (2, 4, 5, 9):  # two within the fault
        played.alert(session, "feeds")
    for session in (10, 13):
        played.alert(session, "degraded")
    played.veto(14, version)  # in the morning: that day's numbers are another's
    for session in (14, 17):
        played.alert(session, "degraded")
    played.alert(18, "regime", "crisis")
    counted = by_kind(played.told())
    a_year = 250 / 20
    assert counted["feeds"] == (4, 2, 2 * a_year)
    assert counted["degraded"] == (4, 2, 2 * a_year)
    assert counted["regime"] == (1, 0, a_year)
    assert counted["drift"] == (0, 0, 0.0)


def test_events_come_in_their_order_with_what_was_planted_among_them(played: Played) -> None:
    played.promote(version := played.version())
    played.alert(6, "drift", "inputs")
    played.veto(12, version)
    events = played.told()["events"]
    assert [event["date"] for event in events] == sorted(event["date"] for event in events)
    assert [event["kind"] for event in events] == [
        *("rollback", "retrain", "planted", "drift", "planted", "veto")
    ]
    texts = {event["kind"]: event["text"] for event in events}
    assert texts["rollback"] == "version 1 is champion; it is"
    assert texts["veto"] == "version 1; too small"
    assert texts["planted"].startswith("model fault: the champion's VaR and ES are multiplied by")


def test_every_version_is_told_with_its_cause_and_the_gates_it_failed(played: Played) -> None:
    played.version()
    second = played.version(2)
    with played.ledger.transaction() as tx:
        append_gate(tx, second, "relative_fz0", passed=False)
        append_gate(tx, second, "tail_accuracy", passed=False)
        append_gate(tx, second, "tail_accuracy", passed=True)  # judged again: the last counts
    played.promote(second)
    first, then = played.told()["retrains"]
    assert (first["version"], first["cause"], first["promoted"]) == (1, "schedule", False)
    assert (then["failed_gates"], then["promoted"]) == (["relative_fz0"], True)


def test_the_series_shows_what_the_desk_saw_beside_what_came(played: Played) -> None:
    number = {"portfolio": "all", "alpha": 0.99, "measure": "var", "published": 0.02}
    other = number | {"portfolio": "few", "deadline": "2021-12-07", "published": 0.5}
    books = {"all": {"degraded": True}, "few": {"degraded": False}}
    summary = {"regime": "high", "standing": "champion", "champion": 3}
    summary |= {"numbers": [number | {"deadline": None}, other], "monitor": {"books": books}}
    came = [{"portfolio": "all", "target": DAYS[0], "pnl": -0.01, "pits": None}]
    with played.ledger.transaction() as tx:
        seq = tx.append(
            "session",
            actor="scheduler",
            as_of=DAYS[0],
            settings_sha256="0" * 64,
            forecasts_sha256=bulk_digest([]),
            outcomes_sha256=bulk_digest(came),
            summary=summary,
        )
        tx.connection.execute(outcome.insert(), [came[0] | {"session": seq}])
    told = played.told()
    assert (told["book"], told["alpha"], told["sessions"]) == ("all", 0.99, 20)
    assert told["series"] == [
        {
            "date": DAYS[0],
            "regime": "high",
            "standing": "champion",
            "version": 3,
            "held": 1,
            "degraded": 1,
            "var": 0.02,
            "pnl": -0.01,
        }
    ]


def test_what_is_told_after_midnight_belongs_to_the_session_that_told_it() -> None:
    days = ("2021-12-28", "2021-12-29")
    calendar = Calendar(days, {"2021-12-29T00:30:00.000000Z": "2021-12-28"})
    assert calendar.of("2021-12-29T00:30:00.000000Z") == "2021-12-28"
    assert calendar.of("2021-12-29T22:00:00.000000Z") == "2021-12-29"
    assert calendar.of("2021-12-27T22:00:00.000000Z") == "2021-12-28"
