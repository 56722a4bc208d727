"""Bars, quotes, orders and headlines as they are read: what an instant and a word must say."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.findings import Answer

QUOTES = (
    "time,instrument,bid,ask,bid_size,ask_size\n"
    "2024-01-03T15:00:00Z,AAA,9.99,10.01,300,200\n"
    "2024-01-03T15:00:00.123456789Z,AAA,9.99,,300,0\n"
)
ORDERS = "time,instrument,side,size,price\n2024-01-03 15:00:00Z,AAA,buy,100,10\n"


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def test_quotes_are_read_to_the_nanosecond_and_may_have_one_side(read):
    raw = read({"quotes.csv": QUOTES})
    assert raw.findings == ()
    quotes = raw.tables["quotes"]
    assert list(quotes["time"]) == [
        utc("2024-01-03T15:00:00"),
        utc("2024-01-03T15:00:00.123456789"),
    ]
    assert quotes["ask"].isna().tolist() == [False, True]
    assert raw.identity["quotes"].rows == 2


def test_parquet_and_csv_say_the_same(read, spoil):
    from_text = read({"quotes.csv": QUOTES}).tables["quotes"]
    content = io.BytesIO()
    stored = from_text.drop(columns="row").assign(instrument=["AAA", "AAA"])
    pq.write_table(pa.Table.from_pandas(stored, preserve_index=False), content)
    (spoil({}) / "quotes.csv").unlink()
    again = read({"quotes.parquet": content.getvalue()}).tables["quotes"]
    pd.testing.assert_frame_equal(again, from_text)


def test_a_trade_may_have_no_side_but_not_any(read):
    unknown = ORDERS.replace("buy", "")
    assert read({"orders.csv": unknown}).tables["orders"]["side"].tolist() == [""]
    (finding,) = read({"orders.csv": ORDERS.replace("buy", "long")}).findings
    assert (finding.answer, finding.rule, finding.series) == (Answer.REJECT, "unknown_side", "AAA")


@pytest.mark.parametrize(
    ("instant", "rule"),
    [
        ("2024-01-03T15:00:00", "naive_instant"),
        ("2024-01-03T16:00:00+01:00", "not_utc"),
        ("2024-06-29T00:00:00Z", "future_instant"),  # the day after the fixture's today
        ("1970-01-20T17:39:39Z", "epoch_unit"),  # seconds read as milliseconds
        ("1704294000", "epoch_unit"),
        ("2024-02-30T15:00:00Z", "impossible_instant"),
        ("03/01/2024 15:00", "not_an_instant"),
        ("", "empty_cell"),
    ],
)
def test_an_instant_that_has_to_be_guessed_costs_its_series(read, instant, rule):
    rows = f"{QUOTES}{instant},BBB,1,2,1,1\n"
    raw = read({"quotes.csv": rows})
    (finding,) = raw.findings
    assert (finding.answer, finding.rule, finding.series) == (Answer.REJECT, rule, "BBB")
    assert set(raw.tables["quotes"]["instrument"]) == {"AAA"}


def test_numbers_for_instants_in_parquet_cost_the_table(read):
    content = io.BytesIO()
    frame = pd.DataFrame({"time": [1], "instrument": ["AAA"], "side": [""], "size": [1.0]})
    pq.write_table(pa.Table.from_pandas(frame), content)
    raw = read({"orders.parquet": content.getvalue()})
    (finding,) = raw.findings
    assert (finding.rule, finding.series) == ("mistyped_column", "")
    assert "orders" not in raw.tables


def test_headlines_without_a_source_are_one_series(read):
    rows = (
        "available_at,text,source\n"
        '2024-01-03T15:00:00Z,"<b>Crash, ""now""</b>",\n'
        "2024-01-03T15:00:01Z,=1+1,wire\n"
        "2024-01-03T15:00:02Z,,wire\n"
    )
    headlines = read({"headlines.csv": rows}).tables["headlines"]
    assert headlines["source"].tolist() == ["headlines", "wire", "wire"]
    assert headlines["text"].tolist() == ['<b>Crash, "now"</b>', "=1+1", ""]
    bare = "available_at,text\n2024-01-03T15:00:00Z,calm\n"
    assert read({"headlines.csv": bare}).tables["headlines"]["source"].tolist() == ["headlines"]


def test_a_label_lies_between_bad_and_good(read):
    rows = "available_at,text,label\n2024-01-03T15:00:00Z,calm,{}\n"
    assert read({"headlines.csv": rows.format("-1")}).findings == ()
    (finding,) = read({"headlines.csv": rows.format("5")}).findings
    assert (finding.rule, finding.series) == ("bad_label", "headlines")


def test_a_column_called_time_is_told_how_to_be_named(read):
    (finding,) = read({"headlines.csv": "time,text\n2024-01-03T15:00:00Z,calm\n"}).findings
    assert (finding.rule, "available_at" in finding.remedy) == ("missing_column", True)
