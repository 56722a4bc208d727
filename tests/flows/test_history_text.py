from __future__ import annotations

from typing import Any

from flows.history_text import life_lines, version_lines

LIFE: dict[str, Any] = {
    "model": "foreshock-tail",
    "number": 3,
    "name": "combined",
    "state": "champion",
    "chapters": [
        {
            "title": "Findings",
            "entries": [
                {
                    "at": "2026-11-24T12:00:00.000000Z",
                    "actor": "vera",
                    "seq": 9,
                    "text": "ES\n\x1b[31mtoo low",
                    "sha256": "ab" * 32,
                }
            ],
        },
        {"title": "Alerts", "entries": []},
    ],
}


def test_an_entry_is_one_line_with_when_who_what_and_its_place_in_the_chain():
    assert life_lines(LIFE) == [
        "foreshock-tail v3 (combined): champion",
        "",
        "Findings",
        "  2026-11-24T12:00:00 vera  ES [31mtoo low  abababababab  #9",
        "",
        "Alerts",
        "  none",
    ]


def test_an_empty_ledger_says_what_to_do_next():
    assert version_lines([]) == ["The ledger has no version yet. `foreshock run` makes the first."]


def test_versions_stand_in_columns():
    one = {
        "number": 12,
        "name": "combined",
        "as_of": "2024-12-31",
        "recorded": "2026-11-24T12:00:00.000000Z",
        "cause": "drift\nof x",
        "gates": "7 of 7",
        "open_findings": 0,
        "state": "champion",
    }
    head, line = version_lines([one])
    assert line.index("champion") == head.index("state")
    assert "drift of x" in line
