"""Numbers and names are read as they stand, or refused; nothing is guessed."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.sources.parsing import MistypedError, numbers, texts


def column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1234.5", 1234.5),
        ("-36.98", -36.98),
        ("+5", 5.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e6", 1e6),
        ("2.5E-3", 0.0025),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("NaN", np.nan),
        ("nan", np.nan),
        (None, np.nan),
    ],
)
def test_plain_numbers_and_missing_values(cell, value):
    for beside in ("1", "1,5"):  # alone, and in a column where another cell is refused
        values, faults = numbers(column([cell, beside]))
        np.testing.assert_array_equal(values[0], value)
        assert [fault.rows.tolist() for fault in faults] == ([[1]] if beside == "1,5" else [])


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("1,5", "decimal_comma_or_thousands"),
        ("1.234,5", "decimal_comma_or_thousands"),
        ("1,234.5", "decimal_comma_or_thousands"),
        ("1 234", "decimal_comma_or_thousands"),
        ("1\u202f234.5", "decimal_comma_or_thousands"),
        ("1'234.5", "decimal_comma_or_thousands"),
        ("1_000", "decimal_comma_or_thousands"),
        ("(5)", "parentheses"),
        ("(1,234)", "parentheses"),
        ("5%", "percent_sign"),
        ("5 %", "percent_sign"),
        ("$5", "not_a_number"),
        ("#N/A", "not_a_number"),
        ("NA", "not_a_number"),
        ("-", "not_a_number"),
        ("0x1F", "not_a_number"),
        ("1e", "not_a_number"),
        ("5\u2212", "not_a_number"),
        ("\u0665", "not_a_number"),  # an Arabic five
        ("=1+1", "not_a_number"),
        ("1e400", "not_finite"),
        ("1e308", "not_finite"),
        ("inf", "not_finite"),
        ("-Infinity", "not_finite"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_rule(cell, rule):
    for beside in ("1", "x"):
        values, faults = numbers(column([beside, cell, "2"]))
        assert np.isnan(values[1])
        assert values[2] == 2.0
        assert [fault.rule for fault in faults if 1 in fault.rows] == [rule]


@pytest.mark.parametrize(
    "kind", [pa.float32(), pa.float64(), pa.int8(), pa.int64(), pa.decimal128(9, 2), pa.string()]
)
def test_every_numeric_type_gives_the_same_numbers(kind):
    cells = ["1", "2", None] if kind == pa.string() else [1, 2, None]
    for stored in (column(cells, kind), column(cells, kind).dictionary_encode()):
        if pa.types.is_dictionary(stored.type) and kind != pa.string():
            continue
        values, faults = numbers(stored)
        np.testing.assert_array_equal(values, [1.0, 2.0, np.nan])
        assert faults == []


@pytest.mark.parametrize(
    "stored",
    [
        column([True]),
        column([[1.0]]),
        column([{"a": 1}]),
        column([b"1"]),
        column([0], pa.timestamp("ns")),
        column([0], pa.date32()),
    ],
)
def test_what_is_no_number_by_type_costs_the_table(stored):
    with pytest.raises(MistypedError, match="not numbers"):
        numbers(stored)


@given(st.lists(st.floats(-1e100, 1e100), min_size=1))
def test_a_written_number_is_read_exactly(values):
    read, faults = numbers(column([repr(value) for value in values]))
    np.testing.assert_array_equal(read, values)
    slow, refused = numbers(column(["x", *(repr(value) for value in values)]))
    np.testing.assert_array_equal(slow[1:], values)
    assert faults == []
    assert [fault.rows.tolist() for fault in refused] == [[0]]


def test_tickers_are_text():
    names = ["NA", "TRUE", "1E5", "NULL", "nan", "=1+1", "<b>", " AAA", "aaa"]
    for stored in (
        column(names),
        column(names).dictionary_encode(),
        column(names, pa.large_string()),
    ):
        values, faults = texts(stored, required=True)
        assert values.tolist() == names
        assert faults == []


def test_an_empty_name_is_a_fault_only_where_one_is_required():
    values, faults = texts(column(["A", None, ""]), required=True)
    assert values.tolist() == ["A", "", ""]
    assert [(fault.rule, fault.rows.tolist()) for fault in faults] == [("empty_cell", [1, 2])]
    assert texts(column(["A", None, ""]), required=False)[1] == []
    assert texts(column([None, None]), required=False)[0].tolist() == ["", ""]


def test_numbers_are_no_names():
    with pytest.raises(MistypedError, match="holds int64, not text"):
        texts(column([1]), required=True)


def test_an_empty_column_is_no_fault():
    for kind in (pa.string(), pa.dictionary(pa.int32(), pa.string()), pa.float64()):
        assert numbers(column([], kind))[0].size == 0
    assert len(texts(column([], pa.string()), required=True)[0]) == 0
