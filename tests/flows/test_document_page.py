from __future__ import annotations

from html.parser import HTMLParser

import pytest

from flows.document_page import figure, render_document
from tests.validation.documents.conftest import made_inputs
from validation.documents.catalogue import KINDS, Kind, build

HOSTILE = "<script>alert(1)</script>\n=cmd|'/c calc'!A1"


class Reader(HTMLParser):
    """What a browser would make of a page: its tags, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.stem)
def test_every_document_makes_a_page_that_needs_nothing_from_outside(kind: Kind):
    page = render_document(build(kind, made_inputs()))
    assert kind.title in Reader(page).text
    assert "://" not in page
    assert {"script", "img", "link", "iframe"}.isdisjoint(Reader(page).tags)


def test_hostile_names_stay_text():
    row = {"portfolio": HOSTILE, "alpha": 0.99, "target": "2020-03-16"}
    inputs = made_inputs(exceedances=[row | {"var": 0.06, "es": 0.08, "pnl": -0.12}], model=HOSTILE)
    found = Reader(render_document(build(KINDS[5], inputs)))
    assert "script" not in found.tags
    assert HOSTILE in found.text


def test_what_waits_for_a_person_and_what_blocks_are_said_first():
    text = " ".join(Reader(render_document(build(KINDS[4], made_inputs()))).text.split())
    assert "Blocks promotion: validation-report.opinion" in text
    assert "PENDING HUMAN for validator; blocks promotion" in text


def test_a_statement_stands_with_its_speaker():
    said = {"opinion": {"value": "fit <for> use", "by": "vera", "at": "2026-11-24"}}
    text = Reader(render_document(build(KINDS[4], made_inputs(), statements=said))).text
    assert "fit <for> use" in text
    assert "Said by vera, 2026-11-24." in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "n/a"), (True, "yes"), (-0.25, "−0.25"), (1e-7, "1e−07"), (12, "12"), ("a", "a")],
)
def test_figures_are_printed_for_people(value: object, shown: str):
    assert figure(value) == shown
