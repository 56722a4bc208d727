"""LOBSTER's pairs of files, by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.sources.directory import read_market

MESSAGES = (
    "34200.000000001,1,11,18,5853300,1\n"  # somebody bids 585.33 for 18
    "34200.5,4,12,50,5859400,-1\n"  # a seller at rest is hit: a purchase
    "34200.75,5,0,10,5853300,1\n"  # a hidden buyer is hit: a sale
    "34201,3,13,100,5859400,-1\n"
    "34202,6,-1,500,5855000,-1\n"  # an auction
    "34203,7,0,0,-1,-1\n"  # a halt
)
EMPTY = "9999999999,0,-9999999999,0"
BOOK = (
    "5859400,200,5853300,18,5859800,200,5853000,150\n"
    "5859400,150,5853300,18,5859800,200,5853000,150\n"
    "5859400,150,5853300,18,5859800,200,5853000,150\n"
    f"5859800,200,5853300,18,{EMPTY}\n"
    f"{EMPTY},{EMPTY}\n"
    f"{EMPTY},{EMPTY}\n"
)
NAME = "lobster/AAA_2024-01-03_34200000_57600000_{}_2.csv"


def pair(messages: str = MESSAGES, book: str | None = BOOK, name: str = NAME):
    return {name.format("message"): messages, name.format("orderbook"): book}


def test_the_best_of_each_side_and_the_depth_of_all_levels(read):
    raw = read(pair())
    assert raw.findings == ()
    quotes = raw.tables["quotes"]
    assert quotes["time"].iloc[0] == pd.Timestamp("2024-01-03T14:30:00.000000001Z")
    assert quotes["bid"].iloc[:4].tolist() == [585.33] * 4
    assert quotes["ask"].iloc[:4].tolist() == [585.94, 585.94, 585.94, 585.98]
    assert quotes["ask_size"].tolist() == [200, 150, 150, 200, 0, 0]
    assert quotes["bid_depth"].tolist() == [168, 168, 168, 18, 0, 0]
    assert quotes[["bid", "ask"]].iloc[4:].isna().all(axis=None)
    assert raw.identity[NAME.format("orderbook")].rows == 6


def test_a_trade_has_the_side_of_who_came(read):
    orders = read(pair()).tables["orders"]
    assert orders["kind"].tolist() == ["limit", "trade", "trade", "cancel", "trade"]
    assert orders["side"].tolist() == ["buy", "buy", "sell", "sell", ""]
    assert orders["size"].tolist() == [18, 50, 10, 100, 500]


def test_books_stand_below_the_quotes_of_a_table(read):
    table = (
        "time,instrument,bid,ask,bid_size,ask_size,exchange\n2024-01-03T15:00:00Z,BBB,1,2,1,1,N\n"
    )
    quotes = read(pair() | {"quotes.csv": table}).tables["quotes"]
    assert quotes["instrument"].tolist() == ["BBB", *["AAA"] * 6]
    assert quotes["exchange"].tolist() == ["N", *[""] * 6]
    assert quotes["bid_depth"].isna().tolist() == [True, *[False] * 6]


LINES = BOOK.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (pair(book=None), "missing_book"),
        (pair(book="".join(LINES[:-1])), "unpaired_book"),
        (pair(book="1,2,3\n" * 6), "not_lobster"),
        (pair(MESSAGES.replace("34201,3", "34201,9")), "unknown_kind"),
        (pair(MESSAGES.replace("34200.5", "1704294000")), "epoch_unit"),
        (pair(MESSAGES.replace("34200.5", "nan")), "not_finite"),
        (pair(MESSAGES.replace("34200.5", "half")), "not_lobster"),
        (pair(MESSAGES.replace(",1\n", "\n", 1)), "not_lobster"),
        (pair(name=NAME.replace("2024-01-03", "2024-06-29")), "future_date"),
        (pair(name=NAME.replace("2024-01-03", "2024-13-03")), "future_date"),
    ],
)
def test_a_pair_that_is_no_book_is_refused_and_the_rest_is_read(read, changes, rule):
    raw = read(changes)
    assert [finding.rule for finding in raw.findings] == [rule]
    assert {"quotes", "orders"}.isdisjoint(raw.tables)


def test_apples_first_minute_of_2012(rich_market: Path, spoil):
    """The sample LOBSTER publishes; its first and last rows were read by eye."""
    source = rich_market.parent / "microstructure"
    if not source.is_dir():
        pytest.skip("No microstructure samples beside the richer market.")
    files = {
        f"lobster/{path.name}": path.read_bytes() for path in source.glob("lobster_AAPL_*.csv")
    }
    raw = read_market(spoil(files))
    quotes, orders = raw.tables["quotes"], raw.tables["orders"]
    assert raw.findings == ()
    first = quotes.iloc[0]
    assert first["time"] == pd.Timestamp("2012-06-21T13:30:00.004241176Z")
    assert first[["bid", "ask", "bid_size", "ask_size"]].tolist() == [585.33, 585.94, 18, 200]
    # Ten levels: 200+200+200+300+50+100+10+100+1160+500 and 18+150+5+89+5+300+300+300+200+300.
    assert (first["ask_depth"], first["bid_depth"]) == (2820, 1667)
    assert orders.iloc[0][["side", "kind"]].tolist() == ["buy", "limit"]
    assert len(quotes) == len(orders)
