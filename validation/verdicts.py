"""What the feed gate answers: per series, per book, and in a file another program reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import pandas as pd

from features.findings import Answer, Finding
from features.positions import Position
from features.pricing_market import PricingMarket

SCHEMA = "foreshock.feeds/1"
SEVERITY = (Answer.REJECT, Answer.QUARANTINE, Answer.IMPUTE, Answer.WARN, Answer.ACCEPT)
"""Worst first."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The gate's answers to one market directory at one as-of.

    Attributes
    ----------
    as_of : pandas.Timestamp
    snapshot : str
        SHA-256 that identifies the raw tables.
    tables : mapping of table to mapping
        ``file``, ``sha256`` and ``rows`` of each.
    findings : tuple of Finding
        The reader's and the gate's.
    feeds : DataFrame
        One row a series: table, series, answer (the worst), excluded (bool), expected, missing,
        missing_share, imputed, quarantined, first, last (dates), reason (of the worst answer),
        and missing_dates, quarantined_dates, break_dates as lists.
    books : DataFrame
        One row a book: book, answer, excluded, zero_risk (bool), reason.
    rejected_tables : tuple of str
        Files that were refused as a whole.
    prices, macro, news : DataFrame
        Rows that survived, one a date and series; the value is NaN where it is quarantined.
    sessions : mapping of instrument to DatetimeIndex
        Expected sessions of the series of prices that survived.
    quarantined, breaks : mapping of instrument to DatetimeIndex
        Sessions whose close is held back, and whose move is no return.
    summaries : mapping of table to DataFrame
        What Great Expectations judged: a count for each series and rule.
    events : mapping of table to DataFrame
        Rows of ``intraday``, ``quotes``, ``orders`` and ``headlines`` that survived, in order of
        time; absent where there is no such table.
    positions : mapping of book to tuple of Position
        Books of quantities that were not rejected, without the positions set aside.
    set_aside : mapping of book to tuple of Position
        Those: their size has to be stated beside every number.
    pricing : PricingMarket, optional
        What they are valued with: last quotes of the series that survived.
    """

    as_of: pd.Timestamp
    snapshot: str
    tables: Mapping[str, Mapping[str, Any]]
    findings: tuple[Finding, ...]
    feeds: pd.DataFrame
    books: pd.DataFrame
    rejected_tables: tuple[str, ...]
    prices: pd.DataFrame
    macro: pd.DataFrame
    news: pd.DataFrame
    sessions: Mapping[str, pd.DatetimeIndex]
    quarantined: Mapping[str, pd.DatetimeIndex]
    breaks: Mapping[str, pd.DatetimeIndex]
    summaries: Mapping[str, pd.DataFrame]
    events: Mapping[str, pd.DataFrame] = field(default_factory=dict[str, pd.DataFrame])
    positions: Mapping[str, tuple[Position, ...]] = field(
        default_factory=dict[str, tuple[Position, ...]]
    )
    set_aside: Mapping[str, tuple[Position, ...]] = field(
        default_factory=dict[str, tuple[Position, ...]]
    )
    pricing: PricingMarket | None = None

    @property
    def rejected(self) -> tuple[str, ...]:
        """Every series, table and book that was rejected, ``table: name``."""
        series = self.feeds[self.feeds["answer"] == Answer.REJECT]
        books = self.books[self.books["answer"] == Answer.REJECT]
        return (
            *self.rejected_tables,
            *(series["table"] + ": " + series["series"]),
            *("portfolios: " + books["book"]),
        )

    def excluded(self) -> list[dict[str, str]]:
        """What no flow goes on with, and why: rejected or quarantined as a whole."""
        feeds, books = self.feeds[self.feeds["excluded"]], self.books[self.books["excluded"]]
        gone = [
            {"table": table, "series": "", "answer": "R", "reason": reason}
            for table, reason in self._unread_tables()
        ]
        gone += [
            {"table": row.table, "series": row.series, "answer": row.answer, "reason": row.reason}
            for row in feeds.itertuples()
        ]
        return gone + [
            {"table": "portfolios", "series": row.book, "answer": row.answer, "reason": row.reason}
            for row in books.itertuples()
        ]

    def against(self, book: str) -> list[Finding]:
        """What a book was rejected for: its own findings, and those of its cells."""
        return [
            each
            for each in self.findings
            if each.answer is Answer.REJECT
            and each.table.startswith("portfolios/")
            and PurePath(each.table).stem == book
        ]

    def to_json(self) -> dict[str, Any]:
        """The content of ``feeds.json``: plain values, null where there is none.

        Returns
        -------
        dict
            ``schema``, ``as_of``, ``snapshot``, ``tables`` (table, file, sha256, rows),
            ``feeds`` and ``books`` (the columns above, dates in ISO form), ``findings`` (answer,
            rule, table, series, count, examples, message, remedy) and ``excluded`` (table,
            series, answer, reason).
        """
        return {
            "schema": SCHEMA,
            "as_of": _plain(self.as_of),
            "snapshot": self.snapshot,
            "tables": [{"table": name, **self.tables[name]} for name in sorted(self.tables)],
            "feeds": _records(self.feeds),
            "books": _records(self.books),
            "findings": [_finding(finding) for finding in self.findings],
            "excluded": self.excluded(),
        }

    def _unread_tables(self) -> list[tuple[str, str]]:
        return [
            (each.table, each.message)
            for each in self.findings
            if each.table in self.rejected_tables and each.answer is Answer.REJECT
        ]


def worst(answers: list[Answer]) -> Answer:
    """The most severe of some answers; accepted where there is none."""
    return min(answers, key=SEVERITY.index, default=Answer.ACCEPT)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "answer": finding.answer.value,
        "rule": finding.rule,
        "table": finding.table,
        "series": finding.series,
        "count": finding.count,
        "examples": list(finding.examples),
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {key: _plain(value) for key, value in record.items()}
        for record in frame.to_dict(orient="records")
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if value is None or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return str(value) if isinstance(value, Answer) else value
