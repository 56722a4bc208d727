"""Business days: weekdays, Monday to Friday.

Exchange holidays count as business days, so that what lasts at most ten of them never lasts
longer by any market's calendar.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_SATURDAY = 5


def business_days_later(at: datetime, days: int) -> datetime:
    """Same time of day, a number of weekdays later.

    Parameters
    ----------
    at : datetime
        Aware. From a weekend the first business day is Monday.
    days : int
        1 or more.
    """
    later = at
    while days:
        later += timedelta(days=1)
        days -= later.weekday() < _SATURDAY
    return later
