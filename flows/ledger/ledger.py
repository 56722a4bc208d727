"""The ledger: opened, written to in transactions that appear as a whole, and verified."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, Double, Engine, Table, Text, insert, select

from flows.clock import Clock, instant_text, parse_instant, system_clock
from flows.ledger.chain import GENESIS, Fault, content_digest, fault_at, faults, link_hash
from flows.ledger.database import await_turn, connect, migrate, writing
from flows.ledger.schema import RECORDED, entry
from flows.refusal import RefusedError


class Transaction:
    """A look at the ledger at one moment, and in a writing one what is added to it.

    Attributes
    ----------
    connection : Connection
        For queries of one's own; what is recorded goes through `append`.
    now : datetime
        In UTC. Never before the last entry: a clock that was set back revives nothing.
    """

    def __init__(self, connection: Connection, *, clock: Clock, writes: bool) -> None:
        self.connection = connection
        self._writes = writes
        last = connection.execute(
            select(entry.c.seq, entry.c.at, entry.c.hash).order_by(entry.c.seq.desc()).limit(1)
        ).one_or_none()
        self._seq: int = 0 if last is None else last.seq
        self._head: str = GENESIS if last is None else last.hash
        now = clock()
        self.now: datetime = now if last is None else max(now, parse_instant(last.at))

    def append(self, kind: str, /, *, actor: str, **columns: Any) -> int:
        """Record an entry.

        Parameters
        ----------
        kind : str
            A recorded table of `flows.ledger.schema`.
        actor : str
            Who answers for it.
        **columns
            Its columns; those left out are empty.

        Returns
        -------
        int
            Its place in the chain.

        Raises
        ------
        ValueError
            If the kind or a column does not exist, a number is not finite, or the transaction only
            reads.
        IntegrityError
            If a constraint forbids it, e.g. that a second person approves.
        """
        if not self._writes:
            raise ValueError(f"{kind}: this transaction only reads. Use Ledger.transaction().")
        table = _table(kind)
        row = _row(table, columns)
        seq, at = self._seq + 1, instant_text(self.now)
        digest = content_digest(kind, row)
        link = link_hash(seq, kind, actor, at, digest, self._head)
        self.connection.execute(
            insert(entry),
            {
                "seq": seq,
                "kind": kind,
                "actor": actor,
                "at": at,
                "digest": digest,
                "previous": self._head,
                "hash": link,
            },
        )
        self.connection.execute(insert(table), row | {"seq": seq})
        self._seq, self._head = seq, link
        return seq

    def rows(self, kind: str, /, **equal: Any) -> list[dict[str, Any]]:
        """Rows of a kind whose columns have these values, oldest first.

        Returns
        -------
        list of dict
            Every column, ``seq``, ``actor`` and ``at``.
        """
        return [dict(row) for row in self.connection.execute(_query(kind, equal)).mappings()]

    def last(self, kind: str, /, **equal: Any) -> dict[str, Any] | None:
        """The newest of the rows that `rows` would give, or None."""
        query = _query(kind, equal).order_by(None).order_by(entry.c.seq.desc()).limit(1)
        row = self.connection.execute(query).mappings().one_or_none()
        return None if row is None else dict(row)

    def vouched(self, *seqs: int) -> None:
        """Refuse entries that are not what was recorded, before a decision rests on them.

        Raises
        ------
        RefusedError
            If one is altered or gone, naming it.
        """
        for seq in seqs:
            if (fault := fault_at(self.connection, seq)) is not None:
                raise RefusedError(str(fault))

    @property
    def head(self) -> str:
        """Hash of the newest entry; kept elsewhere it shows that none was cut off."""
        return self._head


class Ledger:
    """Who decided what, when and on which evidence.

    Parameters
    ----------
    engine : Engine
        A migrated database; see `Ledger.open`.
    clock : Clock
    """

    def __init__(self, engine: Engine, *, clock: Clock) -> None:
        self._engine = engine
        self.clock = clock

    @classmethod
    def open(cls, root: Path, *, clock: Clock = system_clock, url: str | None = None) -> Ledger:
        """Open the ledger of a state root, made or brought to today's schema where need be.

        Parameters
        ----------
        root : Path
            State root.
        clock : Clock
        url : str, optional
            Address of a PostgreSQL database; by default what ``FORESHOCK_LEDGER`` says, else
            SQLite in the state root.

        Raises
        ------
        RefusedError
            If the address is not understood, or a newer release wrote the ledger.
        """
        engine = connect(root, url)
        migrate(engine)
        return cls(engine, clock=clock)

    @contextmanager
    def transaction(self) -> Generator[Transaction, None, None]:
        """Write: everything in the block is recorded, or on an error nothing."""
        with writing(self._engine) as connection, connection.begin():
            await_turn(connection)
            yield Transaction(connection, clock=self.clock, writes=True)

    @contextmanager
    def reading(self) -> Generator[Transaction, None, None]:
        """Read the ledger as it is at one moment."""
        with self._engine.connect() as connection, connection.begin():
            yield Transaction(connection, clock=self.clock, writes=False)

    def verify(self) -> list[Fault]:
        """Walk the whole chain; empty where every entry and row is what was recorded."""
        with self._engine.connect() as connection, connection.begin():
            return list(faults(connection))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def _table(kind: str) -> Table:
    if kind not in RECORDED:
        raise ValueError(f"kind: {kind!r} is not recorded. Choose from {', '.join(RECORDED)}.")
    return RECORDED[kind]


def _row(table: Table, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as the database will give them back, so that their digest can be found again."""
    known = {column.name for column in table.columns if column.name != "seq"}
    if unknown := columns.keys() - known:
        raise ValueError(f"{table.name} has no column {', '.join(sorted(unknown))}.")
    row = dict.fromkeys(known) | dict(columns)
    for name, value in row.items():
        if value is None:
            continue
        kind = table.c[name].type
        if isinstance(kind, Double):
            number = float(value) + 0.0  # no negative zero, which one database would lose
            if not math.isfinite(number):
                raise ValueError(f"{table.name}.{name} must be finite or None, got {value}.")
            row[name] = number
        elif isinstance(kind, Boolean):
            row[name] = bool(value)
        elif isinstance(kind, Text):
            row[name] = str(value)
    return row


def _query(kind: str, equal: Mapping[str, Any]) -> Any:
    table = _table(kind)
    query = select(entry.c.actor, entry.c.at, table).join(table, table.c.seq == entry.c.seq)
    for name, value in equal.items():
        column = table.c[name]
        query = query.where(column.is_(None) if value is None else column == value)
    return query.order_by(entry.c.seq)
