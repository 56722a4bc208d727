"""Alerts: one for each episode, told of until it arrived, and ended by an all-clear.

An alert is a row of the ledger's chain. What changes while an episode lasts, its repeats and the
attempts to tell of it, stands beside the chain: the outbox is filled in the transaction that
records the alert, so that a crash or a dead mail server delays an alert and never loses it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from flows.clock import instant_text
from flows.notifiers import Message, Notifier, UndeliveredError

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction

ALL_CLEAR = "all_clear"
"""Kind of the row that ends an episode; its subject is the key of the alert that began it."""
LOG = "log"
"""Target that is always there."""

Severity = Literal["info", "warning", "critical"]


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that is wrong now; the same kind and subject again is the same episode.

    Attributes
    ----------
    kind : str
        E.g. ``guardrail_hold``.
    subject : str
        What it is about, e.g. a book.
    severity : str
    message : str
        One line for people: what, and what to do.
    evidence : mapping
        Plain values.
    """

    kind: str
    subject: str
    severity: Severity
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of signals.

    Attributes
    ----------
    raised : tuple of str
        Keys of new alerts.
    repeated : int
        Signals of episodes that were already known.
    cleared : tuple of str
        Keys of alerts whose episode ended.
    """

    raised: tuple[str, ...]
    repeated: int
    cleared: tuple[str, ...]


def record_signals(
    tx: Transaction,
    signals: Iterable[Signal],
    *,
    actor: str,
    checked: Collection[str] = (),
    targets: Sequence[str] = (LOG,),
) -> Recorded:
    """Turn signals into alerts, and what is no longer signalled into all-clears.

    Parameters
    ----------
    tx : Transaction
    signals : iterable of Signal
    actor : str
    checked : collection of str
        Kinds that were looked for: an episode of theirs without a signal has ended. Episodes of
        other kinds go on.
    targets : sequence of str
        Names of the notifiers that are to tell of new alerts and all-clears.
    """
    open_episodes = {(row["kind"], row["subject"]): row for row in _episodes(tx)}
    seen: dict[tuple[str, str], int] = {}
    raised: list[str] = []
    repeated = 0
    for signal in signals:
        name = (signal.kind, signal.subject)
        if name in open_episodes or name in seen:
            repeated += 1
            seen[name] = seen.get(name, 0) + 1
            continue
        key = f"{signal.kind}:{signal.subject}:{1 + _earlier(tx, signal)}"
        _begin(tx, signal, key, actor=actor, targets=targets)
        raised.append(key)
        seen[name] = 0
    for name, count in seen.items():
        _count(tx, *name, count)
    cleared: list[str] = []
    for name, row in open_episodes.items():
        if row["kind"] in checked and name not in seen:
            cleared.append(_end(tx, row, actor=actor, targets=targets))
    return Recorded(tuple(raised), repeated, tuple(cleared))


def open_alerts(tx: Transaction) -> list[dict[str, Any]]:
    """Alerts whose episode goes on, oldest first, with their ``repeats``."""
    repeats = {row["alert"]: row["repeats"] for row in _episodes(tx)}
    return [
        row | {"repeats": repeats[row["seq"]]} for row in tx.rows("alert") if row["seq"] in repeats
    ]


def deliver(ledger: Ledger, to: Iterable[Notifier]) -> dict[str, int]:
    """Tell of every alert that has not arrived yet, each target by itself.

    Nothing is sent while the ledger is locked. A message whose arrival could not be recorded is
    sent again, with the same key.

    Returns
    -------
    dict
        Number ``delivered`` and ``failed``; the failed ones are tried again by the next call.
    """
    counts = {"delivered": 0, "failed": 0}
    for notifier in to:
        with ledger.reading() as tx:
            waiting = _waiting(tx, notifier.name)
        for row in waiting:
            try:
                notifier.send(_message(row))
            except UndeliveredError as failure:
                error: str | None = str(failure)
            else:
                error = None
            counts["failed" if error else "delivered"] += 1
            with ledger.transaction() as tx:
                _attempted(tx, row["seq"], notifier.name, error)
    return counts


def _begin(
    tx: Transaction, signal: Signal, key: str, *, actor: str, targets: Sequence[str]
) -> None:
    from flows.ledger.schema import episode

    seq = tx.append(
        "alert",
        actor=actor,
        key=key,
        kind=signal.kind,
        subject=signal.subject,
        severity=signal.severity,
        message=signal.message,
        evidence=dict(signal.evidence),
    )
    tx.connection.execute(
        episode.insert().values(
            kind=signal.kind,
            subject=signal.subject,
            alert=seq,
            repeats=0,
            last_at=instant_text(tx.now),
        )
    )
    _outbox(tx, seq, targets)


def _end(tx: Transaction, row: Mapping[str, Any], *, actor: str, targets: Sequence[str]) -> str:
    from flows.ledger.schema import episode

    (alert,) = tx.rows("alert", seq=row["alert"])
    seq = tx.append(
        "alert",
        actor=actor,
        key=f"{alert['key']}:{ALL_CLEAR}",
        kind=ALL_CLEAR,
        subject=alert["key"],
        severity="info",
        message=f"All clear: {alert['message']}",
        evidence={"repeats": row["repeats"], "last_seen": row["last_at"]},
    )
    tx.connection.execute(
        episode.delete().where(episode.c.kind == row["kind"], episode.c.subject == row["subject"])
    )
    _outbox(tx, seq, targets)
    return str(alert["key"])


def _episodes(tx: Transaction) -> list[dict[str, Any]]:
    from flows.ledger.schema import episode

    found = tx.connection.execute(episode.select().order_by(episode.c.alert))
    return [dict(row) for row in found.mappings()]


def _earlier(tx: Transaction, signal: Signal) -> int:
    return len(tx.rows("alert", kind=signal.kind, subject=signal.subject))


def _count(tx: Transaction, kind: str, subject: str, more: int) -> None:
    from flows.ledger.schema import episode

    tx.connection.execute(
        episode.update()
        .where(episode.c.kind == kind, episode.c.subject == subject)
        .values(repeats=episode.c.repeats + more, last_at=instant_text(tx.now))
    )


def _outbox(tx: Transaction, alert: int, targets: Sequence[str]) -> None:
    from flows.ledger.schema import delivery

    rows = [{"alert": alert, "target": name, "attempts": 0} for name in targets]
    if rows:
        tx.connection.execute(delivery.insert(), rows)


def _waiting(tx: Transaction, target: str) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from flows.ledger.schema import delivery

    found = tx.connection.execute(
        select(delivery.c.alert)
        .where(delivery.c.target == target, delivery.c.delivered_at.is_(None))
        .order_by(delivery.c.alert)
    )
    return [tx.rows("alert", seq=seq)[0] for seq in found.scalars()]


def _attempted(tx: Transaction, alert: int, target: str, error: str | None) -> None:
    from flows.ledger.schema import delivery

    tx.connection.execute(
        delivery.update()
        .where(delivery.c.alert == alert, delivery.c.target == target)
        .values(
            attempts=delivery.c.attempts + 1,
            delivered_at=None if error else instant_text(tx.now),
            error=error,
        )
    )


def _message(row: Mapping[str, Any]) -> Message:
    at = row["at"]
    return Message(
        key=row["key"],
        severity=row["severity"],
        title=row["message"],
        body=f"{row['kind']}: {row['subject']}",
        at=at if isinstance(at, str) else instant_text(at),
    )
