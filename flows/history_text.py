"""A version's life as lines for the terminal; names from data are text, never control codes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_SECONDS = len("2020-03-16T20:00:00")
_SHOWN = 12  # of a hash; the JSON has all of it


def life_lines(life: Mapping[str, Any]) -> list[str]:
    """The chapters of `flows.history.life`, one line an entry."""
    head = f"{life['model']} v{life['number']} ({life['name']}): {life['state']}"
    lines = [_plain(head)]
    for chapter in life["chapters"]:
        lines += ["", chapter["title"]]
        lines += [_line(entry) for entry in chapter["entries"]] or ["  none"]
    return lines


def version_lines(versions: Sequence[Mapping[str, Any]]) -> list[str]:
    """The list of `flows.history.versions` as a table, or one line where there is none."""
    if not versions:
        return ["The ledger has no version yet. `foreshock run` makes the first."]
    columns = ("number", "name", "as_of", "recorded", "cause", "gates", "open_findings", "state")
    titles = ("version", "model", "as of", "recorded", "cause", "gates", "findings", "state")
    rows = [titles, *([_cell(one, name) for name in columns] for one in versions)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(titles))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
            for row in rows]  # fmt: skip


def _cell(version: Mapping[str, Any], name: str) -> str:
    text = _plain(str(version[name]))
    return text[:_SECONDS] if name == "recorded" else text


def _line(entry: Mapping[str, Any]) -> str:
    at = entry.get("at", "")[:_SECONDS]
    who = f" {entry['actor']}" if "actor" in entry else ""
    place = f"  #{entry['seq']}" if "seq" in entry else ""
    digest = f"  {entry['sha256'][:_SHOWN]}" if "sha256" in entry else ""
    return _plain(f"  {at}{who}{'  ' if at else ''}{entry['text']}{digest}{place}")


def _plain(text: str) -> str:
    """The text on one line and without control characters."""
    return "".join(
        " " if char in "\r\n\t" else "" if unicodedata.category(char)[0] == "C" else char
        for char in text
    )
