"""What the feed gate says to a person: one line a feed at fault, then the counts."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.text import Text

from features.findings import Answer, Finding
from validation.feed_rules.sessions import SHORT
from validation.verdicts import SEVERITY, Verdicts

_SHOWN = {Answer.REJECT: ("rejected", "bold red"), Answer.QUARANTINE: ("quarantined", "yellow")}
_SAID = {
    Answer.REJECT: "rejected",
    Answer.QUARANTINE: "with a quarantine",
    Answer.IMPUTE: "with imputed gaps",
    Answer.WARN: "with a warning",
    Answer.ACCEPT: "without a finding",
}


@dataclass(frozen=True, slots=True)
class FeedFiles:
    """Where the verdicts were written.

    Attributes
    ----------
    json : Path
        ``feeds.json``.
    docs : Path
        First page of the Great Expectations Data Docs.
    """

    json: Path
    docs: Path


def summarise(verdicts: Verdicts, written: FeedFiles) -> list[Text]:
    """Lines for the terminal: what was rejected or quarantined and why, counts, and files.

    Names come from the user's files: they are printed as text, never as markup, and without
    control characters.
    """
    order = {answer: place for place, answer in enumerate(SEVERITY)}
    shown = [finding for finding in verdicts.findings if finding.answer in _SHOWN]
    lines = [_line(finding) for finding in sorted(shown, key=lambda each: order[each.answer])]
    feeds = verdicts.feeds
    for table, mine in feeds.groupby("table", sort=False):
        lines.append(Text(f"{table} to {verdicts.as_of:%Y-%m-%d}: {_counts(mine, 'series')}."))
    if len(verdicts.books):
        lines.append(Text(f"books: {_counts(verdicts.books, 'book')}."))
    excluded = len(verdicts.excluded())
    warned = sum(finding.answer not in _SHOWN for finding in verdicts.findings)
    lines.append(
        Text(
            f"{excluded} left out of every forecast; {warned} lesser "
            f"finding{' is' if warned == 1 else 's are'} in feeds.json."
        )
    )
    return [*lines, Text(f"verdicts  {written.json}"), Text(f"Data Docs {written.docs}")]


def _line(finding: Finding) -> Text:
    word, style = _SHOWN[finding.answer]
    if finding.rule == SHORT.name:
        word = "no model for"  # the feed stands; it is its models that are refused
    return Text.assemble(
        (word, style), " ", (f"[{finding.rule}]", "dim"), " ", _plain(str(finding))
    )


def _counts(frame: pd.DataFrame, what: str) -> str:
    counts = frame["answer"].value_counts()
    parts = [f"{counts[answer]} {_SAID[answer]}" for answer in SEVERITY if answer in counts]
    noun = {"series": "series", "book": "book" if len(frame) == 1 else "books"}[what]
    return f"{len(frame)} {noun}, {', '.join(parts)}"


def _plain(text: str) -> str:
    """Text without anything that moves the cursor or hides."""
    return "".join(
        character if unicodedata.category(character)[0] != "C" else f"\\x{ord(character):02x}"
        for character in text
    )
