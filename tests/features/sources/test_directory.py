"""What a market directory may look like, and how it is refused when it does not."""

import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.findings import Answer, UnreadableError
from features.sources.directory import read_market

PRICES = "date,instrument,close\n2024-01-02,AAA,10\n2024-01-02,BBB,20\n2024-01-03,AAA,11\n"
MACRO = "date,series,value,available_at\n2024-01-02,VIX,13.2,2024-01-02T21:30:00Z\n"
BOOK = "instrument,weight\nAAA,0.5\nBBB,-0.25\n"
EXAMPLE = Path(__file__).parents[3] / "infra" / "examples" / "market"


def test_the_smallest_market_is_read_as_it_stands(read):
    raw = read({"macro.csv": MACRO, "portfolios/half.csv": BOOK})
    assert raw.findings == ()
    prices = raw.tables["prices"]
    assert prices["close"].tolist() == [10.0, 20.0, 11.0, 19.0]
    assert prices["date"].tolist()[0] == pd.Timestamp("2024-01-02")
    assert prices["instrument"].tolist() == ["AAA", "BBB", "AAA", "BBB"]
    assert prices["row"].tolist() == [1, 2, 3, 4]
    assert raw.tables["macro"]["available_at"][0] == pd.Timestamp("2024-01-02 21:30Z")
    assert dict(raw.portfolios["half"][["instrument", "weight"]].itertuples(index=False)) == {
        "AAA": 0.5,
        "BBB": -0.25,
    }


def test_the_example_reads_without_a_finding():
    raw = read_market(EXAMPLE)
    assert raw.findings == ()
    pricing = {"curves", "credit", "vols", "dividends", "issuers"}
    assert set(raw.tables) == {"instruments", "prices", "macro", "news"} | pricing
    assert set(raw.positions) == {"desk"}
    assert set(raw.portfolios) == {"sixty_forty", "long_short"}
    held = {name for book in raw.portfolios.values() for name in book["instrument"]}
    assert held <= set(raw.tables["instruments"]["instrument"])


def test_the_snapshot_is_the_content_and_nothing_else(read, tmp_path):
    first = read({"portfolios/half.csv": BOOK})
    content = first.identity["portfolios/half"]
    assert content.sha256 == hashlib.sha256(BOOK.encode()).hexdigest()
    assert (content.file, content.rows) == ("portfolios/half.csv", 2)
    os.utime(tmp_path / "market" / "prices.csv", (0, 0))
    assert read({"portfolios/half.csv": BOOK}).snapshot == first.snapshot
    revised = read({"prices.csv": PRICES})  # one row less
    assert revised.snapshot != first.snapshot
    assert revised.identity["prices"].rows == 3


@pytest.mark.parametrize("table", ["instruments", "prices"])
def test_a_required_table_must_be_there(refuse, table):
    finding = refuse({f"{table}.csv": None, f"{table}s.csv": "a\n1\n"})
    assert (finding.answer, finding.rule) == (Answer.REJECT, "missing_table")
    assert f"nearest is '{table}s.csv'" in finding.message


def test_a_directory_must_be_one(tmp_path):
    with pytest.raises(UnreadableError, match="nowhere is not a directory that can be read"):
        read_market(tmp_path / "nowhere")


def test_two_files_for_one_table_are_ambiguous(read, refuse):
    frame = pd.read_csv(io.StringIO(PRICES))
    parquet = frame.to_parquet()
    finding = refuse({"prices.parquet": parquet})
    assert finding.rule == "ambiguous_table"
    assert finding.examples == ("prices.csv", "prices.parquet")


def test_an_unreadable_optional_table_is_left_out_and_rejected(read):
    raw = read({"macro.csv": "date,series,value,available_at\n", "news.csv": b"\xff\xfe"})
    assert [(f.answer, f.rule, f.table) for f in raw.findings] == [
        (Answer.REJECT, "no_data", "macro.csv"),
        (Answer.REJECT, "not_utf8", "news.csv"),
    ]
    assert set(raw.tables) == {"instruments", "prices"}
    assert raw.identity["macro"].rows == 0  # it was looked at, so it is part of the snapshot


def test_the_same_content_under_two_names_is_a_copy(read):
    books = {"portfolios/one.csv": BOOK, "portfolios/two.csv": BOOK}
    raw = read({**books, "macro.csv": MACRO, "news.csv": MACRO, "prices_new.csv": None})
    assert [(f.answer, f.rule, f.table) for f in raw.findings] == [
        (Answer.REJECT, "duplicate_file", "news.csv"),
        (Answer.REJECT, "duplicate_file", "portfolios/two.csv"),
    ]
    assert "same content as portfolios/one.csv" in raw.findings[1].message
    assert list(raw.portfolios) == ["one"]


def test_a_copy_of_the_prices_beside_them_is_found(read, spoil):
    copy = (spoil({}) / "prices.csv").read_bytes()
    raw = read({"prices_old.csv": copy})
    assert [(f.answer, f.rule, f.table) for f in raw.findings] == [
        (Answer.REJECT, "duplicate_file", "prices_old.csv")
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("price.csv", "(nearest is 'prices')"),
        ("zebra.parquet", "is no table of a market directory."),
    ],
)
def test_a_file_that_is_no_table_is_warned_of(read, name, message):
    (finding,) = read({name: "a\n1\n"}).findings
    assert (finding.answer, finding.rule, finding.table) == (Answer.WARN, "unused_table", name)
    assert message in finding.message


def test_notes_and_hidden_files_are_no_tables(read):
    others = ("README.md", "portfolios/README.md", "._prices.csv", "portfolios/._book.csv")
    assert read(dict.fromkeys(others, "notes")).findings == ()


def test_a_link_out_of_the_directory_is_refused(spoil, tmp_path):
    (tmp_path / "secret.csv").write_text(PRICES)
    market = spoil({"prices.csv": None})
    (market / "prices.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(UnreadableError, match="leads outside the market directory"):
        read_market(market)


def test_an_empty_book_is_an_answer_and_an_empty_file_is_not(read):
    raw = read({"portfolios/cash.csv": "instrument,weight\n", "portfolios/void.csv": ""})
    assert len(raw.portfolios["cash"]) == 0
    assert [(f.rule, f.table) for f in raw.findings] == [("no_data", "portfolios/void.csv")]


def test_a_book_of_quantities_is_read_as_positions(read):
    desk = "instrument,quantity,type,currency\nAAA,100,equity,USD\n"
    raw = read({"portfolios/desk.csv": desk})
    assert raw.findings == ()
    assert not raw.portfolios
    assert raw.positions["desk"]["quantity"].tolist() == [100.0]


def test_a_book_of_quantities_without_types_is_refused(read):
    (finding,) = read({"portfolios/desk.csv": "instrument,quantity\nAAA,100\n"}).findings
    assert (finding.answer, finding.rule) == (Answer.REJECT, "missing_column")
    assert "instrument, quantity, type, currency" in finding.remedy


def test_a_weight_that_is_no_number_rejects_its_holding(read):
    (finding,) = read({"portfolios/half.csv": 'instrument,weight\nAAA,"0,5"\nBBB,1\n'}).findings
    assert (finding.table, finding.series) == ("portfolios/half.csv", "AAA")
    assert finding.answer is Answer.REJECT


def test_a_series_refused_in_its_description_has_no_prices(read):
    raw = read(
        {
            "instruments.csv": "instrument,asset_class,currency,kind,move\n"
            "AAA,stock,USD,prise,log\nBBB,stock,USD,price,log\n"
        }
    )
    (finding,) = raw.findings
    assert (finding.table, finding.series, finding.rule) == (
        "instruments.csv",
        "AAA",
        "unknown_kind",
    )
    for table in ("instruments", "prices"):
        assert raw.tables[table]["instrument"].unique().tolist() == ["BBB"]
        assert list(raw.tables[table]["instrument"].cat.categories) == ["BBB"]


prices = st.floats(min_value=1e-6, max_value=1e12)
names = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tickers=st.lists(
        st.one_of(st.sampled_from(["NA", "TRUE", "1E5", "NULL", "=1+1", "<b>", "nan"]), names),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    closes=st.lists(st.one_of(prices, st.none()), min_size=3, max_size=3),
)
def test_csv_and_parquet_hold_the_same_market(tmp_path, tickers, closes):
    """Any name and any number come back as they were written, by either way."""
    dates = pd.date_range("2024-01-01", periods=3)
    table = pd.DataFrame(
        {
            "date": np.tile(dates, len(tickers)),
            "instrument": np.repeat(np.array(tickers, dtype=object), 3),
            "close": np.tile(np.array(closes, dtype=float), len(tickers)),
        }
    )
    listing = pd.DataFrame({"instrument": tickers}).assign(
        asset_class="stock", currency="USD", kind="price", move="log"
    )
    found = []
    for ending in ("csv", "parquet"):
        folder = tmp_path / ending
        folder.mkdir(exist_ok=True)
        for name, frame in (("prices", table), ("instruments", listing)):
            path = folder / f"{name}.{ending}"
            if ending == "csv":
                frame.to_csv(path, index=False, lineterminator="\n")
            else:
                frame.to_parquet(path, index=False)
        found.append(read_market(folder))
    for raw in found:
        assert raw.findings == ()
        assert raw.tables["prices"]["instrument"].tolist() == table["instrument"].tolist()
        np.testing.assert_array_equal(raw.tables["prices"]["close"], table["close"])
        np.testing.assert_array_equal(raw.tables["prices"]["date"], table["date"])
    pd.testing.assert_frame_equal(found[0].tables["prices"], found[1].tables["prices"])


def test_the_richer_market_reads_without_a_finding(rich_market):
    raw = read_market(rich_market)
    assert raw.findings == ()
    assert len(raw.tables["instruments"]) == 114
    assert len(raw.portfolios) == 8
    oil = raw.tables["prices"].query("instrument == 'WTI'").set_index("date")["close"]
    assert oil["2020-04-20"] == pytest.approx(-36.98, abs=5e-3)
    vix = raw.tables["macro"].query("series == 'VIX'").set_index("date")["value"]
    assert vix["2020-03-16"] == 82.69
