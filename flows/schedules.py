"""When the deployments start by themselves."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict


def _cron(line: str) -> str:
    if len(line.split()) != 5:
        raise ValueError(
            f"a schedule is five cron fields (minute, hour, day, month, weekday), got {line!r}. "
            f"Write e.g. '30 18 * * 1-5'"
        )
    return line


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone. Write e.g. America/New_York") from error
    return name


Cron = Annotated[str, AfterValidator(_cron)]


class Schedules(BaseModel):
    """Cron lines of the deployments, all in one time zone.

    A schedule only says when to try. What was done already for an as-of is not done again, so a
    day on which nothing new was published costs a look.

    Attributes
    ----------
    zone : str
        IANA name; the defaults are an hour and a half after New York closes.
    daily : str
        Ingest, forecast, shadow and monitor.
    weekly : str
        The calibration session.
    quarterly : str
        Retrain.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(_zone)] = "America/New_York"
    daily: Cron = "30 17 * * 1-5"
    weekly: Cron = "0 9 * * 6"
    quarterly: Cron = "0 10 1 1,4,7,10 *"
