"""Every row of the bad-input catalogue about prices, macro, news and books gets its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.findings import Answer
from features.sources.directory import RawMarket, read_market
from validation.feeds import judge
from validation.verdicts import Verdicts

Walk = Callable[..., pd.Series]
Read = Callable[..., RawMarket]

# New York's sessions, by the exchange's published holidays rather than by our calendar code.
HOLIDAYS = pd.DatetimeIndex(
    ["2021-01-18", "2021-02-15", "2021-04-02", "2021-05-31", "2021-07-05", "2021-09-06",
     "2021-11-25", "2021-12-24", "2022-01-17", "2022-02-21", "2022-04-15", "2022-05-30",
     "2022-06-20", "2022-07-04", "2022-09-05", "2022-11-24", "2022-12-26"]
)  # fmt: skip
SESSIONS = pd.bdate_range("2021-01-04", "2022-12-30").difference(HOLIDAYS)
N = 503
AT = 300
DAY = SESSIONS[AT]


@pytest.fixture(scope="module")
def prices(walk: Walk) -> dict[str, pd.Series]:
    """One series for each thing that can be wrong with a price."""
    names = (
        "GOOD", "CONFLICT", "FLAT", "FIVE_PERCENT", "OVER_FIVE_PERCENT", "LATE", "BLANK",
        "CONSTANT", "SPLIT", "PENCE", "ZERO", "NEGATIVE", "OIL", "RATE", "VOLATILITY", "SPIKE",
        "CRASH", "WEEKEND", "SHORT", "GONE", "HUGE", "HELD", "UNKNOWN", "NA", "TRUE", "1E5", "NULL",
    )  # fmt: skip
    made = {name: walk(SESSIONS, seed) for seed, name in enumerate(names)}
    made["FLAT"].iloc[AT : AT + 15] = made["FLAT"].iloc[AT]
    made["FIVE_PERCENT"] = made["FIVE_PERCENT"].iloc[3:]  # 500 sessions, 25 of them missing
    made["FIVE_PERCENT"].iloc[20:495:19] = np.nan
    made["OVER_FIVE_PERCENT"] = made["OVER_FIVE_PERCENT"].iloc[3:].copy()
    made["OVER_FIVE_PERCENT"].iloc[20:499:19] = np.nan  # 26
    made["LATE"] = made["LATE"].iloc[:-1]
    made["BLANK"][:] = np.nan
    made["CONSTANT"][:] = 7.0
    made["SPLIT"].iloc[AT:] /= 2
    made["PENCE"].iloc[AT:] *= 100
    made["ZERO"].iloc[AT] = 0.0
    made["NEGATIVE"].iloc[AT] = -3.0
    made["OIL"].iloc[AT] = -36.98
    made["RATE"] = made["RATE"] / 100 - 1.2
    made["VOLATILITY"].iloc[AT] = -12.0
    made["SPIKE"].iloc[AT + 50] *= 1.3  # alone: what many share is a crash
    made["CRASH"].iloc[AT:] *= 0.7
    made["WEEKEND"][pd.Timestamp("2022-03-05")] = 100.0  # a Saturday
    made["WEEKEND"] = made["WEEKEND"].sort_index()
    made["SHORT"] = made["SHORT"].iloc[-249:]
    made["GONE"] = made["GONE"].iloc[:400]
    made["HUGE"].iloc[AT] = 1e308
    made["BITCOIN"] = walk(pd.date_range("2021-01-04", "2022-12-30"), 99)
    return made


@pytest.fixture(scope="module")
def market(prices: dict[str, pd.Series], write_market: Callable[..., Path]) -> Path:
    """The directory with all of them, its macro and news, and its books."""
    rows = pd.concat(
        pd.DataFrame({"date": closes.index, "instrument": name, "close": closes.to_numpy()})
        for name, closes in prices.items()
    )
    good = rows["instrument"] == "GOOD"
    repeated = rows[good].iloc[[AT]]
    other = rows[rows["instrument"] == "CONFLICT"].iloc[[AT]].assign(close=55.0)
    swapped = walk_swapped(rows[good].assign(instrument="UNSORTED"))
    rows = pd.concat([rows, repeated, other]).sort_values(["instrument", "date"], kind="stable")
    rows = pd.concat([rows, swapped])
    return write_market(
        rows,
        about={
            "OIL": {"asset_class": "commodity", "move": "diff"},
            "RATE": {"asset_class": "rate", "kind": "rate", "move": "diff"},
            "VOLATILITY": {"asset_class": "volatility"},
            "BITCOIN": {"calendar": "24/7", "close_time": "24:00", "timezone": "UTC"},
            "FIVE_PERCENT": {"listed_from": f"{SESSIONS[3]:%Y-%m-%d}"},
            "GONE": {"listed_to": f"{SESSIONS[399]:%Y-%m-%d}"},
            "NEVER": {},
            "UNKNOWN": None,
        },
        macro=macro(),
        books={
            "sound": {"GOOD": 0.5, "SPLIT": 0.5},
            "stranger": {"GOOD": 0.5, "NOBODY": 0.5},
            "weightless": "GOOD,0.5\nCRASH,\n",
            "twice": "GOOD,0.5\nGOOD,0.5\n",
            "of_rates": {"GOOD": 0.5, "RATE": 0.5},
            "of_oil": {"OIL": 1.0},
            "GOOD": {"GOOD": 1.0},
            "of_pence": {"GOOD": 0.5, "PENCE": 0.5},
            "of_constant": {"GOOD": 0.5, "CONSTANT": 0.5},
            "nothing": "",
            "zero": {"GOOD": 0.0},
        },
    )


def walk_swapped(rows: pd.DataFrame) -> pd.DataFrame:
    order = list(range(len(rows)))
    order[AT], order[AT + 1] = order[AT + 1], order[AT]
    return rows.iloc[order]


def macro() -> pd.DataFrame:
    """One sound series, and one that was known two days before its date."""
    known = SESSIONS + pd.Timedelta(hours=22)
    sound = pd.DataFrame({"date": SESSIONS, "series": "SOUND", "value": np.arange(N) % 7})
    sound = sound.assign(available_at=known.strftime("%Y-%m-%dT%H:%M:%SZ"))
    too_soon = (known - pd.Timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return pd.concat([sound, sound.assign(series="EARLY", available_at=too_soon)])


@pytest.fixture(scope="module")
def verdicts(market: Path) -> Verdicts:
    raw = read_market(market)
    assert len(SESSIONS) == N
    return judge(raw, as_of=SESSIONS[-1])


def answers(verdicts: Verdicts, series: str, table: str = "prices") -> dict[str, str]:
    return {
        finding.rule: finding.answer.value
        for finding in verdicts.findings
        if finding.series == series and finding.table.startswith(table)
    }


def feed(verdicts: Verdicts, series: str, table: str = "prices") -> pd.Series:
    feeds = verdicts.feeds
    (row,) = feeds.index[(feeds["table"] == table) & (feeds["series"] == series)]
    return feeds.loc[row]


@pytest.mark.parametrize(
    ("series", "rules", "answer", "excluded"),
    [
        ("GOOD", {"repeated_rows": "W"}, "W", False),
        ("CONFLICT", {"conflicting_rows": "Q", "gaps": "I"}, "Q", False),
        ("UNSORTED", {"unsorted": "W"}, "W", False),
        ("FLAT", {"flat_line": "Q"}, "Q", False),
        ("FIVE_PERCENT", {"gaps": "I"}, "I", False),
        ("OVER_FIVE_PERCENT", {"missing_sessions": "R"}, "R", True),
        ("LATE", {"gap_at_last_date": "Q"}, "Q", False),
        ("BLANK", {"no_closes": "R"}, "R", True),
        ("NEVER", {"no_closes": "R"}, "R", True),
        ("CONSTANT", {"constant": "Q"}, "Q", True),
        ("SPLIT", {"split": "Q"}, "Q", False),
        ("PENCE", {"unit": "R"}, "R", True),
        ("OIL", {"negative_price": "W", "extreme_move": "W"}, "W", False),
        ("RATE", {}, "A", False),
        ("SPIKE", {"reverting_print": "Q"}, "Q", False),
        ("CRASH", {"extreme_move": "W"}, "W", False),
        ("WEEKEND", {"outside_calendar": "Q"}, "Q", False),
        ("BITCOIN", {}, "A", False),
        ("SHORT", {"short_history": "R"}, "W", False),
        ("GONE", {}, "A", False),
        ("HUGE", {"not_finite": "R"}, "R", True),
        ("UNKNOWN", {"unlisted": "R"}, "R", True),
        ("NA", {}, "A", False),
        ("TRUE", {}, "A", False),
        ("1E5", {}, "A", False),
        ("NULL", {}, "A", False),
    ],
)
def test_each_fault_of_a_price_gets_its_answer(
    verdicts: Verdicts, series: str, rules: dict[str, str], answer: str, excluded: bool
) -> None:
    assert answers(verdicts, series) == rules
    row = feed(verdicts, series)
    assert (row["answer"].value, row["excluded"]) == (answer, excluded)
    assert (series in set(verdicts.prices["instrument"])) != (excluded or series == "NEVER")


@pytest.mark.parametrize("series", ["ZERO", "NEGATIVE"])
def test_an_equity_at_or_below_zero_is_rejected(verdicts: Verdicts, series: str) -> None:
    assert answers(verdicts, series)["not_positive"] == "R"
    assert feed(verdicts, series)["excluded"]


def test_a_negative_volatility_is_quarantined_and_the_series_goes_on(verdicts: Verdicts) -> None:
    assert answers(verdicts, "VOLATILITY") == {"negative_volatility": "Q"}
    assert list(verdicts.quarantined["VOLATILITY"]) == [DAY]
    kept = verdicts.prices[verdicts.prices["instrument"] == "VOLATILITY"].set_index("date")["close"]
    assert kept.isna().sum() == 1
    assert np.isnan(kept[DAY])


def test_missing_is_counted_on_expected_sessions_and_exactly_five_percent_passes(
    verdicts: Verdicts,
) -> None:
    passed, failed = feed(verdicts, "FIVE_PERCENT"), feed(verdicts, "OVER_FIVE_PERCENT")
    assert (passed["expected"], passed["missing"]) == (500, 25)
    assert (failed["expected"], failed["missing"]) == (500, 26)
    assert len(failed["missing_dates"]) == 26
    (finding,) = [each for each in verdicts.findings if each.rule == "missing_sessions"][:1]
    assert str(finding) == (
        "prices.csv: OVER_FIVE_PERCENT misses 5.2% of the sessions 2021-01-07..2022-12-30 "
        "(limit 5%). Rejected; the 26 dates are in feeds.json. "
        "Fill the dates in at the source, or correct calendar, listed_from and listed_to."
    )


def test_a_series_past_its_listing_is_not_late(verdicts: Verdicts) -> None:
    assert feed(verdicts, "GONE")["expected"] == 400
    assert feed(verdicts, "GONE")["missing"] == 0


def test_a_split_names_its_date_and_costs_one_move(verdicts: Verdicts) -> None:
    assert list(verdicts.breaks["SPLIT"]) == [DAY]
    assert "SPLIT" not in verdicts.quarantined


@pytest.mark.parametrize(
    ("book", "rule"),
    [
        ("stranger", "unknown_instrument"),
        ("weightless", "missing_weight"),
        ("twice", "duplicate_position"),
        ("of_rates", "not_holdable"),
        ("of_oil", "not_holdable"),
        ("GOOD", "named_like_an_instrument"),
        ("of_pence", "holds_a_rejected_feed"),
    ],
)
def test_a_book_at_fault_is_refused_and_says_what_it_holds(
    verdicts: Verdicts, book: str, rule: str
) -> None:
    assert answers(verdicts, book, "portfolios") == {rule: "R"}
    assert verdicts.books.set_index("book").loc[book, "excluded"]
    assert f"portfolios: {book}" in verdicts.rejected


def test_a_book_shares_the_answer_to_its_worst_holding(
    verdicts: Verdicts, walk: Walk, raw_market: Read
) -> None:
    assert answers(verdicts, "of_constant", "portfolios") == {"holds_a_quarantined_feed": "Q"}
    assert "portfolios: of_constant" not in verdicts.rejected
    assert verdicts.books.set_index("book").loc["of_constant", "excluded"]
    young = raw_market(
        {"OLD": walk(SESSIONS), "YOUNG": walk(SESSIONS[400:], 1)},
        about={"YOUNG": {"listed_from": f"{SESSIONS[400]:%Y-%m-%d}"}},
        books={"both": {"OLD": 0.5, "YOUNG": 0.5}},
    )
    before = judge(young, as_of=SESSIONS[399])
    assert answers(before, "both", "portfolios") == {"holds_an_unlisted_feed": "W"}
    assert before.rejected == ()


def test_a_book_of_nothing_is_an_explicit_zero_risk_state(verdicts: Verdicts) -> None:
    books = verdicts.books.set_index("book")
    assert list(books.index[books["zero_risk"]]) == ["nothing", "zero"]
    assert not books.loc[["nothing", "zero", "sound"], "excluded"].any()


def test_the_book_that_holds_a_rejected_feed_names_it(verdicts: Verdicts) -> None:
    reason = verdicts.books.set_index("book").loc["of_pence", "reason"]
    assert "PENCE" in reason
    assert "factor of 100" in reason


def test_the_file_names_everything_left_out_and_is_plain_json(verdicts: Verdicts) -> None:
    told = json.loads(json.dumps(verdicts.to_json(), allow_nan=False))
    assert told["schema"] == "foreshock.feeds/1"
    assert told["as_of"] == "2022-12-30"
    gone = {(each["table"], each["series"]) for each in told["excluded"]}
    assert {("prices", "HUGE"), ("prices", "UNKNOWN"), ("macro", "EARLY")} <= gone
    assert {("portfolios", "of_pence"), ("portfolios", "GOOD")} <= gone
    assert {("prices", "GOOD"), ("prices", "SPIKE"), ("portfolios", "sound")}.isdisjoint(gone)
    assert {each["file"] for each in told["tables"]} >= {"prices.csv", "macro.csv"}


def test_every_finding_says_rule_count_examples_and_remedy(verdicts: Verdicts) -> None:
    for finding in verdicts.findings:
        assert finding.rule
        assert finding.message.endswith(".")
        assert finding.remedy.endswith(".")
        assert len(finding.examples) <= 5


def test_nothing_after_the_as_of_is_looked_at(
    market: Path, prices: dict[str, pd.Series], raw_market: Read
) -> None:
    """A print at the as-of is kept, although it reverts the day after."""
    as_of = SESSIONS[AT + 50]
    whole = judge(read_market(market), as_of=as_of)
    assert answers(whole, "SPIKE") == {"extreme_move": "W"}
    assert whole.prices["date"].max() == as_of
    assert whole.macro["date"].max() <= as_of
    before = judge(
        raw_market({"SPIKE": prices["SPIKE"][:as_of], "GOOD": prices["GOOD"][:as_of]}), as_of=as_of
    )
    assert answers(before, "SPIKE") == answers(whole, "SPIKE")


def test_quarantine_that_costs_too_much_coverage_takes_the_series_but_rejects_nothing(
    walk: Walk, raw_market: Read
) -> None:
    closes = walk(SESSIONS)
    closes.iloc[AT : AT + 30] = closes.iloc[AT]
    verdicts = judge(raw_market({"A": closes, "B": walk(SESSIONS, 1)}), as_of=SESSIONS[-1])
    assert answers(verdicts, "A") == {"flat_line": "Q", "too_much_quarantined": "Q"}
    assert feed(verdicts, "A")["excluded"]
    assert verdicts.rejected == ()


def test_a_lagged_yield_is_not_late_by_its_own_lag(walk: Walk, raw_market: Read) -> None:
    raw = raw_market(
        {"YIELD": walk(SESSIONS).iloc[:-1], "A": walk(SESSIONS, 1)},
        about={"YIELD": {"kind": "rate", "move": "diff", "lag_sessions": 1}},
    )
    assert answers(judge(raw, as_of=SESSIONS[-1]), "YIELD") == {}


def test_what_the_reader_refused_is_reported_and_its_books_with_it(
    walk: Walk, write_market: Callable[..., Path]
) -> None:
    directory = write_market(
        {"A": walk(SESSIONS), "B": walk(SESSIONS, 1)}, books={"both": {"A": 1, "B": 1}}
    )
    text = (directory / "prices.csv").read_text().splitlines()
    text[40] = text[40].rsplit(",", 1)[0] + ',"1,234.5"'
    (directory / "prices.csv").write_text("\n".join(text))
    verdicts = judge(read_market(directory), as_of=SESSIONS[-1])
    assert answers(verdicts, "A") == {"decimal_comma_or_thousands": "R"}
    assert verdicts.rejected == ("prices: A", "portfolios: both")
    assert feed(verdicts, "A")["answer"] is Answer.REJECT
