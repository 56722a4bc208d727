"""The lineage of a version as a picture: one SVG page, from raw files on the left to today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template

BOX_WIDTH, BOX_HEIGHT, GAP, COLUMN_GAP = 176, 40, 12, 44
LEFT, TOP = 28, 128
MOST = 8
"""Boxes of one column; what is more is counted in the last."""
LETTERS = 27
"""Of a line in a box."""

_COLUMNS = (
    ("Raw files and snapshot", "Raw files, snapshot"),
    ("Made with", "Made with"),
    ("Evidence", "Evidence"),
    ("Gates", "Gates"),
    ("Requests, approvals and vetoes", "Decisions"),
    ("Champion", "Champion"),
)
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
    columns = [
        (title, LEFT + place * (BOX_WIDTH + COLUMN_GAP), _boxes(chapters[name], place))
        for place, (name, title) in enumerate(_COLUMNS)
    ]
    deepest = max((box.y for _, _, boxes in columns for box in boxes), default=TOP)
    notes = [(name, _note(chapters[name])) for name in _BELOW]
    below = deepest + BOX_HEIGHT + 44
    return _template().render(
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
    shown = list(entries) if len(entries) <= MOST else list(entries[-(MOST - 1) :])
    lines = [_lines(entry) for entry in shown]
    tones = [_tone(str(entry["text"])) for entry in shown]
    if len(entries) > len(shown):
        lines.insert(0, (f"and {len(entries) - len(shown)} before", "listed by history"))
        tones.insert(0, "plain")
    return [
        Box(x, TOP + place * (BOX_HEIGHT + GAP), line, tone)
        for place, (line, tone) in enumerate(zip(lines, tones, strict=True))
    ]


def _lines(entry: Mapping[str, Any]) -> tuple[str, ...]:
    text = " ".join(str(entry["text"]).split())
    second = str(entry.get("sha256", ""))[:12] or " ".join(
        part for part in (str(entry.get("at", ""))[:16], str(entry.get("actor", ""))) if part
    )
    if second:
        return _cut(text), _cut(second)
    return (_cut(text), _cut(text[LETTERS - 1 :])) if len(text) > LETTERS else (text,)


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def _tone(text: str) -> str:
    if "NOT passed" in text or text.startswith("veto:"):
        return "bad"
    if text.endswith("passed") or "champion by" in text:
        return "good"
    return "hub" if text.startswith(("snapshot", "version ")) else "plain"


def _edges(columns: Sequence[Sequence[Box]]) -> list[tuple[int, int, int, int]]:
    """From the end of each column to all of the next; empty columns are passed over."""
    filled = [boxes for boxes in columns if boxes]
    edges: list[tuple[int, int, int, int]] = []
    for before, after in pairwise(filled):
        hub = next((box for box in before if box.tone == "hub"), before[0])
        edges += [(*hub.right, *box.left) for box in after]
    return edges


def _note(entries: Sequence[Mapping[str, Any]]) -> str:
    if not entries:
        return "none"
    last = " ".join(str(entries[-1]["text"]).split())
    told = last if len(last) <= 110 else f"{last[:109]}…"
    return told if len(entries) == 1 else f"{len(entries)}; the last: {told}"


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("lineage.svg.j2")
