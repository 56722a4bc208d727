"""Columns of a CSV file, every cell as the text that stands there."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.csv as pcsv

from features.findings import UnreadableError
from features.sources.files import (
    MAX_HEADER,
    RawFile,
    check_shape,
    first_line,
    no_data,
    over_limit,
    refusal,
)


def csv_columns(
    file: RawFile, wanted: Sequence[str], repetitive: Collection[str]
) -> tuple[list[str], pa.Table]:
    """All column names, and the texts of the wanted columns that are present.

    Parameters
    ----------
    file : RawFile
        UTF-8 with a header, with or without a byte order mark.
    wanted : sequence of str
    repetitive : collection of str
        Columns that hold few distinct texts; they come dictionary-encoded. An empty cell is null.

    Raises
    ------
    UnreadableError
        If the bytes are not UTF-8, have a NUL, an unclosed quote or rows of unequal length, or
        are beyond the limits.
    """
    names = _header(file)
    check_shape(file.name, names, file.data.count(b"\n"))
    few, many = pa.dictionary(pa.int32(), pa.string()), pa.string()
    present = [name for name in wanted if name in names]
    options = pcsv.ConvertOptions(
        column_types={name: few if name in repetitive else many for name in present},
        include_columns=present,
        null_values=[""],
        strings_can_be_null=True,
    )
    parsing = pcsv.ParseOptions(newlines_in_values=True)
    source = pa.BufferReader(file.data)
    try:
        return names, pcsv.read_csv(source, parse_options=parsing, convert_options=options)
    except pa.ArrowInvalid as error:
        raise _ragged(file, parsing, error) from error


def _header(file: RawFile) -> list[str]:
    """Column names, after the checks that the bytes are text at all."""
    nul = file.data.find(b"\0")
    if nul >= 0:
        message = f"has a NUL byte at offset {nul}."
        raise refusal(file.name, "nul_byte", message, "Write it again as plain UTF-8 text.")
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte, offset = file.data[error.start], error.start
        message = f"is not UTF-8: byte {byte:#04x} at offset {offset}."
        raise refusal(file.name, "not_utf8", message, "Save it as UTF-8.") from error
    if text.count('"') % 2:
        raise refusal(
            file.name,
            "unclosed_quote",
            "has an odd number of double quotes, so that one cell swallows those after it.",
            "Close the quote, or double a quote inside a cell.",
        )
    rows = csv.reader(io.StringIO(text[:MAX_HEADER]))
    names = next((row for row in rows if row), [])
    if not names:
        raise no_data(file.name)
    if len(",".join(names)) >= MAX_HEADER - 1:
        raise over_limit(file.name, "characters of header, or more", MAX_HEADER, MAX_HEADER - 1)
    return names


def _ragged(file: RawFile, parsing: pcsv.ParseOptions, error: pa.ArrowInvalid) -> UnreadableError:
    """Refusal that names the first row with too few or too many cells."""
    found: list[pcsv.InvalidRow] = []

    def remember(row: pcsv.InvalidRow) -> str:
        found.append(row)
        return "error"

    parsing.invalid_row_handler = remember
    serial = pcsv.ReadOptions(use_threads=False)  # only the serial reader counts rows
    with contextlib.suppress(pa.ArrowInvalid):
        pcsv.read_csv(pa.BufferReader(file.data), read_options=serial, parse_options=parsing)
    if not found or found[0].number is None:
        return refusal(
            file.name,
            "not_csv",
            f"is no CSV table ({first_line(error)}).",
            "Write it again as comma-separated UTF-8 text with a header.",
        )
    row, number = found[0], found[0].number - 1  # the header is not counted
    return refusal(
        file.name,
        "ragged_row",
        f"has {row.actual_columns} cells in row {number} where the header has "
        f"{row.expected_columns}.",
        "A decimal comma or thousands separator adds a cell; a cut line lacks some.",
        f"row {number}: {row.text[:80]}",
    )
