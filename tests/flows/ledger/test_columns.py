"""Constraints of the ledger's tables are the database's, not a convention."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine
from sqlalchemy.exc import IntegrityError

from flows.ledger import columns


def test_a_column_takes_one_of_the_values_it_names():
    table = Table(
        "t",
        MetaData(),
        Column("key", Integer, primary_key=True),
        columns.text("colour", nullable=True),
        columns.one_of("colour", "red", "green", nullable=True),
    )
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        for colour in ("red", None):
            connection.execute(table.insert().values(colour=colour))
        with pytest.raises(IntegrityError):
            connection.execute(table.insert().values(colour="blue"))
    engine.dispose()
