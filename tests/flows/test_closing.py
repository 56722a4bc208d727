"""The last lines of a run: few, honest, and the report's path at the very end."""

from __future__ import annotations

from typing import Any

from flows.closing import closing_lines

DONE: dict[str, Any] = {
    "verdict": "99% ES forecasts beat GJR-FHS by 2.4% (t -4.1).",
    "gates": {"relative_fz0": True, "shortfall_z2": False},
    "excluded": ["HYG: misses 7.4% of the sessions", "EURISK: misses 40.9% of the sessions"],
    "registered": "foreshock-tail",
    "version": 3,
    "report": "/state/runs/2024-12-31-1a2b3c4d/report.html",
}


def test_at_most_eight_lines_and_the_report_last():
    lines = closing_lines(DONE)
    assert len(lines) <= 8
    assert lines[0] == DONE["verdict"]
    assert lines[-1] == DONE["report"]


def test_what_was_left_out_and_what_failed_is_said():
    text = "\n".join(closing_lines(DONE))
    assert "HYG: misses 7.4% of the sessions and 1 more" in text
    assert "Gates not passed: shortfall_z2" in text


def test_nobody_is_champion_and_the_legacy_stays_the_number():
    text = "\n".join(closing_lines(DONE))
    assert "foreshock-tail v3 as challenger" in text
    assert "No champion" in text
    assert "hs_250" in text


def test_without_a_version_none_is_claimed():
    text = "\n".join(closing_lines(DONE | {"version": None, "gates": {}, "excluded": []}))
    assert "challenger" not in text
