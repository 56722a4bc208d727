"""A rule, and what breaks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from features.findings import Answer, Finding


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold of every feed of a table.

    Attributes
    ----------
    name : str
        Stable short name; also the column of the summary that Great Expectations judges.
    answer : Answer
        What a feed gets that breaks it.
    expectation : str
        What must hold, in one sentence; the heading in the Data Docs.
    remedy : str
        What the user can do.
    excludes : bool
        Whether the whole feed is left out: rejected, or quarantined as a series.
    """

    name: str
    answer: Answer
    expectation: str
    remedy: str
    excludes: bool = False


@dataclass(frozen=True, slots=True)
class Breach:
    """What one feed has against one rule.

    Attributes
    ----------
    rule : Rule
    series : str
    count : int
        Rows or sessions concerned.
    examples : tuple of str
        The first five of them.
    found : str
        What was found, one sentence that follows the series' name.
    cells : DatetimeIndex
        Sessions whose value is quarantined.
    moves : DatetimeIndex
        Sessions whose move since the session before is no return.
    remedy : str
        A remedy more exact than the rule's.
    """

    rule: Rule
    series: str
    count: int
    examples: tuple[str, ...]
    found: str
    cells: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))
    moves: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))
    remedy: str = ""

    def finding(self, table: str) -> Finding:
        """The breach as the user reads it."""
        return Finding(
            answer=self.rule.answer,
            rule=self.rule.name,
            table=table,
            series=self.series,
            count=self.count,
            examples=self.examples,
            message=self.found,
            remedy=self.remedy or self.rule.remedy,
        )


def first_five(examples: Iterable[object]) -> tuple[str, ...]:
    """The first five as text, dates in ISO form."""
    shown: list[str] = []
    for example in examples:
        if len(shown) == 5:
            break
        shown.append(f"{example:%Y-%m-%d}" if isinstance(example, pd.Timestamp) else str(example))
    return tuple(shown)


def dated(dates: pd.DatetimeIndex, values: Iterable[float]) -> tuple[str, ...]:
    """The first five dates with their values, ``2020-04-20: -36.98``."""
    pairs = zip(dates[:5], values, strict=False)
    return tuple(f"{date:%Y-%m-%d}: {value:.6g}" for date, value in pairs)


def several(count: int, noun: str) -> str:
    """A count with its noun: ``1 close``, ``3 closes``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
