"""The people of a replay: what a requester, an approver and a validator do, played by rules.

They use the functions that the commands use, with accounts of their own, and every reason they
give begins with `SIMULATED APPROVAL`.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.daily import MODEL
from flows.documents import state_field
from flows.ledger.champions import champion_of
from flows.ledger.decisions import approve, promote, request_promotion, veto
from flows.ledger.identity import Person, add_user, users
from flows.overrides import record_override
from flows.refusal import BlockedError
from flows.simulated import MARK

if TYPE_CHECKING:
    from flows.desk_settings import DeskSettings
    from flows.ledger.ledger import Ledger, Transaction

REQUESTER = Person("replay-requester", "developer")
APPROVER = Person("replay-approver", "approver")
VALIDATOR = Person("replay-validator", "validator")
_ADMIN = Person("replay-admin", "admin")
SIGNED = {"inventory.intended_use": APPROVER, "validation-report.opinion": VALIDATOR}
"""Fields of the documents without which nothing is promoted, and who signs them."""


def made_known(tx: Transaction) -> None:
    """Make the accounts of a replay, with secrets that nobody knows."""
    known = {one["user"] for one in users(tx)}
    for person in (_ADMIN, REQUESTER, APPROVER, VALIDATOR):
        if person.user not in known:
            secret = secrets.token_urlsafe(32)
            add_user(
                tx, person.user, role=person.role, secret=secret, actor=_ADMIN.user, replay=True
            )


def promoted(
    ledger: Ledger, root: Path, number: int, *, why: str, desk: DeskSettings
) -> tuple[bool, str]:
    """Sign, request, approve and promote a version, as far as the gates let it.

    Returns
    -------
    bool
        Whether it is champion now.
    str
        What stands on the timeline: who is champion, or what spoke against it.
    """
    for field, person in SIGNED.items():
        state_field(
            ledger,
            root,
            number,
            model=MODEL,
            field=field,
            value=f"{MARK}: {why}",
            user=person.user,
            role=person.role,
            desk=desk.model_dump(mode="json"),
        )
    with ledger.transaction() as tx:
        asked = request_promotion(
            tx,
            number,
            model=MODEL,
            requester=REQUESTER,
            reason=f"{MARK}: {why}",
            rule=desk.decision,
        )
        approve(tx, asked, approver=APPROVER, reason=f"{MARK}: second person of the replay")
    try:
        with ledger.transaction() as tx:
            now = promote(tx, root, asked, actor=APPROVER)
    except BlockedError as block:
        return False, " ".join(str(block).split())
    return True, str(now)


def vetoed(ledger: Ledger, number: int, *, why: str) -> str:
    """Veto a version; who is champion now."""
    with ledger.transaction() as tx:
        return str(veto(tx, number, model=MODEL, actor=VALIDATOR, reason=f"{MARK}: {why}"))


def overridden(
    ledger: Ledger, number: dict[str, Any], *, factor: float, why: str, desk: DeskSettings
) -> str:
    """Put a number ``factor`` times the published one in its place for a day."""
    with ledger.transaction() as tx:
        made = record_override(
            tx,
            actor=APPROVER.user,
            portfolio=number["portfolio"],
            alpha=number["alpha"],
            var=factor * number["var"],
            es=factor * number["es"],
            reason=f"{MARK}: {why}",
            until=None,
            rule=desk.override,
        )
        return f"{made.portfolio} at {made.alpha:g}: VaR {made.var:.2%}, ES {made.es:.2%}"


def champion_number(ledger: Ledger) -> int | None:
    """Number of the champion, or None."""
    with ledger.reading() as tx:
        return champion_of(tx, MODEL).number
