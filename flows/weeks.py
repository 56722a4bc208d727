"""ISO weeks, in which the desk looks back and in which flagged dates are drawn together."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flows.refusal import RefusedError

_CLOSED = timedelta(days=5)
"""From Monday on: at the start of Saturday, UTC, every weekday's session is over."""


def week_of(day: date) -> str:
    """The ISO week of a date: 2020-03-16 is in ``2020-W12``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def days_of(week: str) -> tuple[date, date]:
    """Monday and Sunday of an ISO week.

    Raises
    ------
    RefusedError
        If it is not written like ``2020-W12``, or the year has no such week.
    """
    try:
        year, number = week.split("-W")
        monday = date.fromisocalendar(int(year), int(number), 1)
    except ValueError as error:
        raise RefusedError(f"--week: {week!r} is no ISO week such as 2020-W12.") from error
    if week_of(monday) != week:
        raise RefusedError(f"--week: {week!r} is no ISO week. Did you mean {week_of(monday)}?")
    return monday, monday + timedelta(days=6)


def closed_week(now: datetime, week: str | None = None) -> str:
    """A week whose sessions are over; by default the last one.

    Parameters
    ----------
    now : datetime
        Aware.
    week : str, optional

    Raises
    ------
    RefusedError
        If the week is not over, or is none.
    """
    if week is None:
        return week_of((now.astimezone(UTC) - _CLOSED).date())
    ends = datetime.combine(days_of(week)[0], time(), UTC) + _CLOSED
    if now < ends:
        raise RefusedError(
            f"--week: {week} has sessions to come and is looked back on once, from "
            f"{ends:%Y-%m-%d} on. Name an earlier week, or leave it out."
        )
    return week
