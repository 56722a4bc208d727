"""The page says what was learned, in figures a reader can check, and prints nothing unescaped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.clock import FixedClock
from flows.desk_settings import DeskSettings
from flows.flags import record_flag
from flows.ledger.ledger import Ledger
from flows.weekly import weekly_session
from flows.weekly_page import learned_lines, picture, render_week
from tests.flows.desk_sessions import ALPHA, record_session

HOSTILE = "<script>alert(1)</script> & =cmd()"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A session with one hostile flag, right, of a call that was exceeded."""
    clock = FixedClock(datetime(2020, 3, 16, tzinfo=UTC))
    ledger = Ledger.open(tmp_path, clock=clock)
    for day in ("2020-03-16", "2020-03-17", "2020-03-18"):
        record_session(ledger, clock, day, books=(HOSTILE,), pnl=-0.03)
    with ledger.transaction() as tx:
        record_flag(
            tx,
            actor="ada",
            portfolio=HOSTILE,
            session="2020-03-17",
            reason=HOSTILE,
            alpha=ALPHA,
        )
    clock.set(datetime(2020, 3, 21, 13, tzinfo=UTC))
    yield dict(weekly_session(ledger, tmp_path, desk=DeskSettings()).content)
    ledger.close()


def test_names_and_reasons_are_text_and_nothing_is_fetched(held: dict[str, Any]) -> None:
    page = render_week(held)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page
    assert page == render_week(held)
    assert "SIMULATED" in render_week(held, banner="SIMULATED APPROVAL")


def test_flags_are_told_beside_what_chance_would_find(held: dict[str, Any]) -> None:
    week, flags, *models = learned_lines(held)
    assert week.startswith("2 calls of 1 book met their session: 2 exceeded at 97.5% (0.1 ")
    assert flags.startswith("Of 1 judged flag 1 was right (100%). A flag put at random is right 1")
    assert models[-1].startswith("No version has been trained with these flags yet")


def test_the_latest_version_that_knew_of_flags_is_named(held: dict[str, Any]) -> None:
    versions = [
        {"model": "foreshock-tail", "number": 3, "flags": None, "weeks": None},
        {"model": "foreshock-tail", "number": 2, "flags": 4, "weeks": 1},
    ]
    told = learned_lines(held | {"learning": held["learning"] | {"versions": versions}})
    assert "foreshock-tail v2: 4 flags, 1 week left out." in told[-1]


def test_a_loss_is_drawn_in_multiples_of_its_var() -> None:
    losses = {"none": 0.0, "half": 0.01, "var": 0.02, "gain": -0.01, "crash": 0.5, "boom": -0.5}
    calls = [
        {"portfolio": book, "target": "2020-03-16", "pnl": -loss, "var": 0.02, "exceeded": False}
        for book, loss in losses.items()
    ]
    drawn = picture(calls)
    at = {row["book"]: row["points"][0]["x"] for row in drawn["rows"]}
    ticks = [tick["x"] for tick in drawn["ticks"]]
    assert at["var"] == drawn["limit"]
    assert at["half"] == pytest.approx((at["none"] + at["var"]) / 2)
    assert at["gain"] < at["none"]
    assert (at["boom"], at["crash"]) == (ticks[0], ticks[-1])
