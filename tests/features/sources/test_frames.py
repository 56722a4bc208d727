"""A refused cell costs its series, a refused column its table, and the message says which."""

import io

import pandas as pd
import pytest

from features.findings import Answer

HEADER = "date,instrument,close\n"
GOOD = "2024-01-02,BBB,20\n2024-01-03,BBB,19\n"


@pytest.mark.parametrize(
    ("row", "rule", "example"),
    [
        ('2024-01-02,AAA,"1,5"\n', "decimal_comma_or_thousands", "row 3: 1,5"),
        ('2024-01-02,AAA,"1,234.5"\n', "decimal_comma_or_thousands", "row 3: 1,234.5"),
        ("2024-01-02,AAA,(5)\n", "parentheses", "row 3: (5)"),
        ("2024-01-02,AAA,5%\n", "percent_sign", "row 3: 5%"),
        ("2024-01-02,AAA,1e400\n", "not_finite", "row 3: 1e400"),
        ("2024-01-02,AAA,inf\n", "not_finite", "row 3: inf"),
        ("2024-01-02,AAA,five\n", "not_a_number", "row 3: five"),
        (",AAA,5\n", "empty_cell", "row 3: empty"),
        ("02/01/2024,AAA,5\n", "not_iso_date", "row 3: 02/01/2024"),
        ("2024-01-02T16:00,AAA,5\n", "time_of_day", "row 3: 2024-01-02T16:00"),
        ("1704153600,AAA,5\n", "epoch_unit", "row 3: 1704153600"),
        ("2025-01-02,AAA,5\n", "future_date", "row 3: 2025-01-02"),
    ],
)
def test_a_refused_cell_rejects_its_series_and_no_other(read, row, rule, example):
    raw = read({"prices.csv": HEADER + GOOD + row})
    (finding,) = raw.findings
    assert (finding.answer, finding.rule) == (Answer.REJECT, rule)
    assert (finding.table, finding.series, finding.count) == ("prices.csv", "AAA", 1)
    assert finding.examples == (example,)
    assert example in finding.message
    assert finding.remedy
    assert raw.tables["prices"]["instrument"].tolist() == ["BBB", "BBB"]
    assert raw.tables["prices"]["row"].tolist() == [1, 2]
    assert raw.identity["prices"].rows == 3


def test_five_examples_stand_for_many(read):
    spoiled = "".join(f'2024-01-{day:02},AAA,"{day},5"\n' for day in range(1, 32))
    (finding,) = read({"prices.csv": HEADER + GOOD + spoiled}).findings
    assert finding.count == 31
    assert finding.examples == tuple(f"row {day + 2}: {day},5" for day in range(1, 6))
    assert "31 rows, first row 3: 1,5" in finding.message


def test_a_missing_close_is_missing_and_nothing_else(read):
    raw = read({"prices.csv": HEADER + "2024-01-02,AAA,\n" + GOOD})
    assert raw.findings == ()
    assert raw.tables["prices"]["close"].isna().tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("date,instrument,Close", "has no column 'close' (nearest is 'Close')"),
        ("date,instrument,price", "has no column 'close'."),
        ("Date,instrument,close", "has no column 'date' (nearest is 'Date')"),
        ("date,ticker,close", "has no column 'instrument'."),
        ("date;instrument;close", "separated by commas"),
    ],
)
def test_a_missing_column_costs_the_table(refuse, header, words):
    finding = refuse(
        {"prices.csv": f"{header}\n2024-01-02,AAA,10\n"[: 999 if "," in header else -15]}
    )
    assert (finding.rule, finding.table, finding.series) == ("missing_column", "prices.csv", "")
    assert words in str(finding)


def test_an_extra_column_is_warned_of(read):
    raw = read({"prices.csv": "date,instrument,close,volumn\n2024-01-02,AAA,10,x\n"})
    (finding,) = raw.findings
    assert (finding.answer, finding.rule, finding.examples) == (
        Answer.WARN,
        "extra_column",
        ("volumn",),
    )
    assert "'volumn' (nearest is 'volume')" in finding.remedy
    assert "volumn" not in raw.tables["prices"]


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("close", [True, False], "column close holds bool, not numbers"),
        ("date", [20240102, 20240103], "column date holds int64, not dates"),
        ("date", pd.date_range("2024-01-02", periods=2, tz="UTC"), "instants in a time zone"),
        ("instrument", [1, 2], "column instrument holds int64, not text"),
    ],
)
def test_a_mistyped_column_costs_the_table(refuse, column, values, words):
    frame = pd.read_csv(io.StringIO(HEADER + GOOD), parse_dates=["date"]).assign(**{column: values})
    finding = refuse({"prices.csv": None, "prices.parquet": frame.to_parquet(index=False)})
    assert (finding.rule, finding.table) == ("mistyped_column", "prices.parquet")
    assert words in finding.message


def test_a_row_that_names_no_series_costs_the_table(refuse):
    finding = refuse({"prices.csv": HEADER + GOOD + "2024-01-02,,5\n"})
    assert finding.rule == "unnamed_series"
    assert "row 3" in finding.message


@pytest.mark.parametrize("table", ["instruments", "prices"])
def test_a_header_alone_is_no_data(refuse, table):
    headers = {"prices": HEADER, "instruments": "instrument,asset_class,currency,kind,move\n"}
    assert refuse({f"{table}.csv": headers[table]}).rule == "no_data"


@pytest.mark.parametrize(
    ("instant", "rule"),
    [
        ("2024-01-02T21:30:00", "naive_instant"),
        ("2024-01-02T16:30:00-05:00", "not_utc"),
        ("1704231000", "epoch_unit"),
        ("", "empty_cell"),
    ],
)
def test_an_ambiguous_instant_rejects_its_series(read, instant, rule):
    raw = read(
        {
            "macro.csv": "date,series,value,available_at\n"
            "2024-01-02,MOVE,110,2024-01-02T21:30:00Z\n"
            f"2024-01-02,VIX,13.2,{instant}\n"
        }
    )
    (finding,) = raw.findings
    assert (finding.rule, finding.table, finding.series) == (rule, "macro.csv", "VIX")
    assert raw.tables["macro"]["series"].tolist() == ["MOVE"]


def test_a_name_of_markup_or_formula_is_text(read):
    name = '=HYPERLINK("x")<script>'
    cell = '"' + name.replace('"', '""') + '"'
    raw = read({"prices.csv": HEADER + f"2024-01-02,{cell},10\n"})
    assert raw.tables["prices"]["instrument"].tolist() == [name]
    assert raw.findings == ()
