"""A schedule that cannot be meant is refused; the defaults fall after the close."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prefect.client.schemas.schedules import CronSchedule
from prefect.server.schemas.schedules import CronSchedule as Served
from pydantic import ValidationError

from flows.schedules import Schedules


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"daily": "every evening"}, "five cron fields"),
        ({"weekly": "0 9 * *"}, "five cron fields"),
        ({"zone": "New York"}, "no time zone"),
        ({"zone": "../etc"}, "no time zone"),
        ({"hourly": "0 * * * *"}, "Extra inputs"),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_refused(setting: dict[str, str], says: str):
    with pytest.raises(ValidationError, match=says):
        Schedules.model_validate(setting)


@pytest.mark.parametrize("line", [Schedules().daily, Schedules().weekly, Schedules().quarterly])
def test_prefect_reads_every_default(line: str):
    assert CronSchedule(cron=line, timezone=Schedules().zone).cron == line


async def _next(line: str, after: datetime) -> datetime:
    [due] = await Served(cron=line, timezone="America/New_York").get_dates(1, start=after)
    return due.astimezone(UTC)


@pytest.mark.parametrize(
    ("after", "due"),
    [
        # A Monday in winter, and the first one after the clocks have changed: 17:30 in New York.
        (datetime(2020, 3, 2, 12, tzinfo=UTC), datetime(2020, 3, 2, 22, 30, tzinfo=UTC)),
        (datetime(2020, 3, 9, 12, tzinfo=UTC), datetime(2020, 3, 9, 21, 30, tzinfo=UTC)),
        # A Friday evening: nothing falls due before Monday.
        (datetime(2020, 3, 13, 23, tzinfo=UTC), datetime(2020, 3, 16, 21, 30, tzinfo=UTC)),
    ],
)
def test_the_daily_cycle_starts_after_new_york_closes(after: datetime, due: datetime):
    import asyncio

    assert asyncio.run(_next(Schedules().daily, after)) == due
