"""What a replay plants and when, as shares of its sessions, so that any span has all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(gt=0, lt=1)]


class Script(BaseModel):
    """The plan of a replay.

    Attributes
    ----------
    data_fault : float
        Share of the sessions after which a feed comes in another unit.
    data_fault_sessions : int
        Sessions for which it does.
    unit : float
        Factor on its prices.
    model_fault : float
        Share of the sessions after which the champion's numbers are too small.
    scale : float
        Factor on its VaR and ES, until it leaves office.
    override : float
        Share of the sessions after which a person's number is put in place of the model's.
    override_factor : float
        That number over the published one.
    drift_every : int
        Sessions between two measurements of drift; a live desk measures it every session.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_fault: Share = 0.2
    data_fault_sessions: Annotated[int, Field(ge=1)] = 3
    unit: Annotated[float, Field(gt=0)] = 100.0
    model_fault: Share = 0.4
    scale: Share = 0.5
    override: Share = 0.9
    override_factor: Annotated[float, Field(gt=1)] = 1.25
    drift_every: Annotated[int, Field(ge=1)] = 21


@dataclass(frozen=True, slots=True)
class Dates:
    """A script on the calendar.

    Attributes
    ----------
    data_fault : tuple of Timestamp
        Sessions whose feed is at fault.
    model_fault, override : Timestamp
    drift : frozenset of Timestamp
        Sessions on which drift is measured.
    schedule : frozenset of Timestamp
        First session of each quarter but the first: the schedule retrains.
    week_ends : frozenset of Timestamp
        Last session of each ISO week.
    """

    data_fault: tuple[pd.Timestamp, ...]
    model_fault: pd.Timestamp
    override: pd.Timestamp
    drift: frozenset[pd.Timestamp]
    schedule: frozenset[pd.Timestamp]
    week_ends: frozenset[pd.Timestamp]


def dated(script: Script, sessions: Sequence[pd.Timestamp]) -> Dates:
    """Put a script on the sessions of a replay, ascending."""
    count = len(sessions)
    first = int(script.data_fault * count)
    quarters = [one.to_period("Q") for one in sessions]
    weeks = [tuple(one.isocalendar())[:2] for one in sessions]
    return Dates(
        data_fault=tuple(sessions[first : first + script.data_fault_sessions]),
        model_fault=sessions[int(script.model_fault * count)],
        override=sessions[int(script.override * count)],
        drift=frozenset(sessions[:: script.drift_every]),
        schedule=frozenset(
            sessions[at] for at in range(1, count) if quarters[at] != quarters[at - 1]
        ),
        week_ends=frozenset(
            sessions[at] for at in range(count) if at == count - 1 or weeks[at] != weeks[at + 1]
        ),
    )
