"""A PostgreSQL server of the tests' own, and a fresh database on it for each test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from flows.clock import FixedClock
from flows.ledger.ledger import Ledger

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
_UNPRIVILEGED = 65534  # nobody; `initdb` refuses root
_numbers = count()


def programs() -> Path | None:
    """Folder of PostgreSQL's programs; Debian keeps `initdb` off the path."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).parent if found else debian[-1].parent if debian else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a server on loopback, without a database's name; ended with the tests."""
    where = programs()
    if where is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL's programs are not installed, and the gate needs them.")
        pytest.skip("PostgreSQL's programs are not installed (Debian: apt install postgresql).")
    with tempfile.TemporaryDirectory(prefix="foreshock-postgres-") as folder:
        as_nobody: list[str] = []
        if os.geteuid() == 0:
            os.chown(folder, _UNPRIVILEGED, _UNPRIVILEGED)
            user = f"--reuid={_UNPRIVILEGED}"
            as_nobody = ["setpriv", user, f"--regid={_UNPRIVILEGED}", "--clear-groups"]
        data, port = f"{folder}/data", free_port()
        making = [str(where / "initdb"), "-D", data, "-U", "tests", "-A", "trust", "--no-sync"]
        subprocess.run([*as_nobody, *making], check=True, capture_output=True, cwd=folder)
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c fsync=off"
        options += f" -c max_connections=200 -k {folder}"
        control = [*as_nobody, str(where / "pg_ctl"), "-D", data, "-l", f"{folder}/log", "-w"]
        subprocess.run(
            [*control, "-o", options, "start"], check=True, cwd=folder, stdout=subprocess.DEVNULL
        )
        try:
            yield f"postgresql+psycopg://tests@127.0.0.1:{port}"
        finally:
            subprocess.run(
                [*control, "-m", "immediate", "stop"],
                check=True,
                cwd=folder,
                stdout=subprocess.DEVNULL,
            )


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """Address of an empty database."""
    from sqlalchemy import create_engine

    name = f"ledger{next(_numbers)}"
    engine = create_engine(f"{postgres_server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return f"{postgres_server}/{name}"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def address(request: pytest.FixtureRequest) -> str | None:
    """Where a ledger may be kept: None is SQLite in the state root."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock, address: str | None) -> Iterator[Ledger]:
    """An empty ledger, on each database in turn."""
    opened = Ledger.open(tmp_path, clock=clock, url=address)
    yield opened
    opened.close()
