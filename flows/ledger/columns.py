"""Columns of the ledger's tables, and the names that their constraints are given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

Place = BigInteger().with_variant(Integer, "sqlite")
"""Type of a place in the chain."""
Values = JSON(none_as_null=True)
"""Type of plain values."""


def one_of(column: str, *values: str, nullable: bool = False) -> CheckConstraint:
    """A constraint that a column has one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    known = f'"{column}" IN ({listed})'
    return CheckConstraint(f'"{column}" IS NULL OR {known}' if nullable else known, name=column)


def text(name: str, *, nullable: bool = False) -> Column[Any]:
    """A column of text."""
    return Column(name, Text, nullable=nullable)


def number(name: str, *, nullable: bool = False) -> Column[Any]:
    """A column of double precision."""
    return Column(name, Double, nullable=nullable)


def place(name: str, target: str | None = None, *, nullable: bool = False) -> Column[Any]:
    """A place in the chain, of an entry of the kind ``target`` where one is named."""
    reference = [ForeignKey(f"{target}.seq")] if target else []
    return Column(name, Place, *reference, nullable=nullable)


def recorded(kind: str, *columns: Column[Any] | CheckConstraint | Any) -> Table:
    """A table of a kind of entry, its key their place in the chain."""
    seq = Column("seq", Place, ForeignKey("entry.seq"), primary_key=True, autoincrement=False)
    return Table(kind, metadata, seq, *columns)
