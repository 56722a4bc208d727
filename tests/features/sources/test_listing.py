"""What the instruments table says must make sense, row by row."""

import pytest

from features.findings import Answer

COLUMNS = "instrument,asset_class,currency,kind,move"
BBB = "BBB,stock,USD,price,log"


def listing(extra: str, row: str, *more: str) -> dict[str, str]:
    """An instruments table in which AAA is described by a row and BBB is as it should be."""
    commas = "," * extra.count(",")
    lines = [COLUMNS + extra, row, *more, BBB + commas]
    return {"instruments.csv": "\n".join(lines) + "\n"}


@pytest.mark.parametrize(
    ("extra", "row", "rule", "words"),
    [
        ("", "AAA,stock,USD,bond,log", "unknown_kind", "Use one of price, fx, rate, spread"),
        ("", "AAA,stock,USD,price,Log", "unknown_move", "Use one of log, diff"),
        ("", "AAA,stock,,price,log", "empty_cell", "currency is empty (row 1: empty)"),
        ("", "AAA,,USD,price,log", "empty_cell", "asset_class is empty"),
        ("", "AAA,stock,USD,,log", "empty_cell", "kind is empty"),
        (",timezone", "AAA,stock,USD,price,log,New York", "unknown_timezone", "row 1: New York"),
        (",timezone", "AAA,stock,USD,price,log,../etc", "unknown_timezone", "IANA name"),
        (",timezone", "AAA,stock,USD,price,log,Europe", "unknown_timezone", "IANA name"),
        (",close_time", "AAA,stock,USD,price,log,4pm", "bad_close_time", "row 1: 4pm"),
        (",close_time", "AAA,stock,USD,price,log,24:30", "bad_close_time", "Write it as 16:00"),
        (",lag_sessions", "AAA,stock,USD,price,log,-1", "bad_lag", "whole number from 0 to 250"),
        (",lag_sessions", "AAA,stock,USD,price,log,1.5", "bad_lag", "row 1: 1.5"),
        (",lag_sessions", "AAA,stock,USD,price,log,one", "not_a_number", "row 1: one"),
        (",listed_from", "AAA,stock,USD,price,log,1/2/20", "not_iso_date", "row 1: 1/2/20"),
        (
            ",listed_from,listed_to",
            "AAA,stock,USD,price,log,2024-02-01,2024-01-01",
            "reversed_life",
            "listed_to lies before listed_from",
        ),
    ],
)
def test_a_senseless_description_rejects_its_series_alone(read, extra, row, rule, words):
    raw = read(listing(extra, row))
    (finding,) = raw.findings
    assert (finding.answer, finding.rule) == (Answer.REJECT, rule)
    assert (finding.table, finding.series) == ("instruments.csv", "AAA")
    assert words in str(finding)
    assert raw.tables["instruments"]["instrument"].tolist() == ["BBB"]


def test_two_descriptions_that_differ_reject_the_series(read):
    raw = read(listing("", "AAA,stock,USD,price,log", "AAA,stock,EUR,price,log"))
    (finding,) = raw.findings
    assert (finding.answer, finding.rule) == (Answer.REJECT, "duplicate_instrument")
    assert finding.examples == ("row 1: AAA", "row 2: AAA")
    assert raw.tables["instruments"]["instrument"].tolist() == ["BBB"]


def test_the_same_description_twice_is_read_once(read):
    raw = read(listing("", "AAA,stock,USD,price,log", "AAA,stock,USD,price,log"))
    (finding,) = raw.findings
    assert (finding.answer, finding.rule) == (Answer.WARN, "repeated_instrument")
    assert raw.tables["instruments"]["instrument"].tolist() == ["AAA", "BBB"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("AAA,rate,USD,rate,log", "log_move_of_rate"),
        ("AAA,spread,USD,spread,log", "log_move_of_rate"),
        ("AAA,fx,USD,fx,diff", "diff_move_of_fx"),
    ],
)
def test_an_unusual_move_is_warned_of(read, row, rule):
    raw = read(listing("", row))
    assert [(f.answer, f.rule, f.series) for f in raw.findings] == [(Answer.WARN, rule, "AAA")]
    assert len(raw.tables["instruments"]) == 2


def test_any_calendar_and_a_later_end_are_accepted(read):
    row = "AAA,stock,USD,price,log,MOON,24:00,,,2030-01-01"
    raw = read(listing(",calendar,close_time,timezone,lag_sessions,listed_to", row))
    assert raw.findings == ()


def test_a_vintage_is_first_or_revised(read):
    rows = "2024-01-02,{0},13.2,2024-01-02T21:30:00Z,{1}\n"
    raw = read(
        {
            "macro.csv": "date,series,value,available_at,vintage\n"
            + rows.format("A", "first")
            + rows.format("B", "revised")
            + rows.format("C", "")
            + rows.format("D", "final")
        }
    )
    assert [(f.rule, f.series) for f in raw.findings] == [("unknown_vintage", "D")]
    assert raw.tables["macro"]["series"].tolist() == ["A", "B", "C"]
