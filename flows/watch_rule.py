"""What the desk may set of how it watches the market: falls of its books, and false alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Threshold = Annotated[float, Field(gt=0, lt=1)]


class WatchRule(BaseModel):
    """What a session tells of the market; no VaR or ES depends on it.

    Attributes
    ----------
    falls : mapping of book to float
        Fall within ten sessions whose probability is told, as a share of value; of a book that is
        not named one and a half of its deviations over ten sessions.
    false_alarms : float
        Days a year that may be told as anomalies though they are none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    falls: Mapping[str, Threshold] = {}
    false_alarms: Annotated[float, Field(gt=0, lt=250)] = 4.0
