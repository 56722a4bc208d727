"""The hash chain: what an entry's digest and hash are, and the walk that finds the first bad link.

A chain shows that something inside it was altered. It does not show that its newest entries were
cut off: for that, compare its head with one kept elsewhere, as a backup or a version's tags hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select

from flows.ledger.schema import RECORDED, entry, forecast, outcome
from flows.settings import canonical_digest

GENESIS = "0" * 64
"""What the first entry has as its previous hash."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the ledger that is not what was recorded.

    Attributes
    ----------
    seq : int
        Place of the entry.
    kind : str
    what : str
    """

    seq: int
    kind: str
    what: str

    def __str__(self) -> str:
        return f"ledger entry {self.seq} ({self.kind}): {self.what} Restore it from a backup."


def content_digest(kind: str, columns: Mapping[str, Any]) -> str:
    """SHA-256 of what an entry says: its kind and columns, without its place and time."""
    return canonical_digest([kind, dict(columns)])


def link_hash(seq: int, kind: str, actor: str, at: str, digest: str, previous: str) -> str:
    """SHA-256 that ties an entry to its place, its author, its time and everything before it."""
    return canonical_digest([seq, kind, actor, at, digest, previous])


def bulk_digest(rows: list[dict[str, Any]]) -> str:
    """SHA-256 of the rows beside the chain that a session vouches for, in any order.

    Parameters
    ----------
    rows : list of dict
        Of `forecast` or `outcome`, without ``session``.
    """
    told = [{name: value for name, value in row.items() if name != "session"} for row in rows]
    return canonical_digest(sorted(canonical_digest(row) for row in told))


def faults(connection: Connection) -> Iterator[Fault]:
    """Every fault: links first, in order, then rows, then what sessions vouch for."""
    yield from _links(connection)
    for kind, table in RECORDED.items():
        yield from _rows(connection, kind, table)
    yield from _sessions(connection)


def faults_of(connection: Connection, *kinds: str) -> Iterator[Fault]:
    """Faults of every entry of some kinds and of its row, those that are gone included."""
    for kind in kinds:
        every = select(entry).where(entry.c.kind == kind).order_by(entry.c.seq)
        for one in connection.execute(every).mappings().yield_per(5000):
            if (fault := _link_fault(one)) is not None:
                yield fault
        yield from _rows(connection, kind, RECORDED[kind])


def fault_at(connection: Connection, seq: int) -> Fault | None:
    """What is wrong with one entry, its row and its link; before a decision rests on it."""
    found = connection.execute(select(entry).where(entry.c.seq == seq)).mappings().one_or_none()
    if found is None:
        return Fault(seq, "?", "is gone.")
    table = RECORDED.get(found["kind"])
    row = table is not None and (
        connection.execute(select(table).where(table.c.seq == seq)).mappings().one_or_none()
    )
    if table is None or not row:
        return Fault(seq, found["kind"], "its row is gone.")
    return _link_fault(found) or _row_fault(found, row)


def _links(connection: Connection) -> Iterator[Fault]:
    expected, previous = 1, GENESIS
    for row in connection.execute(select(entry).order_by(entry.c.seq)).mappings().yield_per(5000):
        if row["seq"] != expected:
            yield Fault(expected, "?", f"is gone; the next is {row['seq']}.")
            return
        if row["previous"] != previous:
            yield Fault(row["seq"], row["kind"], "does not follow the entry before it.")
            return
        if (fault := _link_fault(row)) is not None:
            yield fault
            return
        expected, previous = expected + 1, row["hash"]


def _link_fault(row: Mapping[Any, Any]) -> Fault | None:
    names = ("seq", "kind", "actor", "at", "digest", "previous")
    if link_hash(*(row[name] for name in names)) == row["hash"]:
        return None
    return Fault(row["seq"], row["kind"], "its author, time or content has another hash.")


def _rows(connection: Connection, kind: str, table: Table) -> Iterator[Fault]:
    """Rows that are gone or altered, and rows no entry vouches for."""
    entries = select(entry.c.seq, entry.c.kind, entry.c.digest).where(entry.c.kind == kind)
    ours = connection.execute(entries.order_by(entry.c.seq)).mappings().yield_per(5000)
    theirs = connection.execute(select(table).order_by(table.c.seq)).mappings().yield_per(5000)
    row = next(theirs, None)
    for one in ours:
        while row is not None and row["seq"] < one["seq"]:
            yield Fault(row["seq"], kind, "no entry of the chain vouches for its row.")
            row = next(theirs, None)
        if row is None or row["seq"] != one["seq"]:
            yield Fault(one["seq"], kind, "its row is gone.")
            continue
        if (fault := _row_fault(one, row)) is not None:
            yield fault
        row = next(theirs, None)
    if row is not None:
        yield Fault(row["seq"], kind, "no entry of the chain vouches for its row.")


def _row_fault(one: Mapping[Any, Any], row: Mapping[Any, Any]) -> Fault | None:
    columns = {name: value for name, value in row.items() if name != "seq"}
    if content_digest(one["kind"], columns) == one["digest"]:
        return None
    return Fault(one["seq"], one["kind"], "its row is not what was recorded.")


def _sessions(connection: Connection) -> Iterator[Fault]:
    session = RECORDED["session"]
    for table, column in ((forecast, "forecasts_sha256"), (outcome, "outcomes_sha256")):
        vouched = select(session.c.seq, session.c[column]).where(session.c[column].is_not(None))
        for seq, digest in connection.execute(vouched.order_by(session.c.seq)).all():
            found = connection.execute(select(table).where(table.c.session == seq)).mappings()
            if bulk_digest([dict(row) for row in found]) != digest:
                yield Fault(seq, "session", f"its {table.name} rows are not what was recorded.")
        known = select(session.c.seq).where(session.c[column].is_not(None))
        stray = select(func.min(table.c.session)).where(table.c.session.not_in(known))
        if (seq := connection.execute(stray).scalar_one()) is not None:
            yield Fault(seq, "session", f"vouches for no {table.name} rows and has some.")
