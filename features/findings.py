"""What was found wrong with an input, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What a bad input gets; the catalogue of answers is the gate's."""

    REJECT = "R"
    QUARANTINE = "Q"
    IMPUTE = "I"
    WARN = "W"
    ACCEPT = "A"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule broken by one series, one table or one book.

    Attributes
    ----------
    answer : Answer
        What is done with the data concerned.
    rule : str
        Stable short name, e.g. ``missing_sessions``.
    table : str
        File name of the table, or ``portfolios/NAME.csv``.
    series : str
        Instrument, macro series or book; empty where the table itself is at fault.
    count : int
        Rows or sessions concerned.
    examples : tuple of str
        The first five of them, e.g. ``"row 418: 1,234.5"`` or ISO dates.
    message : str
        The rule and what was found, in one sentence.
    remedy : str
        What the user can do about it.
    """

    answer: Answer
    rule: str
    table: str
    series: str
    count: int
    examples: tuple[str, ...]
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.table}: {self.series}" if self.series else self.table
        return f"{where} {self.message} {self.remedy}".strip()


class UnreadableError(ValueError):
    """An input that cannot be read at all; carries the finding that says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding
