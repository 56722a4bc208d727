"""One alert an episode, told of until it arrived."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from flows.alerts import Recorded, Signal, deliver, open_alerts, record_signals
from flows.clock import FixedClock
from flows.ledger.ledger import Ledger
from flows.ledger.schema import delivery
from flows.notifiers import Message, UndeliveredError

HELD = Signal("guardrail_hold", "fx", "critical", "fx: held.", {"norm": 0.02})
OTHER = Signal("guardrail_hold", "gold", "critical", "gold: held.")
DRIFT = Signal("drift", "fx", "warning", "fx: drifted.")


@dataclass
class Mail:
    """A notifier that fails as often as it is told to."""

    failures: int = 0
    name: str = "mail"
    sent: list[Message] = field(default_factory=list[Message])

    def send(self, message: Message) -> None:
        if self.failures:
            self.failures -= 1
            raise UndeliveredError("mail: nobody there.")
        self.sent.append(message)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2020, 3, 13, 22, tzinfo=UTC))


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Generator[Ledger, None, None]:
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


def record(ledger: Ledger, *signals: Signal) -> Recorded:
    with ledger.transaction() as tx:
        return record_signals(
            tx, signals, actor="scheduler", checked=("guardrail_hold",), targets=("mail",)
        )


def keys(ledger: Ledger) -> list[str]:
    with ledger.reading() as tx:
        return [row["key"] for row in tx.rows("alert")]


def test_forty_identical_signals_are_one_alert(ledger: Ledger) -> None:
    for _ in range(20):
        record(ledger, HELD, HELD)
    assert keys(ledger) == ["guardrail_hold:fx:1"]
    with ledger.reading() as tx:
        (alert,) = open_alerts(tx)
    assert alert["repeats"] == 39
    mail = Mail()
    assert deliver(ledger, [mail]) == {"delivered": 1, "failed": 0}
    assert [message.title for message in mail.sent] == ["fx: held."]


def test_an_all_clear_ends_the_episode_and_the_next_is_a_new_alert(
    ledger: Ledger, clock: FixedClock
) -> None:
    record(ledger, HELD, OTHER)
    clock.advance(timedelta(days=3))
    assert record(ledger, OTHER).cleared == ("guardrail_hold:fx:1",)
    assert record(ledger, OTHER).cleared == ()
    assert record(ledger, HELD, OTHER).raised == ("guardrail_hold:fx:2",)
    assert keys(ledger) == [
        "guardrail_hold:fx:1",
        "guardrail_hold:gold:1",
        "guardrail_hold:fx:1:all_clear",
        "guardrail_hold:fx:2",
    ]
    mail = Mail()
    deliver(ledger, [mail])
    assert [message.severity for message in mail.sent] == [
        "critical",
        "critical",
        "info",
        "critical",
    ]


def test_what_was_not_looked_for_is_not_cleared(ledger: Ledger) -> None:
    record(ledger, DRIFT)
    assert record(ledger).cleared == ()
    with ledger.reading() as tx:
        assert [row["kind"] for row in open_alerts(tx)] == ["drift"]


def test_a_failed_notification_is_kept_and_tried_again(ledger: Ledger) -> None:
    record(ledger, HELD, OTHER)
    mail, log = Mail(failures=1), Mail(name="log")
    assert deliver(ledger, [mail, log]) == {"delivered": 1, "failed": 1}
    with ledger.reading() as tx:
        tried = tx.connection.execute(select(delivery).order_by(delivery.c.alert)).mappings().all()
    assert [row["error"] for row in tried] == ["mail: nobody there.", None]
    assert deliver(ledger, [mail]) == {"delivered": 1, "failed": 0}
    assert deliver(ledger, [mail]) == {"delivered": 0, "failed": 0}
    assert sorted(message.key for message in mail.sent) == [
        "guardrail_hold:fx:1",
        "guardrail_hold:gold:1",
    ]
    assert log.sent == []  # it was no target when the alerts were raised


def test_an_alert_that_is_rolled_back_is_told_to_nobody(ledger: Ledger) -> None:
    def broken() -> None:
        with ledger.transaction() as tx:
            record_signals(tx, [HELD], actor="scheduler", targets=("mail",))
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    mail = Mail()
    deliver(ledger, [mail])
    assert mail.sent == []
    assert record(ledger, HELD).raised == ("guardrail_hold:fx:1",)
