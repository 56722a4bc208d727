"""The picture of a replay: the same for the same content, and names are text in it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from flows.replay.picture import timeline_picture

DAYS = ["2021-12-28", "2021-12-29", "2021-12-30", "2021-12-31"]


def content(**more: Any) -> dict[str, Any]:
    series = [
        {
            "date": day,
            "regime": None,
            "standing": "legacy",
            "version": None,
            "held": 0,
            "degraded": 0,
            "var": 0.02,
            "pnl": 0.001,
        }
        for day in DAYS
    ]
    return {"book": "fx", "alpha": 0.99, "series": series, "events": []} | more


def texts(picture: str) -> list[str]:
    tree = ET.fromstring(picture)
    return ["".join(one.itertext()) for one in tree.iter("{http://www.w3.org/2000/svg}text")]


def test_the_same_content_is_the_same_picture() -> None:
    assert timeline_picture(content()) == timeline_picture(content())


@pytest.mark.parametrize("book", ["<b>&'\"", "a $\\frac$ b", "50$ and 60$", "Zürich"])
def test_a_name_is_text_whatever_it_holds(book: str) -> None:
    assert any(
        text.startswith(f"{book}: P&L against")
        for text in texts(timeline_picture(content(book=book)))
    )


def test_each_kind_of_event_that_happened_has_a_lane() -> None:
    events = [
        {"date": DAYS[1], "kind": "feeds", "text": "x"},
        {"date": DAYS[2], "kind": "veto", "text": "x"},
        {"date": DAYS[2], "kind": "promotion", "text": "x"},
        {"date": DAYS[3], "kind": "guardrail_alert", "text": "no lane of its own"},
    ]
    shown = texts(timeline_picture(content(events=events)))
    assert {"feed rejected", "veto", "promotion"} <= set(shown)
    assert "rollback" not in shown


def test_who_was_in_office_is_named() -> None:
    told = content()
    for row in told["series"][2:]:
        row |= {"standing": "champion", "version": 12}
    shown = texts(timeline_picture(told))
    assert "legacy" in shown
    assert "v12" in shown


def test_what_is_not_known_leaves_a_gap() -> None:
    told = content()
    for row in told["series"]:
        row |= {"var": None, "pnl": None}
    assert timeline_picture(told).startswith("<svg")
