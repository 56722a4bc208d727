"""What people decide about a version: promote it, with a second person; veto it, alone.

Behind each check here stands a constraint of the database.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from flows.champion_gate import judge_against_champion
from flows.ledger.champions import (
    Champion,
    champion_of,
    former_champions,
    move,
    open_vetoes,
    refuse_moved,
)
from flows.ledger.identity import Person
from flows.ledger.objections import objections
from flows.ledger.requests import DecisionRule, ask, asked_of, bound, expired
from flows.refusal import BlockedError, RefusedError, refuse_silence
from flows.version_rows import version_row

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction
    from validation.gates import GateRule


def request_promotion(
    tx: Transaction,
    number: int,
    *,
    model: str,
    requester: Person,
    reason: str,
    rule: DecisionRule | None = None,
    expires: datetime | None = None,
    gates: GateRule | None = None,
) -> int:
    """Ask that a version become champion in place of the one of now.

    It is judged against that one for whoever approves; a gate that is not passed stops no request.

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
    gates : GateRule, optional
        By default what the settings of the desk say.

    Returns
    -------
    int
        Number of the request.

    Raises
    ------
    RefusedError
        If there is no such version, the role does not allow it, no reason is given, the expiry
        has passed, or an entry was altered.
    BlockedError
        If the version is champion already.
    """
    requester.must_be("developer", "validator", "approver", to="request a promotion")
    version = version_row(tx, model, number)
    now = champion_of(tx, model)
    if now.version == version["seq"]:
        raise BlockedError(f"VERSION: {now}.")
    request = ask(
        tx,
        "promote",
        version,
        subject=None,
        generation=now.generation,
        requester=requester,
        reason=reason,
        expires=expires,
        rule=rule,
    )
    judge_against_champion(tx, version, rule=gates)
    return request


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
    asked = asked_of(tx, request)
    if asked["requester"] == approver.user:
        raise BlockedError(
            f"REQUEST: {request} was made by {approver.user}, and nobody approves their own. Ask a "
            f"second person."
        )
    _refuse_answered(tx, request)
    if asked["action"] == "release":
        raise BlockedError(f"REQUEST: {request} concerns a hold. Use `foreshock release`.")
    if (late := expired(tx, asked)) is not None:
        raise BlockedError(f"REQUEST: {late}")
    if asked["action"] == "unveto" and tx.last("unveto", veto=asked["subject"]) is not None:
        raise BlockedError(f"REQUEST: veto {asked['subject']} was lifted already.")
    try:
        with tx.connection.begin_nested():
            approval = tx.append(
                "approval",
                actor=approver.user,
                request=request,
                requester=asked["requester"],
                approver=approver.user,
                digest=bound(asked),
                reason=reason.strip() or None,
                expires=asked["expires"],
            )
    except IntegrityError:
        _refuse_answered(tx, request)  # somebody was quicker
        raise
    if asked["action"] == "unveto":
        tx.append("unveto", actor=approver.user, veto=asked["subject"], approval=approval)
    return approval


def promote(
    tx: Transaction, root: Path, request: int, *, actor: Person, gates: GateRule | None = None
) -> Champion:
    """Make the version of an approved request champion, if nothing speaks against it now.

    Parameters
    ----------
    tx : Transaction
    root : Path
        State root, whose documents are hashed again.
    request : int
    actor : Person
        An approver.
    gates : GateRule, optional
        By default what the settings of the desk say.

    Raises
    ------
    RefusedError
        If there is no such request, an entry was altered, or the role does not allow it.
    BlockedError
        With every reason: not approved, expired or used; gates, documents, findings, vetoes; or
        another has been promoted since, and then who, when and to what.
    """
    actor.must_be("approver", to="promote")
    asked = asked_of(tx, request)
    if asked["action"] != "promote":
        raise RefusedError(f"REQUEST: {request} asks to {asked['action']}, not to promote.")
    version = tx.rows("version", seq=asked["version"])[0]
    approval = tx.last("approval", request=request)
    if approval and (used := tx.last("champion", approval=approval["seq"])) is not None:
        raise BlockedError(
            f"REQUEST: {request} was used by {used['actor']} at {used['at']}: "
            f"{champion_of(tx, version['model'])}. An approval promotes once; ask again."
        )
    try:
        with tx.connection.begin_nested():  # it judges the gate against the champion once more
            against = objections(tx, root, asked, version, gates=gates)
    except IntegrityError:
        refuse_moved(tx, version["model"], asked["generation"])  # somebody was quicker
        raise
    if approval is None or against:
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
    return ask(
        tx,
        "unveto",
        version,
        subject=standing[0]["seq"],
        generation=None,
        requester=requester,
        reason=reason,
        expires=None,
        rule=rule,
    )


def _refuse_answered(tx: Transaction, request: int) -> None:
    if (before := tx.last("approval", request=request)) is not None:
        raise BlockedError(
            f"REQUEST: {request} was approved by {before['approver']} at {before['at']}. An "
            f"approval is given once."
        )
