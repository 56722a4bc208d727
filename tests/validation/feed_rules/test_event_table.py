"""Bars, quotes, orders and headlines before the gate: each row of the catalogue gets its answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.findings import Answer
from features.sources.directory import RawMarket, read_market
from validation.feed_rules.data_docs import write_data_docs
from validation.feeds import SUITES, judge
from validation.verdicts import Verdicts

SESSIONS = pd.bdate_range("2021-01-04", "2022-12-30")
AS_OF = pd.Timestamp("2022-12-30")
"""New York closes at 21:00 UTC, so that the last origin is 22:00."""
TIMES = pd.date_range("2022-12-29T15:00Z", periods=100, freq="s")

Walk = Callable[..., pd.Series]
Read = Callable[..., RawMarket]


def stamped(times: pd.DatetimeIndex) -> np.ndarray:
    return times.strftime("%Y-%m-%dT%H:%M:%SZ").to_numpy()


def quotes(name: str = "AAA", **changes: object) -> pd.DataFrame:
    about = {"time": stamped(TIMES), "instrument": name, "bid": 9.0, "ask": 10.0}
    return pd.DataFrame({**about, "bid_size": 100.0, "ask_size": 100.0}).assign(**changes)


def orders(name: str = "AAA", **changes: object) -> pd.DataFrame:
    about = {"time": stamped(TIMES), "instrument": name, "side": "buy", "size": 10.0}
    return pd.DataFrame({**about, "price": 9.5}).assign(**changes)


def at(row: int, value: float, otherwise: float) -> np.ndarray:
    column = np.full(len(TIMES), otherwise)
    column[row] = value
    return column


@pytest.fixture(scope="module")
def verdicts_of(walk: Walk, raw_market: Read) -> Callable[..., Verdicts]:
    def judged(as_of: pd.Timestamp = AS_OF, **tables: pd.DataFrame) -> Verdicts:
        prices = {name: walk(SESSIONS, seed) for seed, name in enumerate(("AAA", "BBB", "OIL"))}
        raw = raw_market(prices, about={"OIL": {"move": "diff"}}, **tables)
        return judge(raw, as_of=as_of)

    return judged


def against(verdicts: Verdicts, table: str) -> dict[tuple[str, str], tuple[Answer, int]]:
    """What a table has been answered, by series and rule."""
    return {
        (finding.series, finding.rule): (finding.answer, finding.count)
        for finding in verdicts.findings
        if finding.table == f"{table}.csv"
    }


def answer(verdicts: Verdicts, table: str, series: str) -> Answer:
    feeds = verdicts.feeds
    mine = feeds[(feeds["table"] == table) & (feeds["series"] == series)]
    return mine["answer"].item()


def test_sound_quotes_and_orders_pass_without_a_word(verdicts_of: Callable[..., Verdicts]):
    verdicts = verdicts_of(quotes=quotes(), orders=orders())
    assert against(verdicts, "quotes") == against(verdicts, "orders") == {}
    assert answer(verdicts, "quotes", "AAA") is Answer.ACCEPT
    assert {table: len(rows) for table, rows in verdicts.events.items()} == {
        "quotes": 100,
        "orders": 100,
    }


def test_a_bid_above_the_ask_is_held_back_and_an_equal_one_is_warned_of(
    verdicts_of: Callable[..., Verdicts],
):
    table = pd.concat([quotes(bid=at(3, 10.5, 9.0)), quotes("BBB", bid=at(5, 10.0, 9.0))])
    verdicts = verdicts_of(quotes=table)
    assert against(verdicts, "quotes") == {
        ("AAA", "crossed_quotes"): (Answer.QUARANTINE, 1),
        ("BBB", "locked_quotes"): (Answer.WARN, 1),
    }
    finding = next(f for f in verdicts.findings if f.rule == "crossed_quotes")
    assert finding.examples == ("row 4 at 2022-12-29T15:00:03.000000Z",)
    kept = verdicts.events["quotes"]["instrument"].value_counts()
    assert (kept["AAA"], kept["BBB"]) == (99, 100)


def test_above_five_percent_of_crossed_quotes_costs_the_feed(verdicts_of: Callable[..., Verdicts]):
    five, six = (quotes(name, bid=np.where(np.arange(100) < n, 11.0, 9.0)) for name, n in HELD)
    verdicts = verdicts_of(quotes=pd.concat([five, six]))
    assert answer(verdicts, "quotes", "AAA") is Answer.QUARANTINE
    assert answer(verdicts, "quotes", "BBB") is Answer.REJECT
    assert verdicts.rejected == ("quotes: BBB",)
    assert set(verdicts.events["quotes"]["instrument"]) == {"AAA"}


HELD = (("AAA", 5), ("BBB", 6))


def test_prices_and_sizes_that_cannot_be(verdicts_of: Callable[..., Verdicts]):
    table = pd.concat(
        [
            quotes(bid=at(3, -9.0, 9.0), ask_size=at(4, -1.0, 100.0)),
            quotes("OIL", bid=at(3, -37.0, 9.0)),  # its move is a difference
            quotes("BBB", bid=at(3, 0.0, 9.0), bid_size=at(3, 0.0, 100.0)),  # nobody bids
        ]
    )
    verdicts = verdicts_of(quotes=table, orders=orders(size=at(0, 0.0, 10.0)))
    assert against(verdicts, "quotes") == {("AAA", "bad_quotes"): (Answer.QUARANTINE, 2)}
    assert against(verdicts, "orders") == {("AAA", "bad_orders"): (Answer.QUARANTINE, 1)}


def test_unsorted_rows_are_sorted_and_unlisted_ones_rejected(
    verdicts_of: Callable[..., Verdicts],
):
    swapped = orders().iloc[[1, 0, *range(2, 100)]]
    verdicts = verdicts_of(orders=pd.concat([swapped, orders("WHO")]))
    assert against(verdicts, "orders") == {
        ("AAA", "unsorted"): (Answer.WARN, 1),
        ("WHO", "unlisted"): (Answer.REJECT, 100),
    }
    kept = verdicts.events["orders"]
    assert kept["time"].is_monotonic_increasing
    assert set(kept["instrument"]) == {"AAA"}


def test_nothing_after_the_last_origin_is_judged_or_kept(verdicts_of: Callable[..., Verdicts]):
    late = quotes(bid=11.0).iloc[:1].assign(time="2022-12-30T22:00:01Z")
    verdicts = verdicts_of(quotes=pd.concat([quotes(), late]))
    assert against(verdicts, "quotes") == {}
    assert len(verdicts.events["quotes"]) == 100
    earlier = verdicts_of(pd.Timestamp("2022-12-28"), quotes=quotes())
    assert against(earlier, "quotes") == {}
    assert len(earlier.events["quotes"]) == 0


HOSTILE = "<script>alert(1)</script>\n=cmd()"


def test_hostile_headlines_are_text_and_are_shown_nowhere(
    verdicts_of: Callable[..., Verdicts], tmp_path: Path
):
    table = pd.DataFrame(
        {
            "available_at": stamped(TIMES[:4]),
            "text": ["calm", HOSTILE, " ", "calm"],
            "source": ["wire", "wire", HOSTILE, "wire"],
            "instrument": ["", "AAA", "", HOSTILE],
        }
    )
    verdicts = verdicts_of(headlines=pd.concat([table, table.iloc[:1]]))
    assert against(verdicts, "headlines") == {
        ("wire", "unsorted"): (Answer.WARN, 1),
        (HOSTILE, "blank_headlines"): (Answer.WARN, 1),
        (HOSTILE, "nothing_usable"): (Answer.REJECT, 1),
        ("wire", "repeated_headlines"): (Answer.WARN, 1),
        ("wire", "unlisted_instruments"): (Answer.WARN, 1),
    }
    assert HOSTILE in verdicts.events["headlines"]["text"].tolist()
    page = write_data_docs(verdicts.summaries, SUITES, tmp_path / "docs").parent
    pages = "".join(path.read_text(encoding="utf-8") for path in page.rglob("*.html"))
    assert "alert(1)</script>" not in pages
    assert "alert(1)&lt;/script&gt;" in pages


def test_a_real_day_of_quotes_passes(rich_market: Path, walk: Walk, write_market, tmp_path: Path):
    file = rich_market.parent / "microstructure" / "quotes_ticks.parquet"
    if not file.is_file():
        pytest.skip("No microstructure samples beside the richer market.")
    dates = pd.bdate_range("2012-06-01", "2013-10-07")
    market = write_market({name: walk(dates, seed) for seed, name in enumerate(("AIG", "BAC"))})
    (market / "quotes.parquet").write_bytes(file.read_bytes())
    verdicts = judge(read_market(market), as_of=pd.Timestamp("2013-10-07"))
    assert [f.rule for f in verdicts.findings if f.table == "quotes.parquet"] == []
    # The day's last origin is 21:00 UTC, and some quotes come later.
    assert 1_556_000 < len(verdicts.events["quotes"]) <= 1_556_790
