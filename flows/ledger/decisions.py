"""What people decide about a version: promote it, with a second person; veto it, alone.

An approval binds to the hash of (manifest, decision, expiry): whatever changes voids it. Behind
each check here stands a constraint of the database.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from flows.business_days import business_days_later
from flows.clock import instant_text, parse_instant
from flows.ledger.champions import (
    Champion,
    champion_of,
    former_champions,
    move,
    open_vetoes,
)
from flows.ledger.identity import Person
from flows.refusal import BlockedError, RefusedError, refuse_silence
from flows.settings import canonical_digest
from flows.version_rows import version_row

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


def request_promotion(
    tx: Transaction,
    number: int,
    *,
    model: str,
    requester: Person,
    reason: str,
    rule: DecisionRule | None = None,
    expires: datetime | None = None,
) -> int:
    """Ask that a version become champion in place of the one of now.

    Parameters
    ----------
    tx : Transaction
    number : int
    model : str
        Registered name.
    requester : Person
        A developer, validator or approver.
    reason : str
    rule : DecisionRule, optional
    expires : datetime, optional
        By default as the rule says.

    Returns
    -------
    int
        Number of the request.

    Raises
    ------
    RefusedError
        If there is no such version, the role does not allow it, no reason is given or the expiry
        has passed.
    BlockedError
        If the version is champion already.
    """
    requester.must_be("developer", "validator", "approver", to="request a promotion")
    version = version_row(tx, model, number)
    now = champion_of(tx, model)
    if now.version == version["seq"]:
        raise BlockedError(f"VERSION: {now}.")
    return _ask(
        tx,
        "promote",
        version,
        subject=None,
        generation=now.generation,
        requester=requester,
        reason=reason,
        expires=expires or _by_default(tx, rule),
    )


def approve(tx: Transaction, request: int, *, approver: Person, reason: str = "") -> int:
    """Approve what somebody else has asked for; of an un-veto this is all it takes.

    Parameters
    ----------
    tx : Transaction
    request : int
    approver : Person
        An approver who has just authenticated, and not the requester.
    reason : str

    Returns
    -------
    int
        Place of the approval in the ledger.

    Raises
    ------
    RefusedError
        If there is no such request, it was altered, or the role does not allow it.
    BlockedError
        If the requester approves, it is answered already, has expired, or asks for something
        another command decides.
    """
    approver.must_be("approver", to="approve")
    asked = _asked(tx, request)
    if asked["requester"] == approver.user:
        raise BlockedError(
            f"REQUEST: {request} was made by {approver.user}, and nobody approves their own. Ask a "
            f"second person."
        )
    if (before := tx.last("approval", request=request)) is not None:
        raise BlockedError(
            f"REQUEST: {request} was approved by {before['approver']} at {before['at']}. An "
            f"approval is given once."
        )
    if asked["action"] == "release":
        raise BlockedError(f"REQUEST: {request} concerns a hold. Use `foreshock release`.")
    _refuse_expired(tx, asked)
    if asked["action"] == "unveto" and tx.last("unveto", veto=asked["subject"]) is not None:
        raise BlockedError(f"REQUEST: veto {asked['subject']} was lifted already.")
    approval = tx.append(
        "approval",
        actor=approver.user,
        request=request,
        requester=asked["requester"],
        approver=approver.user,
        digest=_bound(asked),
        reason=reason.strip() or None,
        expires=asked["expires"],
    )
    if asked["action"] == "unveto":
        tx.append("unveto", actor=approver.user, veto=asked["subject"], approval=approval)
    return approval


def promote(tx: Transaction, root: Path, request: int, *, actor: Person) -> Champion:
    """Make the version of an approved request champion, if nothing speaks against it now.

    Parameters
    ----------
    tx : Transaction
    root : Path
        State root, whose documents are hashed again.
    request : int
    actor : Person
        An approver.

    Raises
    ------
    RefusedError
        If there is no such request, an entry was altered, or the role does not allow it.
    BlockedError
        With every reason: not approved, expired or used; gates, documents, findings, vetoes; or
        another has been promoted since, and then who, when and to what.
    """
    actor.must_be("approver", to="promote")
    asked = _asked(tx, request)
    if asked["action"] != "promote":
        raise RefusedError(f"REQUEST: {request} asks to {asked['action']}, not to promote.")
    version = tx.rows("version", seq=asked["version"])[0]
    approval = tx.last("approval", request=request)
    used = approval and tx.last("champion", approval=approval["seq"])
    if used:
        raise BlockedError(
            f"REQUEST: {request} was used by {used['actor']} at {used['at']}: "
            f"{champion_of(tx, version['model'])}. An approval promotes once; ask again."
        )
    if approval is None:
        raise BlockedError(f"REQUEST: {request} is not approved. A second person approves it.")
    _refuse_altered(tx, asked, version, approval)
    _refuse_expired(tx, asked)
    if against := objections(tx, root, version):
        raise BlockedError(
            f"VERSION: {version['number']} may not be promoted:\n"
            + "\n".join(f"- {one}" for one in against)
        )
    return move(
        tx,
        version["model"],
        to=version["seq"],
        cause="promotion",
        after=asked["generation"],
        actor=actor.user,
        reason=asked["reason"],
        approval=approval["seq"],
    )


def objections(tx: Transaction, root: Path, version: Row) -> list[str]:
    """Everything that speaks against promoting a version now; empty where nothing does.

    Its gates as judged last, its documents hashed again, open findings of high severity, and
    vetoes.
    """
    from flows.documents import blocking

    gates = {row["name"]: row for row in tx.rows("gate", version=version["seq"])}
    tx.vouched(*(row["seq"] for row in gates.values()))
    against = [
        f"gate {row['name']}: {_value(row)} against {row['threshold']:g}"
        for row in gates.values()
        if not row["passed"]
    ]
    if not gates:
        against.append("no gate has judged it. Run `foreshock retrain`.")
    against += blocking(tx, root, version)
    for row in tx.rows("finding", version=version["seq"], severity="high"):
        if tx.last("finding_closed", finding=row["seq"]) is None:
            against.append(
                f"finding {row['seq']}, high, open, {row['owner']} until {row['due']}: "
                f"{row['text']}"
            )
    against += [
        f"veto {row['seq']} by {row['actor']} at {row['at']}: {row['reason']}"
        for row in open_vetoes(tx, version["seq"])
    ]
    return against


def veto(tx: Transaction, number: int, *, model: str, actor: Person, reason: str) -> Champion:
    """Forbid a version, alone; one in office leaves it at once.

    Its place takes the last former champion that nobody has vetoed, or the fallback.

    Raises
    ------
    RefusedError
        If there is no such version, the role does not allow it or no reason is given.
    """
    actor.must_be("validator", "approver", to="veto")
    refuse_silence(reason)
    version = version_row(tx, model, number)
    tx.append("veto", actor=actor.user, version=version["seq"], reason=reason.strip())
    now = champion_of(tx, model)
    if now.version != version["seq"]:
        return now
    heir = next(iter(former_champions(tx, model)), None)
    return move(
        tx,
        model,
        to=None if heir is None else heir["seq"],
        cause="stop" if heir is None else "rollback",
        after=now.generation,
        actor=actor.user,
        reason=f"veto of version {number}: {reason.strip()}",
    )


def request_unveto(
    tx: Transaction,
    number: int,
    *,
    model: str,
    requester: Person,
    reason: str,
    rule: DecisionRule | None = None,
) -> int:
    """Ask that the oldest standing veto of a version be lifted; a second person approves it.

    Returns
    -------
    int
        Number of the request.

    Raises
    ------
    RefusedError
        If there is no such version, the role does not allow it or no reason is given.
    BlockedError
        If no veto stands.
    """
    requester.must_be("validator", "approver", to="ask for a veto to be lifted")
    version = version_row(tx, model, number)
    standing = open_vetoes(tx, version["seq"])
    if not standing:
        raise BlockedError(f"VERSION: no veto of {number} stands. There is nothing to lift.")
    return _ask(
        tx,
        "unveto",
        version,
        subject=standing[0]["seq"],
        generation=None,
        requester=requester,
        reason=reason,
        expires=_by_default(tx, rule),
    )


def _ask(
    tx: Transaction,
    action: str,
    version: Row,
    *,
    subject: int | None,
    generation: int | None,
    requester: Person,
    reason: str,
    expires: datetime,
) -> int:
    refuse_silence(reason)
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


def _asked(tx: Transaction, request: int) -> Row:
    row = tx.last("request", seq=request)
    if row is None:
        raise RefusedError(
            f"REQUEST: the ledger has no request {request}. `foreshock history` lists what it has."
        )
    tx.vouched(request)
    return row


def _bound(asked: Row) -> str:
    """What an approval binds to: the manifest, the decision and its expiry."""
    return canonical_digest([asked["manifest_sha256"], asked["action"], asked["expires"]])


def _refuse_altered(tx: Transaction, asked: Row, version: Row, approval: Row) -> None:
    tx.vouched(approval["seq"], version["seq"])
    bound = _bound(asked | {"manifest_sha256": version["manifest_sha256"]})
    if approval["digest"] != bound or approval["expires"] != asked["expires"]:
        raise BlockedError(
            f"REQUEST: the approval of {asked['seq']} is of another manifest, decision or expiry. "
            f"Ask again."
        )


def _refuse_expired(tx: Transaction, asked: Row) -> None:
    if tx.now >= parse_instant(asked["expires"]):
        raise BlockedError(f"REQUEST: {asked['seq']} has expired at {asked['expires']}. Ask again.")


def _value(gate: Row) -> str:
    return "no evidence" if gate["value"] is None else f"{gate['value']:g}"


def _by_default(tx: Transaction, rule: DecisionRule | None) -> datetime:
    return business_days_later(tx.now, (rule or DecisionRule()).request_days)
