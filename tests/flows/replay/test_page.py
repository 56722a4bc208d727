"""The page of a replay: every text escaped, nothing from outside, and its mark on it."""

from __future__ import annotations

import re
from typing import Any

from flows.replay.page import render_page
from flows.simulated import MARK

EVIL = "<script>alert('x')</script>"


def event(day: str, kind: str, text: str) -> dict[str, str]:
    return {"date": day, "kind": kind, "text": text}


def content(**more: Any) -> dict[str, Any]:
    days = ["2021-12-28", "2021-12-29", "2021-12-30", "2021-12-31"]
    regimes = [None, "high", "crisis", "low"]
    series = [
        {
            "date": day,
            "regime": regime,
            "standing": "champion" if at else "legacy",
            "version": 1 if at else None,
            "held": int(at == 2),
            "degraded": 0,
            "var": 0.02 if at else None,
            "pnl": -0.03 if at == 2 else 0.001,
        }
        for at, (day, regime) in enumerate(zip(days, regimes, strict=True))
    ]
    told: dict[str, Any] = {
        "start": days[0],
        "end": days[-1],
        "snapshot": "ab" * 32,
        "sessions": 4,
        "book": "fx",
        "alpha": 0.99,
        "series": series,
        "events": [event(days[1], "promotion", "version 1 is champion; well")],
        "retrains": [
            {
                "version": 1,
                "date": days[0],
                "cause": "drift",
                "evidence": "three drifted",
                "failed_gates": ["shortfall_z2"],
                "promoted": True,
            }
        ],
        "faults": [
            {"fault": "a feed", "planted": days[1], "ended": days[1], "alarms": {"feeds": 0}},
            {"fault": "a model", "planted": None, "ended": None, "alarms": {"degraded": None}},
        ],
        "alarms": [
            {"kind": "guardrail_hold", "episodes": 3, "in_planted_faults": 1, "others_a_year": 2.0}
        ],
    }
    return told | more


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_page_says_that_nobody_decided() -> None:
    text = text_of(render_page(content()))
    assert f"{MARK}: a replay on history. Nothing here was decided by a person" in text
    assert text.count(MARK) == 2
    assert "2021-12-28 to 2021-12-31, 4 sessions" in text


def test_faults_delays_and_causes_are_told() -> None:
    text = text_of(render_page(content()))
    assert "a feed 2021-12-29 2021-12-29 feeds: 0" in text
    assert "a model not planted: nobody was in office the end degraded: none" in text
    assert "guardrail hold 3 1 2.0" in text
    assert "1 2021-12-28 drift three drifted shortfall z2 yes" in text


def test_only_what_people_did_is_among_the_decisions() -> None:
    events = [
        event("2021-12-29", "feeds", "a feed was rejected"),
        event("2021-12-30", "veto", "version 1; degraded"),
    ]
    text = text_of(render_page(content(events=events)))
    assert "veto version 1; degraded" in text
    assert "a feed was rejected" not in text
    assert text_of(render_page(content(events=[]))).endswith("nothing")


def test_hostile_texts_are_text() -> None:
    hostile = content(
        book=EVIL,
        events=[event("2021-12-29", "veto", EVIL)],
        start=EVIL,
        snapshot=EVIL,
    )
    hostile["retrains"][0] |= {"evidence": EVIL, "cause": EVIL, "failed_gates": [EVIL]}
    hostile["faults"][0] |= {"fault": EVIL, "alarms": {EVIL: 0}}
    hostile["alarms"][0] |= {"kind": EVIL}
    page = render_page(hostile)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8


def test_nothing_comes_from_outside_and_nothing_runs() -> None:
    page = render_page(content())
    links = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)""", page)
    assert [link for link in links if not link.startswith("#")] == []
    assert re.findall(r"url\((?!['\"]?#)|@import|<script|<iframe|\son\w+=", page) == []
