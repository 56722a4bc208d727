"""The schema that the code reads is the one that the migrations make, on either database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from flows.ledger.database import ENVIRONMENT, HEAD, connect, migrate, revision, writing
from flows.ledger.ledger import Ledger
from flows.ledger.schema import metadata
from flows.refusal import RefusedError


def test_migrations_make_the_schema(tmp_path: Path, address: str | None):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = connect(tmp_path, address)
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        assert revision(connection) == HEAD
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_the_code_reads():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "flows.ledger:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_ledger_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path, address: str | None):
    engine = connect(tmp_path, address)
    migrate(engine)
    with writing(engine) as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(RefusedError, match="revision 9999"):
        Ledger.open(tmp_path, url=address)


@pytest.mark.parametrize("url", ["mysql://host/ledger", "no address"])
def test_an_address_that_is_none_of_ours_is_refused(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(ENVIRONMENT, url)
    with pytest.raises(RefusedError, match=ENVIRONMENT):
        Ledger.open(tmp_path)
    assert list(tmp_path.iterdir()) == []
