"""Time, passed in: nothing that decides asks the machine what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Says what time it is, in UTC."""


def system_clock() -> datetime:
    """Time of this machine, in UTC."""
    return datetime.now(UTC)


class FixedClock:
    """A clock that moves only when told to: for replays, and for tests.

    Parameters
    ----------
    at : datetime
        Aware; what it says until it is moved.
    """

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def __call__(self) -> datetime:
        """Time it stands at, in UTC."""
        return self._at

    def set(self, at: datetime) -> None:
        """Move it to an instant, forward or back.

        Raises
        ------
        ValueError
            If the instant has no time zone.
        """
        if at.tzinfo is None:
            raise ValueError(f"at must say its time zone, got {at.isoformat()}. Add tzinfo=UTC.")
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move it by a duration."""
        self._at += by


def instant_text(at: datetime) -> str:
    """An instant as text that sorts by time: ``2020-03-16T20:00:00.000000Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_instant(text: str) -> datetime:
    """Inverse of `instant_text`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
