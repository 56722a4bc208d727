"""Parquet files are refused by their footers, their checksums and their texts."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.findings import UnreadableError
from features.sources.files import RawFile
from features.sources.parquet_columns import parquet_columns

WANTED = ["date", "instrument", "close"]


def packed(table: pa.Table, **options) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def refused(data: bytes):
    with pytest.raises(UnreadableError) as caught:
        parquet_columns(RawFile("prices.parquet", data), WANTED)
    assert caught.value.finding.table == "prices.parquet"
    return caught.value.finding


@pytest.fixture(scope="module")
def honest() -> bytes:
    dates = pd.date_range("2020-01-01", periods=500)
    close = 100.0 + np.random.default_rng(1).standard_normal(500)
    table = pa.table({"date": dates, "instrument": ["AAA"] * 500, "close": close})
    return packed(table, write_page_checksum=True, use_dictionary=["instrument"])


def test_columns_keep_their_types_and_texts_stay_encoded(honest):
    names, table = parquet_columns(RawFile("prices.parquet", honest), [*WANTED, "volume"])
    assert names == WANTED
    assert table.num_rows == 500
    assert pa.types.is_timestamp(table["date"].type)
    assert pa.types.is_dictionary(table["instrument"].type)
    assert table["close"].type == pa.float64()


@pytest.mark.parametrize("tenth", range(10))
def test_a_truncated_file_is_refused(honest, tenth):
    assert refused(honest[: len(honest) * tenth // 10]).rule == "corrupt_parquet"


def test_a_flipped_byte_is_refused_or_harmless(honest):
    """With checksums of pages: 200 positions, no price changes in silence."""
    _, intact = parquet_columns(RawFile("prices.parquet", honest), WANTED)
    harmless = 0
    for place in np.linspace(0, len(honest) - 1, 200, dtype=int):
        spoiled = bytearray(honest)
        spoiled[place] ^= 0xFF
        try:
            _, read = parquet_columns(RawFile("prices.parquet", bytes(spoiled)), WANTED)
        except UnreadableError:
            continue
        assert read.equals(intact) or read.schema != intact.schema  # a wrong type is refused
        harmless += 1
    assert harmless < 20  # statistics and padding


def test_csv_under_the_name_of_parquet_is_refused():
    assert refused(b"date,instrument,close\n2024-01-02,AAA,1\n").rule == "corrupt_parquet"


@pytest.mark.parametrize("columns", [257, pytest.param(100_000, marks=pytest.mark.slow)])
def test_too_many_columns_are_refused_by_the_footer(columns):
    wide = pa.table({f"c{number}": pa.array([], pa.int8()) for number in range(columns)})
    assert f"{columns:,} columns (limit 256)" in refused(packed(wide)).message


def test_a_bomb_is_refused_before_it_unpacks():
    """A tenth of a megabyte that would fill 400."""
    zeros = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, np.int32)), ["1"])
    chunks = pa.chunked_array([zeros] * 10)
    table = pa.table(dict.fromkeys((*WANTED, "high", "low"), chunks))
    data = packed(table)
    assert len(data) < 200_000
    finding = refused(data)
    assert finding.rule == "over_limit"
    assert "400,000,000 bytes once unpacked" in finding.message


def test_too_many_rows_are_refused():
    ones = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10_000_001, np.int32)), ["1"])
    finding = refused(packed(pa.table({"close": ones})))
    assert "10,000,001 rows (limit 10,000,000)" in finding.message


def test_a_text_that_stands_in_every_row_has_a_limit():
    long = pa.table({"instrument": ["x" * 10_001] * 3, "close": ["1"] * 3})
    assert "10,001 characters in a cell of instrument" in refused(packed(long)).message
    number = pa.table({"close": ["1" * 10_001] * 3})
    assert "10,001 characters in a cell of close" in refused(packed(number)).message


def test_nested_columns_are_read_as_what_they_are():
    nested = packed(pa.table({"close": [[1.0], [2.0]]}))
    _, table = parquet_columns(RawFile("prices.parquet", nested), WANTED)
    assert pa.types.is_list(table["close"].type)
