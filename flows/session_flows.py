"""The Prefect flows that start by themselves: thin wrappers around the session's jobs.

The ledger decides whether there is anything to do, so a schedule may fire as often as it likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from prefect import flow

from flows import cycle, retrain
from flows.desk_settings import read_desk_settings
from flows.events import CAUSES, EVENTS, emit
from flows.ledger.ledger import Ledger
from flows.orchestration import steps_of
from flows.settings import read_settings, state_root
from flows.weekly import weekly_session


@flow(name="foreshock-daily", persist_result=False)
def daily_flow(
    data: str | None = None, as_of: str | None = None, *, quiet: bool = False
) -> dict[str, Any]:
    """Do the session of an as-of; an alarm becomes an event that a retrain answers."""
    asked = read_settings(data=data, as_of=as_of)
    done = cycle.cycle(
        root=state_root(),
        desk=read_desk_settings(),
        steps=steps_of(cycle.STEPS, quiet),
        data=asked.data,
        as_of=None if asked.as_of is None else pd.Timestamp(asked.as_of),
    )
    for trigger in done.triggers:
        emit(EVENTS[trigger.cause], subject=trigger.subject, evidence=trigger.evidence)
    return done.as_dict()


@flow(name="foreshock-retrain", persist_result=False)
def retrain_flow(
    data: str | None = None,
    as_of: str | None = None,
    trigger: str | None = None,
    evidence: Mapping[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    *,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train a challenger; without a trigger it is the schedule's.

    Parameters
    ----------
    data, as_of : str, optional
    trigger : str, optional
        Name of the event that started it, of `flows.events.EVENTS`, or a cause.
    evidence : mapping, optional
        The event's payload; it is written on the version.
    settings : dict, optional
        Further settings of the run.
    quiet : bool
    """
    given = {"data": data, "as_of": as_of}
    told = {name: value for name, value in given.items() if value is not None}
    asked = read_settings(None, **(settings or {}) | told)
    cause = "schedule" if trigger is None else CAUSES.get(trigger, trigger)
    return retrain.retrain(
        asked,
        root=state_root(),
        steps=steps_of(retrain.STEPS, quiet),
        cause=cause,
        evidence=evidence,
    ).as_dict()


@flow(name="foreshock-weekly", persist_result=False)
def weekly_flow(week: str | None = None) -> dict[str, Any]:
    """Hold the calibration session of a week, by default the last one that is over."""
    root = state_root()
    ledger = Ledger.open(root)
    try:
        return weekly_session(ledger, root, desk=read_desk_settings(), week=week).as_dict()
    finally:
        ledger.close()
