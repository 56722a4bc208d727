"""CSV files that are not what they seem are refused with the place where it shows."""

import pytest

from features.findings import UnreadableError
from features.sources import files
from features.sources.csv_columns import csv_columns
from features.sources.files import RawFile

HEADER = b"date,instrument,close\n"
ROW = b"2024-01-02,AAA,1\n"


def cells(data: bytes):
    names, table = csv_columns(
        RawFile("prices.csv", data), ["date", "instrument", "close"], {"date", "instrument"}
    )
    return names, table.to_pydict()


def refused(data: bytes):
    with pytest.raises(UnreadableError) as caught:
        cells(data)
    return caught.value.finding


@pytest.mark.parametrize(
    "data",
    [
        HEADER + ROW,
        b"\xef\xbb\xbf" + HEADER + ROW,  # a byte order mark
        HEADER.replace(b"\n", b"\r\n") + ROW.replace(b"\n", b"\r\n"),
        b"\n" + HEADER + b"\n" + ROW + b"\n\n",
        b'"date","instrument","close"\n"2024-01-02","AAA","1"\n',
        HEADER + ROW.rstrip(),
    ],
)
def test_the_ways_in_which_one_row_may_be_written(data):
    names, table = cells(data)
    assert names == ["date", "instrument", "close"]
    assert table == {"date": ["2024-01-02"], "instrument": ["AAA"], "close": ["1"]}


def test_every_cell_is_text_and_an_empty_one_is_missing():
    _, table = cells(HEADER + b'TRUE,NULL,1E5\nNA,"a ""b"", c\nd",\n')
    assert table == {
        "date": ["TRUE", "NA"],
        "instrument": ["NULL", 'a "b", c\nd'],
        "close": ["1E5", None],
    }


def test_columns_that_are_not_wanted_are_named_and_not_read():
    names, table = cells(b"note,date,instrument,close\nx,2024-01-02,AAA,1\n")
    assert names == ["note", "date", "instrument", "close"]
    assert "note" not in table


@pytest.mark.parametrize(
    ("data", "rule", "words"),
    [
        (HEADER + b"2024-01-02,AAA,\xe9\n", "not_utf8", "byte 0xe9 at offset 37"),
        ("date,instrument,close\n".encode("utf-16"), "nul_byte", "offset 3"),
        (HEADER + ROW + b"2024-01-03,A\0A,1\n", "nul_byte", "offset 51"),
        (HEADER + ROW + b"2024-01-03,AAA,1,5\n", "ragged_row", "4 cells in row 2"),
        (HEADER + b"\n" + ROW + b"2024-01-0", "ragged_row", "1 cells in row 2"),
        (HEADER + b'2024-01-02,AAA,"1\n' + ROW, "unclosed_quote", "odd number"),
        (b"date,close,close\n1,2,3\n", "duplicate_column", "'close' more than once"),
        (b"\n\n", "no_data", "no data is not no risk"),
        (b"\xef\xbb\xbf", "no_data", "no data is not no risk"),
    ],
)
def test_a_broken_file_is_refused_where_it_breaks(data, rule, words):
    finding = refused(data)
    assert (finding.rule, finding.table) == (rule, "prices.csv")
    assert words in str(finding)
    assert finding.remedy


@pytest.mark.parametrize(
    ("limit", "value", "what"),
    [("MAX_ROWS", 3, "rows"), ("MAX_CELLS", 11, "cells"), ("MAX_COLUMNS", 2, "columns")],
)
def test_a_file_above_a_limit_is_not_read(monkeypatch, limit, value, what):
    monkeypatch.setattr(files, limit, value)
    finding = refused(HEADER + 4 * ROW)
    assert finding.rule == "over_limit"
    assert f"{what} (limit {value})" in finding.message


def test_a_hundred_thousand_columns_are_refused_by_the_header():
    finding = refused(b",".join(b"c%d" % number for number in range(100_000)) + b"\n1\n")
    assert finding.rule == "over_limit"
