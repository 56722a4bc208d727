"""What Prefect is told: one event for each cause, about a subject, with its evidence."""

from __future__ import annotations

from typing import Any

import pytest

from flows.events import CAUSES, DEGRADATION, EVENTS, emit
from flows.ledger import versions


def test_every_event_is_a_cause_that_a_version_may_name() -> None:
    assert set(EVENTS) <= set(versions.CAUSES)
    assert {CAUSES[event] for event in EVENTS.values()} == set(EVENTS)


def test_an_event_names_its_subject_and_carries_what_was_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr("prefect.events.emit_event", lambda **given: told.append(given))
    emit(DEGRADATION, subject="fx", evidence={"message": "too many exceedances"})
    assert told == [
        {
            "event": "foreshock.degradation",
            "resource": {"prefect.resource.id": "foreshock.subject.fx"},
            "payload": {"subject": "fx", "message": "too many exceedances"},
        }
    ]
