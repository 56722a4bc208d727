"""What a person asks for: that a version be promoted, or a veto lifted; void after a while.

An approval binds to the hash of (manifest, decision, expiry): whatever changes voids it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from flows.business_days import business_days_later
from flows.clock import instant_text, parse_instant
from flows.ledger.identity import Person
from flows.refusal import RefusedError, refuse_silence
from flows.settings import canonical_digest

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

Row = dict[str, Any]


class DecisionRule(BaseModel):
    """How long a request waits.

    Attributes
    ----------
    request_days : int
        Business days after which a request, and the approval of it, is void.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_days: Annotated[int, Field(ge=1, le=30)] = 5


def ask(
    tx: Transaction,
    action: str,
    version: Row,
    *,
    subject: int | None,
    generation: int | None,
    requester: Person,
    reason: str,
    expires: datetime | None,
    rule: DecisionRule | None,
) -> int:
    """Record a request.

    Parameters
    ----------
    tx : Transaction
    action : {"promote", "unveto"}
    version : dict
        Ledger row of the version.
    subject : int or None
        Place of the veto to be lifted.
    generation : int or None
        Of the champion pointer as the requester sees it.
    requester : Person
    reason : str
    expires : datetime or None
        None: as the rule says.
    rule : DecisionRule or None

    Returns
    -------
    int
        Its number.

    Raises
    ------
    RefusedError
        If no reason is given or the expiry has passed.
    """
    refuse_silence(reason)
    expires = expires or business_days_later(tx.now, (rule or DecisionRule()).request_days)
    if expires <= tx.now:
        raise RefusedError(
            f"expires: {instant_text(expires)} lies before {instant_text(tx.now)}. Leave it out."
        )
    return tx.append(
        "request",
        actor=requester.user,
        action=action,
        version=version["seq"],
        subject=subject,
        manifest_sha256=version["manifest_sha256"],
        generation=generation,
        requester=requester.user,
        reason=reason.strip(),
        expires=instant_text(expires),
    )


def asked_of(tx: Transaction, request: int) -> Row:
    """A request as it was recorded.

    Raises
    ------
    RefusedError
        If there is none of that number, or its row was altered.
    """
    row = tx.last("request", seq=request)
    if row is None:
        raise RefusedError(
            f"REQUEST: the ledger has no request {request}. `foreshock history` lists what it has."
        )
    tx.vouched(request)
    return row


def bound(asked: Row) -> str:
    """What an approval binds to: the manifest, the decision and its expiry."""
    return canonical_digest([asked["manifest_sha256"], asked["action"], asked["expires"]])


def expired(tx: Transaction, asked: Row) -> str | None:
    """That a request has expired, in words; None while it may be answered."""
    if tx.now < parse_instant(asked["expires"]):
        return None
    return f"request {asked['seq']} has expired at {asked['expires']}. Ask again."
