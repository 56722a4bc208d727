"""One file of a market directory: opened inside its root and within limits, or refused."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.findings import Answer, Finding, UnreadableError

ENDINGS = (".csv", ".parquet")
MAX_BYTES = 1024**3
"""Of a file: it is held in memory once while it is parsed."""
MAX_ROWS = 10_000_000
"""A century of daily closes of 400 instruments."""
MAX_COLUMNS = 256
"""The widest table has sixteen; a wide matrix of prices is the wrong shape, not a table."""
MAX_CELLS = 100_000_000
"""800 MB as numbers; a run has to fit into 3 GB."""
MAX_HEADER = 64 * 1024
"""Characters of a CSV header: 256 names of 256 characters."""
MAX_TEXT = 10_000
"""Characters of one cell: a single text in a Parquet dictionary may stand in every row."""


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file's bytes with the name that messages use; hashed and parsed from the same bytes.

    Attributes
    ----------
    name : str
        Path relative to the market directory, e.g. ``portfolios/sixty_forty.csv``.
    data : bytes
    """

    name: str
    data: bytes

    def sha256(self) -> str:
        """Content hash of the file."""
        return hashlib.sha256(self.data).hexdigest()


def refusal(file: str, rule: str, message: str, remedy: str, *examples: str) -> UnreadableError:
    """Error for a table that cannot be used at all, carrying its finding."""
    return UnreadableError(
        Finding(Answer.REJECT, rule, file, "", max(1, len(examples)), examples[:5], message, remedy)
    )


def open_inside(root: Path, path: Path) -> RawFile:
    """Read a file of a directory, refusing what lies or points outside it.

    Parameters
    ----------
    root : Path
        The market directory.
    path : Path
        A file below it, possibly a symbolic link.

    Raises
    ------
    UnreadableError
        If the file leads outside ``root``, is no regular file, is empty, or is above the limit.
    """
    name = path.relative_to(root).as_posix()
    real = path.resolve()
    if not real.is_relative_to(root.resolve()):
        raise refusal(
            name,
            "outside_directory",
            "leads outside the market directory.",
            "Copy the file into the directory instead of linking to it.",
        )
    if not real.is_file():
        raise refusal(name, "not_a_file", "is not a regular file.", "Put a file there.")
    size = real.stat().st_size
    if size > MAX_BYTES:
        raise over_limit(name, "bytes", size, MAX_BYTES)
    try:
        data = real.read_bytes()
    except OSError as error:
        raise refusal(
            name, "not_readable", f"cannot be read ({error.strerror}).", "Check its permissions."
        ) from error
    if not data:
        raise no_data(name)
    return RawFile(name, data)


def no_data(name: str) -> UnreadableError:
    """Refusal of a file without rows: no data is not no risk."""
    return refusal(
        name,
        "no_data",
        "has no rows; no data is not no risk.",
        "Fill it, or remove the file if the table is not needed.",
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """The clause naming the closest of the names, or nothing where none is close."""
    folded = {candidate.strip().casefold(): candidate for candidate in names}
    close = difflib.get_close_matches(name.strip().casefold(), folded, n=1, cutoff=0.6)
    return f" (nearest is {folded[close[0]]!r})" if close else ""


def over_limit(name: str, what: str, found: int, limit: int) -> UnreadableError:
    """Refusal of a file that would cost too much memory."""
    remedy = "Split it or leave out what is not needed."
    return refusal(name, "over_limit", f"has {found:,} {what} (limit {limit:,}).", remedy)


def check_shape(file: str, names: Sequence[str], rows: int) -> None:
    """Refuse a table by its column names and number of rows, before its cells are read."""
    if len(names) > MAX_COLUMNS:
        raise over_limit(file, "columns", len(names), MAX_COLUMNS)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        message = f"has the column {doubled[0]!r} more than once."
        raise refusal(file, "duplicate_column", message, "Keep one of them.", *doubled)
    if rows > MAX_ROWS:
        raise over_limit(file, "rows", rows, MAX_ROWS)
    if rows * len(names) > MAX_CELLS:
        raise over_limit(file, "cells", rows * len(names), MAX_CELLS)


def first_line(error: BaseException) -> str:
    """What a library says of a file, short enough for a message."""
    return str(error).partition("\n")[0][:200] or type(error).__name__
