"""The Prefect run that waits, for days if need be, until people have decided on a request.

It never decides. Prefect's one password does not prove who typed it, and what is typed into a
waiting run is stored; so the secret of an approver goes to the command and to the ledger alone.
See `infra/decisions/0070-approval.md`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import ConfigDict

from flows.clock import Clock, parse_instant, system_clock
from flows.refusal import RefusedError
from flows.settings import state_root

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands in the ledger.

    Attributes
    ----------
    request : int
    outcome : str or None
        ``approved``, ``expired``, or None while it waits.
    by, at : str or None
        Who approved, and when it was recorded.
    expires : str
        Instant after which it can no longer be approved.
    action, requester, reason : str
        What is asked, by whom and why.
    """

    request: int
    outcome: str | None
    by: str | None
    at: str | None
    expires: str
    action: str
    requester: str
    reason: str


class LookAgain(RunInput):
    """All that can be typed into a waiting run; no text, so that nobody types a secret."""

    model_config = ConfigDict(extra="forbid")

    look_again: bool = True


def standing(tx: Transaction, request: int) -> Standing:
    """How a request stands.

    Raises
    ------
    RefusedError
        If there is none of that number.
    """
    asked = tx.last("request", seq=request)
    if asked is None:
        raise RefusedError(
            f"request: the ledger has no request {request}. See `foreshock history`."
        )
    approval = tx.last("approval", request=request)
    expired = tx.now >= parse_instant(asked["expires"])
    return Standing(
        request=request,
        outcome="approved" if approval else "expired" if expired else None,
        by=approval["actor"] if approval else None,
        at=approval["at"] if approval else None,
        expires=asked["expires"],
        action=asked["action"],
        requester=asked["requester"],
        reason=asked["reason"],
    )


@flow(name="foreshock-approval", persist_result=True, result_serializer="json")
def approval_flow(request: int) -> dict[str, Any]:
    """Wait, suspended, until a request is approved or has expired; the ledger says which."""
    found = read(request)
    if found.outcome is None:
        left = parse_instant(found.expires) - system_clock()
        create_markdown_artifact(page(found), key=f"request-{request}")
        form = LookAgain.with_initial_data(description=page(found))
        # A key that was used lets the run pass: it starts from the top each time it is resumed.
        suspend_flow_run(
            wait_for_input=form,
            timeout=max(1, math.ceil(left.total_seconds())),
            key=str(uuid4()),
        )
        raise RefusedError(f"request: {request} is undecided, and its run was not suspended.")
    return asdict(found)


def read(request: int, *, clock: Clock = system_clock) -> Standing:
    """How a request stands in the ledger of this state root."""
    from flows.ledger.ledger import Ledger

    ledger = Ledger.open(state_root(), clock=clock)
    try:
        with ledger.reading() as tx:
            return standing(tx, request)
    finally:
        ledger.close()


def page(found: Standing) -> str:
    """What a person sees beside the waiting run, as Markdown; the reason is quoted as text."""
    quoted = "\n".join(f"    {line}" for line in found.reason.splitlines())
    return (
        f"Request {found.request}: {found.action}, by {found.requester}, open until "
        f"{found.expires}. Reason:\n\n{quoted}\n\n"
        f"A second person approves it at the command line, which resumes this run:\n\n"
        f"    foreshock approve {found.request} --as USER --reason TEXT\n\n"
        f"Resuming it here decides nothing: the run reads the ledger once more. Type no secret.\n"
    )
