"""The terms of a position that its type needs."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from features.positions import Position


def given(position: Position, term: str) -> Any:
    """A term that has to be there.

    Raises
    ------
    ValueError
        If it is empty.
    """
    value = getattr(position, term)
    if value is None or value == "":
        raise ValueError(
            f"{position.instrument}: a {position.type} needs {term}, which is empty. Fill it in."
        )
    return value


@contextmanager
def named(position: Position) -> Generator[None]:
    """Let an error say whose term it is about."""
    try:
        yield
    except ValueError as error:
        if str(error).startswith(f"{position.instrument}:"):
            raise
        raise ValueError(f"{position.instrument}: {error}") from error
