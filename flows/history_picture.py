"""The lineage of a version as a picture: one SVG page, from raw files on the left to today."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from flows.templates import template

if TYPE_CHECKING:
    pass

BOX_WIDTH, BOX_HEIGHT, GAP, COLUMN_GAP = 172, 40, 12, 34
LEFT, TOP = 28, 128
MOST = 8
"""Boxes of one column; what is more is counted in one of them."""
LETTERS = 24
"""Of a line in a box."""

_COLUMNS = (
    ("Raw files", "Raw files"),
    ("Made with", "Made with"),
    ("Version", "Version"),
    ("Evidence", "Evidence"),
    ("Gates", "Gates"),
    ("Requests, approvals and vetoes", "Decisions"),
    ("Champion", "Champion"),
)
_LATEST_FROM = 4
"""Columns from here on show their last entries where there are too many, the others the first."""
_HASH = re.compile(r"[0-9a-f]{40,64}")
_HUBS = ("snapshot", "version ", "promote requested")
"""What all of the column before leads to."""
_REIGNS = ("promotion", "rollback")
_BELOW = ("Overrides, holds and flags", "Alerts", "Findings", "Documents", "Today")


@dataclass(frozen=True, slots=True)
class Box:
    """One thing of the lineage.

    Attributes
    ----------
    x, y : int
        Upper left corner.
    lines : tuple of str
    tone : {"plain", "good", "bad", "hub"}
    """

    x: int
    y: int
    lines: tuple[str, ...]
    tone: str = "plain"

    @property
    def right(self) -> tuple[int, int]:
        """Where arrows leave."""
        return self.x + BOX_WIDTH, self.y + BOX_HEIGHT // 2

    @property
    def left(self) -> tuple[int, int]:
        """Where arrows arrive."""
        return self.x, self.y + BOX_HEIGHT // 2


def render_picture(life: Mapping[str, Any]) -> str:
    """An SVG document of a life, see `flows.history.life`; every text in it is escaped."""
    chapters = {chapter["title"]: chapter["entries"] for chapter in life["chapters"]}
    chapters["Gates"] = list({_gate(entry): entry for entry in chapters["Gates"]}.values())
    columns = [
        (title, LEFT + place * (BOX_WIDTH + COLUMN_GAP), _boxes(chapters[name], place))
        for place, (name, title) in enumerate(_COLUMNS)
    ]
    deepest = max((box.y for _, _, boxes in columns for box in boxes), default=TOP)
    notes = [(name, _note(chapters[name])) for name in _BELOW]
    below = deepest + BOX_HEIGHT + 44
    return template("lineage.svg.j2").render(
        life=life,
        columns=columns,
        edges=_edges([boxes for _, _, boxes in columns]),
        notes=[(below + 22 * place, name, text) for place, (name, text) in enumerate(notes)],
        width=2 * LEFT + len(columns) * BOX_WIDTH + (len(columns) - 1) * COLUMN_GAP,
        height=below + 22 * len(notes) + 16,
        left=LEFT,
        top=TOP,
        box_width=BOX_WIDTH,
        box_height=BOX_HEIGHT,
    )


def _boxes(entries: Sequence[Mapping[str, Any]], column: int) -> list[Box]:
    x = LEFT + column * (BOX_WIDTH + COLUMN_GAP)
    over = len(entries) - MOST + 1 if len(entries) > MOST else 0
    latest = column >= _LATEST_FROM
    shown = entries[over:] if latest else entries[: len(entries) - over]
    found = [(_lines(entry), _tone(str(entry["text"]))) for entry in shown]
    if over:
        count = ((f"and {over} {'before' if latest else 'more'}", "listed by history"), "plain")
        found.insert(0 if latest else len(found), count)
    return [
        Box(x, TOP + place * (BOX_HEIGHT + GAP), line, tone)
        for place, (line, tone) in enumerate(found)
    ]


def _gate(entry: Mapping[str, Any]) -> str:
    """Name of a gate; of several results only the last is drawn."""
    return str(entry["text"]).partition(": ")[0]


def _lines(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """What it is, and below it a hash, a value, or when and by whom."""
    title, _, rest = " ".join(str(entry["text"]).split()).partition(": ")
    stamped = " ".join((str(entry.get("at", ""))[:10], str(entry.get("actor", "")))).strip()
    rest = rest[:12] if _HASH.fullmatch(rest) else rest
    second = str(entry.get("sha256", ""))[:12] or (rest if "against" in rest else stamped) or rest
    return (_cut(title), _cut(second)) if second else (_cut(title),)


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def _tone(text: str) -> str:
    if "NOT passed" in text or text.startswith("veto:"):
        return "bad"
    if text.startswith(_HUBS):
        return "hub"
    return "good" if text.endswith("passed") or text.startswith(_REIGNS) else "plain"


def _edges(columns: Sequence[Sequence[Box]]) -> list[tuple[int, int, int, int]]:
    """All of a column lead to the hub of the next; without one, its hub or first to all of it."""
    filled = [boxes for boxes in columns if boxes]
    edges: list[tuple[int, int, int, int]] = []
    for before, after in pairwise(filled):
        into = [box for box in after if box.tone == "hub"][:1]
        out = [box for box in before if box.tone == "hub"][:1] or list(before[:1])
        pairs = [(box, into[0]) for box in before] if into else [(out[0], box) for box in after]
        edges += [(*start.right, *end.left) for start, end in pairs]
    return edges


def _note(entries: Sequence[Mapping[str, Any]]) -> str:
    if not entries:
        return "none"
    last = " ".join(str(entries[-1]["text"]).split())
    told = last if len(last) <= 110 else f"{last[:109]}…"
    return told if len(entries) == 1 else f"{len(entries)}; the last: {told}"
