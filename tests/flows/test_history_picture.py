from __future__ import annotations

from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET

from flows.history_picture import BOX_HEIGHT, BOX_WIDTH, render_picture

TITLES = (
    "Raw files",
    "Made with",
    "Version",
    "Evidence",
    "Gates",
    "Requests, approvals and vetoes",
    "Champion",
    "Overrides, holds and flags",
    "Alerts",
    "Findings",
    "Documents",
    "Today",
)
SVG = "{http://www.w3.org/2000/svg}"


def made_life(
    entries: int, text: str = "shortfall_z2: 0.1 against -0.25, passed"
) -> dict[str, Any]:
    def made(count: int) -> list[dict[str, str]]:
        return [{"text": f"g{k}_{text}", "sha256": "ab" * 32} for k in range(count)]

    return {
        "model": "foreshock-tail",
        "number": 3,
        "name": "combined",
        "state": "champion",
        "today": "2026-11-24",
        "manifest_sha256": "cd" * 32,
        "chapters": [{"title": title, "entries": made(entries)} for title in TITLES],
    }


def boxes(picture: str) -> list[tuple[int, int]]:
    rects = ET.fromstring(picture).iter(f"{SVG}rect")
    return [(int(r.attrib["x"]), int(r.attrib["y"])) for r in rects if "rx" in r.attrib]


def test_boxes_stand_on_the_page_and_not_on_each_other():
    picture = render_picture(made_life(20))
    root = ET.fromstring(picture)
    width, height = int(root.attrib["width"]), int(root.attrib["height"])
    found = boxes(picture)
    assert len(found) == 7 * 8
    assert all(x + BOX_WIDTH <= width and y + BOX_HEIGHT <= height for x, y in found)
    for (x1, y1), (x2, y2) in combinations(found, 2):
        assert abs(x1 - x2) >= BOX_WIDTH or abs(y1 - y2) >= BOX_HEIGHT


def test_what_does_not_fit_is_counted():
    picture = render_picture(made_life(20))
    assert picture.count("and 13 more") == 4  # of what came first, the first are drawn
    assert picture.count("and 13 before") == 3  # of decisions, the last


def test_hostile_text_stays_text():
    picture = render_picture(made_life(1, "<script>&\n\"'"))
    tags = {element.tag for element in ET.fromstring(picture).iter()}
    assert f"{SVG}script" not in tags


def test_an_empty_life_is_still_a_picture():
    picture = render_picture(made_life(0))
    assert boxes(picture) == []
    assert picture.count(">none<") == 7 + 5
