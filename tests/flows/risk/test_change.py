"""A change of ES is shared out between trades and markets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flows.risk.change import change_since, keep

KIND: dict[str, Any] = {"horizon": 10, "unit": "share"}


def es_of(holdings: Mapping[str, float]) -> float | None:
    """Today a unit of A costs 0.05, of B 0.02; C is not in the set."""
    cost = {"A": 0.05, "B": 0.02}
    if not set(holdings) <= set(cost):
        return None
    return sum(cost[name] * weight for name, weight in holdings.items())


def test_markets_are_todays_scenarios_on_yesterdays_book(tmp_path: Path):
    keep(tmp_path, as_of="2024-12-30", holdings={"A": 1.0}, es=0.04, **KIND)
    now = {"A": 0.5, "B": 0.5}
    told = change_since(
        tmp_path, as_of="2024-12-31", holdings=now, es=float(es_of(now) or 0), es_of=es_of, **KIND
    )
    assert told["change"] == pytest.approx(-0.005)
    assert told["markets"] == pytest.approx(0.01)
    assert told["trades"] == pytest.approx(-0.015)
    assert told["traded"] == ["A", "B"]


def test_a_later_and_the_same_day_are_not_yesterday(tmp_path: Path):
    for as_of in ("2024-12-31", "2025-01-02"):
        keep(tmp_path, as_of=as_of, holdings={"A": 1.0}, es=0.04, **KIND)
    told = change_since(tmp_path, as_of="2024-12-31", holdings={}, es=0.0, es_of=es_of, **KIND)
    assert told["status"] == "no earlier report of this book"


def test_what_the_set_does_not_hold_is_not_shared_out(tmp_path: Path):
    keep(tmp_path, as_of="2024-12-30", holdings={"C": 1.0}, es=0.04, **KIND)
    told = change_since(
        tmp_path, as_of="2024-12-31", holdings={"A": 1.0}, es=0.05, es_of=es_of, **KIND
    )
    assert told["change"] == pytest.approx(0.01)
    assert told["markets"] is None


def test_a_report_over_other_sessions_is_not_yesterdays(tmp_path: Path):
    keep(tmp_path, as_of="2024-12-30", holdings={"A": 1.0}, es=0.01, horizon=1, unit="share")
    told = change_since(
        tmp_path, as_of="2024-12-31", holdings={"A": 1.0}, es=0.05, es_of=es_of, **KIND
    )
    assert told["status"] == "no earlier report of this book"
