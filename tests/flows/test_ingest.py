"""What passes the gate goes on, what does not is named, and the exit code says which it was."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.findings import Answer
from features.market import truncate
from features.returns import instrument_history
from flows.cli import app
from flows.ingest import exit_code, ingest, judged, write_feeds
from flows.refusal import RefusedError

DATES = pd.bdate_range("2021-01-04", periods=400)
ABOUT = "instrument,asset_class,currency,kind,move\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Six series that move together on weekdays, and two books."""
    generator = np.random.default_rng(1)
    shared = generator.normal(0, 0.01, len(DATES))
    for name in "ABCDEF":
        own = shared + generator.normal(0, 0.005, len(DATES))
        write(tmp_path, name, pd.Series(100 * np.exp(np.cumsum(own)), DATES))
    (tmp_path / "portfolios").mkdir()
    (tmp_path / "portfolios" / "ab.csv").write_text("instrument,weight\nA,0.5\nB,0.5\n")
    (tmp_path / "portfolios" / "cd.csv").write_text("instrument,weight\nC,1\nD,-0.5\n")
    return tmp_path


def write(directory: Path, name: str, closes: pd.Series) -> None:
    """Put a series into the directory's two tables, or replace it there."""
    file = directory / "prices.csv"
    rows = pd.read_csv(file, dtype={"instrument": str}) if file.exists() else pd.DataFrame()
    rows = rows[rows["instrument"] != name] if len(rows) else rows
    new = pd.DataFrame({"date": closes.index.strftime("%Y-%m-%d"), "instrument": name})
    pd.concat([rows, new.assign(close=closes.to_numpy())]).to_csv(file, index=False)
    listed = directory / "instruments.csv"
    text = listed.read_text() if listed.exists() else ABOUT
    if f"\n{name}," not in text:
        listed.write_text(f"{text}{name},equity,USD,price,log\n")


def series(directory: Path, name: str) -> pd.Series:
    rows = pd.read_csv(directory / "prices.csv", parse_dates=["date"])
    return rows[rows["instrument"] == name].set_index("date")["close"]


def test_a_clean_directory_passes_untouched(directory: Path) -> None:
    found = ingest(directory)
    market = found.market
    assert market.as_of == DATES[-1]
    assert exit_code(found.verdicts) == 0
    assert set(market.instruments) == set("ABCDEF")
    assert dict(market.portfolios) == {"ab": {"A": 0.5, "B": 0.5}, "cd": {"C": 1.0, "D": -0.5}}
    pd.testing.assert_series_equal(
        market.close["A"], series(directory, "A"), check_names=False, check_freq=False
    )
    assert not market.imputed.any(axis=None)
    assert not market.breaks.any(axis=None)


def test_one_rejected_series_takes_its_book_and_leaves_the_rest(directory: Path) -> None:
    write(directory, "A", series(directory, "A").drop(DATES[50:80]))
    found = ingest(directory)
    assert exit_code(found.verdicts) == 2
    assert set(found.market.instruments) == set("BCDEF")
    assert set(found.market.portfolios) == {"cd"}
    gone = found.verdicts.to_json()["excluded"]
    assert [(each["table"], each["series"], each["answer"]) for each in gone] == [
        ("prices", "A", "R"),
        ("portfolios", "ab", "R"),
    ]


def test_an_imputed_close_is_flagged_and_enters_no_realised_pnl(directory: Path) -> None:
    truth = series(directory, "A")
    write(directory, "A", truth.drop(DATES[200]))
    found = ingest(directory)
    assert found.market.imputed["A"].sum() == 1
    assert found.market.imputed.loc[DATES[200], "A"]
    assert found.market.close.loc[DATES[200], "A"] == pytest.approx(truth[DATES[200]], rel=0.02)
    history = instrument_history(found.market, "A")
    unclean = history.dates[~history.clean]
    assert list(unclean) == [DATES[200], DATES[201]]
    feeds = found.verdicts.feeds.set_index("series")
    assert feeds["imputed"].to_dict() == {**dict.fromkeys("BCDEF", 0), "A": 1}


def test_a_quarantined_print_is_replaced_and_flagged(directory: Path) -> None:
    spiked = series(directory, "A")
    spiked[DATES[200]] *= 1.5
    write(directory, "A", spiked)
    found = ingest(directory)
    assert exit_code(found.verdicts) == 0
    assert found.market.imputed.loc[DATES[200], "A"]
    assert found.market.close.loc[DATES[200], "A"] < 1.1 * spiked[DATES[199]]


def test_a_split_is_a_break_and_both_closes_stay(directory: Path) -> None:
    closes = series(directory, "A")
    closes[DATES[200] :] /= 2
    write(directory, "A", closes)
    found = ingest(directory)
    assert list(DATES[found.market.breaks["A"]]) == [DATES[200]]
    assert not found.market.imputed.any(axis=None)
    history = instrument_history(found.market, "A")
    assert DATES[200] not in history.dates[history.clean]


def test_a_gap_at_the_latest_date_is_never_filled(directory: Path) -> None:
    write(directory, "A", series(directory, "A").iloc[:-2])
    found = ingest(directory)
    assert found.market.close["A"].iloc[-2:].isna().all()
    assert not found.market.imputed["A"].any()
    rules = {finding.rule for finding in found.verdicts.findings if finding.series == "A"}
    assert rules == {"gap_at_last_date"}


def test_an_earlier_as_of_sees_nothing_later(directory: Path) -> None:
    gapped = series(directory, "A").drop(DATES[100])
    write(directory, "A", gapped)
    then = ingest(directory, as_of=DATES[300]).market
    now = truncate(ingest(directory).market, DATES[300])
    pd.testing.assert_frame_equal(then.close, now.close, check_exact=True)
    pd.testing.assert_frame_equal(then.imputed, now.imputed)


def test_an_as_of_before_all_prices_is_refused(directory: Path) -> None:
    with pytest.raises(
        RefusedError, match=r"as_of must not lie before the first date of prices\.csv"
    ):
        ingest(directory, as_of=pd.Timestamp("1999-01-01"))


def test_a_directory_with_nothing_usable_is_refused(directory: Path) -> None:
    for name in "ABCDEF":
        write(directory, name, -series(directory, name))
    with pytest.raises(RefusedError, match="no series passed the feed gate"):
        ingest(directory)
    assert exit_code(judged(directory)) == 2


def test_the_verdicts_are_written_with_their_data_docs(directory: Path, state_root: Path) -> None:
    verdicts = judged(directory)
    written = write_feeds(verdicts)
    assert written.json == state_root / "feeds" / verdicts.snapshot / "feeds.json"
    told = json.loads(written.json.read_text())
    assert told == json.loads(json.dumps(verdicts.to_json()))
    assert "prices" in written.docs.read_text()
    assert write_feeds(verdicts) == written  # again, over what is there


def test_validate_says_what_is_wrong_and_where_it_is_written(
    directory: Path, state_root: Path
) -> None:
    """What could not be read and what did not make sense, side by side."""
    write(directory, "A", series(directory, "A").drop(DATES[50:80]))
    prices = directory / "prices.csv"
    lines = prices.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if ",C," in line)
    lines[at] = lines[at].rsplit(",", 1)[0] + ',"1.234,5"'
    prices.write_text("\n".join(lines))
    done = CliRunner().invoke(app, ["validate", "--data", str(directory)])
    assert done.exit_code == 2
    assert "rejected [missing_sessions] prices.csv: A misses 7.5% of the sessions" in done.stdout
    assert "rejected [decimal_comma_or_thousands] prices.csv: C" in done.stdout
    assert "rejected [holds_a_rejected_feed] portfolios/ab.csv: ab" in done.stdout
    assert "rejected [holds_a_rejected_feed] portfolios/cd.csv: cd" in done.stdout
    assert "prices to 2022-07-15: 6 series, 2 rejected, 4 without a finding." in done.stdout
    (written,) = state_root.glob("feeds/*/feeds.json")
    assert f"verdicts  {written}" in done.stdout


def test_a_quarantine_alone_is_no_failure(directory: Path) -> None:
    spiked = series(directory, "A")
    spiked[DATES[200]] *= 1.5
    write(directory, "A", spiked)
    verdicts = judged(directory)
    assert {finding.answer for finding in verdicts.findings} == {Answer.QUARANTINE}
    assert exit_code(verdicts) == 0


def test_an_unreadable_directory_is_refused_without_a_traceback(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["validate", "--data", str(tmp_path / "nowhere")])
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_what_happened_within_the_day_goes_on_up_to_the_last_origin(directory: Path) -> None:
    """New York's summer close is 20:00 UTC, its origin 21:00."""
    day = f"{DATES[-1]:%Y-%m-%d}"
    (directory / "quotes.csv").write_text(
        "time,instrument,bid,ask,bid_size,ask_size\n"
        f"{day}T15:00:00Z,A,9,10,1,1\n"
        f"{day}T15:00:01Z,B,9,10,1,1\n"
        f"{day}T23:00:00Z,A,9,10,1,1\n"
    )
    (directory / "headlines.csv").write_text(f"available_at,text\n{day}T15:00:00Z,=1+1\n")
    market = ingest(directory).market
    assert market.quotes["instrument"].tolist() == ["A", "B"]
    assert market.headlines["text"].tolist() == ["=1+1"]
    assert market.orders.empty
    assert market.intraday.empty
    earlier = truncate(market, DATES[-2])
    assert earlier.quotes.empty
    assert earlier.headlines.empty
    assert earlier.snapshot == market.snapshot
