"""Columns of a Parquet file, each with the type it was stored with.

The footer is read first: a file of kilobytes may unpack to gigabytes. Only columns that are asked
for are unpacked, and texts stay dictionary-encoded. A page that has a checksum is held to it;
without one (most writers leave it out) a flipped byte cannot be told from another price.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from features.sources.files import (
    MAX_TEXT,
    RawFile,
    check_shape,
    first_line,
    over_limit,
    refusal,
)

LARGEST_RATIO = 200
"""Unpacked to packed. Prices pack by two to twenty; more than this is nothing but repetition."""
UNSUSPECTED = 64 * 1024**2
"""Bytes that any file may unpack to, however well it packs."""


def parquet_columns(file: RawFile, wanted: Sequence[str]) -> tuple[list[str], pa.Table]:
    """All column names, and those of the wanted columns that are present.

    Raises
    ------
    UnreadableError
        If the file is truncated, corrupt or no Parquet, or unpacks beyond the limits.
    """
    try:
        footer = pq.read_metadata(pa.BufferReader(file.data))
        names = [str(name) for name in footer.schema.to_arrow_schema().names]
        _check_footer(file, footer, names)
        flat = {footer.schema.column(index).path for index in range(footer.num_columns)}
        reader = pq.ParquetFile(
            pa.BufferReader(file.data),
            read_dictionary=[name for name in wanted if name in flat],
            page_checksum_verification=True,
        )
        table = reader.read(columns=[name for name in wanted if name in names])
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise refusal(
            file.name,
            "corrupt_parquet",
            f"is truncated or no Parquet ({first_line(error)}).",
            "Write it again from its source.",
        ) from error
    for name in table.column_names:
        _check_texts(file.name, name, table[name])
    return names, table


def _check_footer(file: RawFile, footer: pq.FileMetaData, names: Sequence[str]) -> None:
    check_shape(file.name, names, footer.num_rows)
    groups = (footer.row_group(index) for index in range(footer.num_row_groups))
    packed = sum(group.total_byte_size for group in groups)
    unpacked = max(packed, 8 * footer.num_rows * footer.num_columns)
    allowed = max(UNSUSPECTED, LARGEST_RATIO * len(file.data))
    if unpacked > allowed:
        raise over_limit(file.name, "bytes once unpacked", unpacked, allowed)


def _check_texts(file: str, name: str, column: pa.ChunkedArray) -> None:
    if not pa.types.is_dictionary(column.type):
        return
    for chunk in column.chunks:
        longest = max((len(text or "") for text in chunk.dictionary.to_pylist()), default=0)
        if longest > MAX_TEXT:
            raise over_limit(file, f"characters in a cell of {name}", longest, MAX_TEXT)
