"""The stage of a replay: its sessions, when each begins, and drift of what was known then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.market import latest_origin
from features.panel import Panel
from features.returns import History
from flows.replay import stage as module
from tests.flows.replay.small_stage import book_of, small_market, small_stage

MARKET = small_market()
BOOK = book_of(MARKET)


def on(*days: str) -> History:
    """A book with sessions on these days alone."""
    dates = pd.DatetimeIndex(days)
    return replace(BOOK, name="coin", dates=dates, origins=dates.tz_localize("UTC"))


def test_sessions_are_the_weekdays_of_any_book_within_the_span(tmp_path: Path) -> None:
    coin = on("2021-12-24", "2021-12-25", "2021-12-26", "2022-01-03")
    first, last = pd.Timestamp("2021-12-23"), pd.Timestamp("2021-12-31")
    both = small_stage(tmp_path, MARKET, BOOK, coin)
    assert both.sessions(first, last) == list(pd.bdate_range(first, last))
    alone = small_stage(tmp_path, MARKET, coin)
    assert alone.sessions(first, last) == [pd.Timestamp("2021-12-24")]


def test_a_session_begins_half_an_hour_after_its_numbers_are_known(tmp_path: Path) -> None:
    day = pd.Timestamp("2021-12-30")
    at = small_stage(tmp_path, MARKET, BOOK).closed(day)
    assert at - latest_origin(MARKET, day).to_pydatetime() == timedelta(minutes=30)
    assert at.tzinfo is not None


def test_drift_looks_at_nothing_that_came_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def measured(panel: Panel, histories: list[History], *, out: Path) -> dict[str, Any]:
        asked.update(panel=panel, histories=histories, out=out)
        return {"rows": [{"feature": "gap"}]}

    monkeypatch.setattr(module, "drift", measured)
    day = pd.Timestamp("2021-12-15")
    late = on("2021-12-20", "2021-12-21")  # not there yet
    assert small_stage(tmp_path, MARKET, BOOK, late).drift(day) == [{"feature": "gap"}]
    assert asked["out"] == tmp_path / "sessions" / "2021-12-15"
    (known,) = asked["histories"]
    size = int((BOOK.dates <= day).sum())
    assert 0 < size < len(BOOK.dates)
    assert known.dates[-1] == day
    for values in (known.returns, known.clean, known.origins, asked["panel"].values["all"].own):
        assert len(values) == size
    assert asked["panel"].values["all"].shared[-1, 0] == size - 1
