"""Weeks are those of ISO 8601, and one is looked back on when its weekdays are over."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from flows.refusal import RefusedError
from flows.weeks import closed_week, days_of, week_of


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2020-03-16", "2020-W12"),
        ("2020-03-22", "2020-W12"),
        ("2021-01-03", "2020-W53"),  # a Sunday of the year before
        ("2024-12-30", "2025-W01"),  # a Monday of the year after
    ],
)
def test_a_date_has_its_iso_week(day: str, week: str) -> None:
    assert week_of(date.fromisoformat(day)) == week
    first, last = days_of(week)
    assert first <= date.fromisoformat(day) <= last
    assert (first.isoweekday(), last.isoweekday()) == (1, 7)


@pytest.mark.parametrize("text", ["2020-12", "2020-W60", "2021-W53", "2020-W1", "W12", "2020-Wxx"])
def test_what_is_no_iso_week_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="no ISO week"):
        days_of(text)


@pytest.mark.parametrize(
    ("now", "week"),
    [
        ("2020-03-20T23:59", "2020-W11"),  # Friday evening
        ("2020-03-21T00:00", "2020-W12"),  # Saturday
        ("2020-03-22T23:00", "2020-W12"),
        ("2020-03-23T08:00", "2020-W12"),  # Monday: the week before
    ],
)
def test_a_week_is_over_with_its_friday(now: str, week: str) -> None:
    assert closed_week(datetime.fromisoformat(now).replace(tzinfo=UTC)) == week


def test_a_week_with_sessions_to_come_is_refused() -> None:
    friday = datetime(2020, 3, 20, 22, tzinfo=UTC)
    assert closed_week(friday, "2020-W11") == "2020-W11"
    with pytest.raises(RefusedError, match=r"2020-W12 has sessions to come.*from 2020-03-21"):
        closed_week(friday, "2020-W12")
