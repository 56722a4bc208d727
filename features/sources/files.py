"""One file of a market directory: opened inside its root, within limits, as untyped columns.

Nothing here knows what a column means. CSV cells stay text; Parquet columns keep their types, and
only those that are asked for are ever unpacked. What cannot be read raises ``UnreadableError``.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from features.findings import Answer, Finding, UnreadableError

ENDINGS = (".csv", ".parquet")
MAX_BYTES = 2 * 1024**3
"""Of a file, and of what a Parquet footer says it unpacks to: both are held in memory once."""
MAX_ROWS = 20_000_000
"""A century of daily closes of 800 instruments; the run must fit in 3 GB."""
MAX_COLUMNS = 256
"""The widest table has sixteen; a wide matrix of prices is the wrong shape, not a table."""
MAX_CELLS = 400_000_000
"""Cells of all columns together, unpacked or not."""
MAX_HEADER = 64 * 1024
"""Characters of a CSV header: 256 names of 256 characters."""
MAX_TEXT = 10_000
"""Characters of one text cell: one long text in a Parquet dictionary may stand in every row."""


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

    @property
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
        raise _over_limit(name, "bytes", size, MAX_BYTES)
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


def raw_columns(file: RawFile, *, wanted: Sequence[str], text: Sequence[str]) -> pa.Table:
    """The wanted columns of a file, untyped; the others are named in the table's metadata.

    Parameters
    ----------
    file : RawFile
    wanted : sequence of str
        Columns to unpack where present.
    text : sequence of str
        Those of them that hold few distinct texts; they come dictionary-encoded.

    Returns
    -------
    pyarrow.Table
        Schema metadata ``extra`` holds the unread column names, one a line.

    Raises
    ------
    UnreadableError
        If the bytes are not a table, or unpack beyond the limits.
    """
    if file.name.endswith(".parquet"):
        names, table = _parquet(file, wanted, text)
    else:
        names, table = _csv(file, wanted, text)
    extra = "\n".join(name for name in names if name not in wanted)
    return table.replace_schema_metadata({"extra": extra})


def _over_limit(name: str, what: str, found: int, limit: int) -> UnreadableError:
    return refusal(
        name,
        "over_limit",
        f"has {found:,} {what} (limit {limit:,}).",
        "Split it or leave out what is not needed.",
    )


def _check_names(file: str, names: Sequence[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise _over_limit(file, "columns", len(names), MAX_COLUMNS)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise refusal(
            file,
            "duplicate_column",
            f"has the column {doubled[0]!r} more than once.",
            "Keep one of them.",
            *doubled,
        )


def _check_size(file: str, rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        raise _over_limit(file, "rows", rows, MAX_ROWS)
    if rows * columns > MAX_CELLS:
        raise _over_limit(file, "cells", rows * columns, MAX_CELLS)


def _parquet(
    file: RawFile, wanted: Sequence[str], text: Sequence[str]
) -> tuple[list[str], pa.Table]:
    """Footer first: a small file may unpack to gigabytes."""
    try:
        footer = pq.read_metadata(pa.BufferReader(file.data))
        names: list[str] = list(footer.schema.to_arrow_schema().names)
        _check_names(file.name, names)
        _check_size(file.name, footer.num_rows, footer.num_columns)
        groups = (footer.row_group(index) for index in range(footer.num_row_groups))
        unpacked = sum(group.total_byte_size for group in groups)
        if unpacked > MAX_BYTES:
            raise _over_limit(file.name, "bytes unpacked", unpacked, MAX_BYTES)
        reader = pq.ParquetFile(
            pa.BufferReader(file.data),
            read_dictionary=[name for name in text if name in names],
            page_checksum_verification=True,
        )
        table = reader.read(columns=[name for name in wanted if name in names])
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise refusal(
            file.name,
            "corrupt_parquet",
            f"is truncated or not Parquet ({_first_line(error)}).",
            "Write it again from its source.",
        ) from error
    for name in text:
        if name in table.column_names:
            _check_text(file.name, name, table[name])
    return names, table


def _check_text(file: str, name: str, column: pa.ChunkedArray) -> None:
    if not pa.types.is_dictionary(column.type):
        return
    for chunk in column.chunks:
        longest = max((len(text or "") for text in chunk.dictionary.to_pylist()), default=0)
        if longest > MAX_TEXT:
            raise _over_limit(file, f"characters in a cell of {name}", longest, MAX_TEXT)


def _csv(file: RawFile, wanted: Sequence[str], text: Sequence[str]) -> tuple[list[str], pa.Table]:
    names = _csv_header(file)
    _check_names(file.name, names)
    _check_size(file.name, file.data.count(b"\n"), len(names))
    encoded = pa.dictionary(pa.int32(), pa.string())
    present = [name for name in wanted if name in names]
    options = pcsv.ConvertOptions(
        column_types={name: encoded if name in text else pa.string() for name in present},
        include_columns=present,
        null_values=[""],
        strings_can_be_null=True,
    )
    parse = pcsv.ParseOptions(newlines_in_values=True)
    try:
        table = pcsv.read_csv(
            pa.BufferReader(file.data), parse_options=parse, convert_options=options
        )
    except pa.ArrowInvalid as error:
        raise _ragged(file, parse, error) from error
    if not present:
        return names, table
    return names, table


def _csv_header(file: RawFile) -> list[str]:
    """Column names, after the checks that the bytes are text at all."""
    nul = file.data.find(b"\0")
    if nul >= 0:
        raise refusal(
            file.name,
            "nul_byte",
            f"has a NUL byte at offset {nul}.",
            "Write it again as plain UTF-8 text.",
        )
    try:
        decoded = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal(
            file.name,
            "not_utf8",
            f"is not UTF-8: byte {file.data[error.start]:#04x} at offset {error.start}.",
            "Save it as UTF-8.",
        ) from error
    if decoded.count('"') % 2:
        raise refusal(
            file.name,
            "unclosed_quote",
            "has an odd number of double quotes, so that one cell swallows those after it.",
            "Close the quote, or double a quote inside a cell.",
        )
    rows = csv.reader(io.StringIO(decoded[:MAX_HEADER]), strict=False)
    names = next((row for row in rows if row), [])
    if not names:
        raise no_data(file.name)
    if len(",".join(names)) >= MAX_HEADER - 1:
        raise _over_limit(file.name, "characters of header, at least", MAX_HEADER, MAX_HEADER)
    return names


def _ragged(file: RawFile, parse: pcsv.ParseOptions, error: pa.ArrowInvalid) -> UnreadableError:
    """Refusal that names the first row with too few or too many cells."""
    found: list[pcsv.InvalidRow] = []

    def remember(row: pcsv.InvalidRow) -> str:
        found.append(row)
        return "error"

    parse.invalid_row_handler = remember
    single = pcsv.ReadOptions(use_threads=False)
    with contextlib.suppress(pa.ArrowInvalid):  # only the serial reader counts rows
        pcsv.read_csv(pa.BufferReader(file.data), read_options=single, parse_options=parse)
    if not found or found[0].number is None:
        return refusal(
            file.name,
            "not_csv",
            f"is not a CSV table ({_first_line(error)}).",
            "Write it again as comma-separated UTF-8 text with a header.",
        )
    row = found[0]
    return refusal(
        file.name,
        "ragged_row",
        f"has {row.actual_columns} cells in row {row.number - 1} where the header has "
        f"{row.expected_columns}.",
        "A decimal comma or thousands separator adds a cell; a cut line lacks some.",
        f"row {row.number - 1}: {row.text[:80]}",
    )


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
