"""What a person reads of the gate: faults first, counts, and names as plain text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from features.findings import Answer, Finding
from flows.feed_table import FeedFiles, summarise
from validation.verdicts import Verdicts

WRITTEN = FeedFiles(Path("/state/feeds.json"), Path("/state/index.html"))


def finding(answer: Answer, series: str) -> Finding:
    return Finding(answer, "a_rule", "prices.csv", series, 3, (), "breaks it.", "Mend it.")


@pytest.fixture
def verdicts() -> Verdicts:
    nothing = pd.DataFrame()
    feeds = pd.DataFrame(
        {
            "table": "prices",
            "series": ["A", "B", "C"],
            "answer": [Answer.REJECT, Answer.QUARANTINE, Answer.ACCEPT],
            "excluded": [True, False, False],
            "reason": "",
        }
    )
    books = pd.DataFrame(columns=["book", "answer", "excluded", "zero_risk", "reason"])
    books["excluded"] = books["excluded"].astype(bool)
    return Verdicts(
        as_of=pd.Timestamp("2024-12-31"),
        snapshot="0" * 64,
        tables={},
        findings=(
            finding(Answer.WARN, "C"),
            finding(Answer.QUARANTINE, "B"),
            finding(Answer.REJECT, "A"),
        ),
        feeds=feeds,
        books=books,
        rejected_tables=(),
        prices=nothing,
        macro=nothing,
        news=nothing,
        sessions={},
        quarantined={},
        breaks={},
        summaries={},
    )


def test_the_worst_comes_first_and_lesser_findings_are_only_counted(verdicts: Verdicts) -> None:
    assert [line.plain for line in summarise(verdicts, WRITTEN)] == [
        "rejected [a_rule] prices.csv: A breaks it. Mend it.",
        "quarantined [a_rule] prices.csv: B breaks it. Mend it.",
        "prices to 2024-12-31: 3 series, 1 rejected, 1 with a quarantine, 1 without a finding.",
        "1 left out of every forecast; 1 lesser finding is in feeds.json.",
        "verdicts  /state/feeds.json",
        "Data Docs /state/index.html",
    ]


def test_a_hostile_name_is_printed_as_text(verdicts: Verdicts) -> None:
    hostile = replace(verdicts, findings=(finding(Answer.REJECT, "[red]X\x1b[31m\nrejected"),))
    (first, *_) = summarise(hostile, WRITTEN)
    assert first.plain == (
        r"rejected [a_rule] prices.csv: [red]X\x1b[31m\x0arejected breaks it. Mend it."
    )
