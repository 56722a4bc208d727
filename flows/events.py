"""What is told to Prefect when a model is no longer what it was, for automations to act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DRIFT = "foreshock.drift"
DEGRADATION = "foreshock.degradation"
REGIME = "foreshock.regime"
EVENTS = {"drift": DRIFT, "degradation": DEGRADATION, "regime": REGIME}
"""Event by the cause that a retrain writes on its version."""
CAUSES = {event: cause for cause, event in EVENTS.items()}


def emit(event: str, *, subject: str, evidence: Mapping[str, Any]) -> None:
    """Tell the Prefect server what was found.

    Parameters
    ----------
    event : str
        One of `EVENTS`.
    subject : str
        What it was found on, e.g. the name of a book.
    evidence : mapping
        JSON values; they reach the retrain, which writes them on the version it makes.
    """
    from prefect.events import emit_event

    emit_event(
        event=event,
        resource={"prefect.resource.id": f"foreshock.subject.{subject}"},
        payload={"subject": subject, **evidence},
    )
