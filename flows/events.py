"""What is told to Prefect when a model is no longer what it was, for automations to act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DRIFT = "foreshock.drift"
DEGRADATION = "foreshock.degradation"
"""Names of the two events that a retrain answers."""


def emit(event: str, *, subject: str, evidence: Mapping[str, Any]) -> None:
    """Tell the Prefect server what was found.

    Parameters
    ----------
    event : str
        `DRIFT` or `DEGRADATION`.
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
