"""Where the ledger is kept: SQLite in the state root, or the PostgreSQL the environment names.

Writers take turns, so that the order of the chain is the order of commits; readers see one moment
and wait for nobody.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from flows.ledger.schema import RECORDED
from flows.refusal import RefusedError

ENVIRONMENT = "FORESHOCK_LEDGER"
HEAD = "0001"
"""Revision of the schema that this code reads; `tests` hold it against the migrations."""

_PATIENCE = 120.0
"""Seconds a writer waits for its turn."""
_LOCK = 0x666F7265  # "fore": the advisory lock of this ledger
_WRITES = "foreshock_writes"


def connect(root: Path, url: str | None = None) -> Engine:
    """Engine of the ledger; makes the directory of an SQLite file.

    Parameters
    ----------
    root : Path
        State root; ``ledger.db`` is in it unless an address is given.
    url : str, optional
        SQLAlchemy address of a PostgreSQL database; by default what ``FORESHOCK_LEDGER`` says.

    Raises
    ------
    RefusedError
        If the address is none of a database we know.
    """
    address = url or os.environ.get(ENVIRONMENT)
    if not address:
        root.mkdir(parents=True, exist_ok=True)
        return _sqlite(root / "ledger.db")
    try:
        parsed = make_url(address)
    except ArgumentError as error:
        raise RefusedError(
            f"{ENVIRONMENT}: no address of a database. Write "
            f"postgresql+psycopg://USER@HOST/NAME; the password may come from PGPASSFILE."
        ) from error
    if parsed.get_backend_name() != "postgresql":
        raise RefusedError(
            f"{ENVIRONMENT}: the ledger is kept in PostgreSQL or, without the variable, in SQLite; "
            f"got {parsed.get_backend_name()}."
        )
    return _postgresql(parsed.set(drivername="postgresql+psycopg"))


def migrate(engine: Engine) -> None:
    """Bring the schema to `HEAD`, under the writers' lock; nothing is done where it is there.

    Raises
    ------
    RefusedError
        If the ledger was written by a newer release.
    """
    with engine.connect() as reader:
        if revision(reader) == HEAD:
            return
    with writing(engine) as connection, connection.begin():
        await_turn(connection)
        found = revision(connection)
        if found != HEAD:
            _upgrade(connection, found)


def revision(connection: Connection) -> str | None:
    """Revision of the schema that is there; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()


def writing(engine: Engine) -> Connection:
    """A connection whose transactions are writers'."""
    return engine.connect().execution_options(**{_WRITES: True})


def await_turn(connection: Connection) -> None:
    """Wait for the writers' lock; it is given back when the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def append_only(connection: Connection) -> None:
    """Make the database itself refuse to change or delete what is recorded."""
    tables = ["entry", *RECORDED]
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE FUNCTION foreshock_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'the ledger is append-only: %% of %% is refused', TG_OP, "
            "TG_TABLE_NAME; END $$"
        )
        for table in tables:
            connection.exec_driver_sql(
                f'CREATE TRIGGER "{table}_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE '
                f'ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION foreshock_append_only()'
            )
        return
    for table in tables:
        for change in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f'CREATE TRIGGER "{table}_no_{change.lower()}" BEFORE {change} ON "{table}" '
                f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: {change} of {table} is "
                f"refused'); END"
            )


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "flows.ledger:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, HEAD)
    except CommandError as error:
        raise RefusedError(
            f"ledger: has revision {found}, which this release does not know ({error}). Install "
            f"the release that wrote it."
        ) from error


def _sqlite(path: Path) -> Engine:
    if not path.exists():
        _make(path)
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": _PATIENCE},
        poolclass=NullPool,
        json_deserializer=_values,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = None  # transactions begin where we say, not where sqlite3 does
        connection.text_factory = _text
        for pragma in ("foreign_keys = ON", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _values(stored: str) -> Any:
    """A JSON value; what no longer is one comes as its text, so that its digest is another."""

    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        return json.loads(stored, parse_constant=refuse)
    except ValueError:
        return stored


def _text(stored: bytes) -> str:
    """Text of a column; a byte that was altered is kept apart and not stumbled over."""
    return stored.decode(errors="surrogateescape")


def _make(path: Path) -> None:
    """An empty database in write-ahead mode, which only one connection alone can switch to."""
    with tempfile.TemporaryDirectory(prefix=".ledger-", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        with closing(sqlite3.connect(fresh)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA user_version = 1")  # nothing is written without a change
            connection.commit()
        with suppress(FileExistsError):  # another process was as quick
            path.hardlink_to(fresh)


def _postgresql(url: Any) -> Engine:
    try:
        import psycopg  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise RefusedError(
            f"{ENVIRONMENT}: names PostgreSQL, whose driver is not installed. Install "
            f"foreshock[postgres]."
        ) from error
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 10})

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        if not connection.get_execution_options().get(_WRITES):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    return engine
