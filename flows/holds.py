"""Held numbers: on record from the session that held them to a person's decision or the deadline.

A hold ends approved (the model's number is published), overridden (a person's is) or expired (the
higher number stays, with an alert). The numbers of a book are held together and released together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flows.alerts import Signal
from flows.clock import parse_instant
from flows.refusal import BlockedError, RefusedError
from flows.settings import canonical_digest

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction
    from flows.publication import Number

HOLD_EXPIRED = "hold_expired"
"""Kind of the signal that nobody decided in time."""


def record_holds(tx: Transaction, numbers: Iterable[Number], *, session: str, actor: str) -> int:
    """Put the held numbers of a session on record.

    A number that was held and that an override in force replaces is recorded with its end.

    Parameters
    ----------
    tx : Transaction
    numbers : iterable of Number
    session : str
        As-of of the session, an ISO date.
    actor : str

    Returns
    -------
    int
        Number of holds.
    """
    count = 0
    for number in numbers:
        if number.deadline is None:
            continue
        seq = tx.append(
            "hold",
            actor=actor,
            session=session,
            portfolio=number.portfolio,
            alpha=number.alpha,
            measure=number.measure,
            value=number.model,
            norm=number.norm,
            fallback=number.fallback,
            published=number.published,
            deadline=number.deadline,
        )
        count += 1
        if number.state == "OVERRIDDEN":
            tx.append("hold_end", actor=actor, hold=seq, outcome="overridden", approval=None)
    return count


def open_holds(tx: Transaction) -> list[dict[str, Any]]:
    """Holds that nobody has decided on, oldest first."""
    ended = {row["hold"] for row in tx.rows("hold_end")}
    return [row for row in tx.rows("hold") if row["seq"] not in ended]


def expire_holds(tx: Transaction, *, actor: str) -> list[Signal]:
    """End the holds whose deadline has passed; the higher number stays.

    Returns
    -------
    list of Signal
        One for each book.
    """
    late: dict[str, int] = {}
    for row in open_holds(tx):
        if parse_instant(row["deadline"]) <= tx.now:
            tx.append("hold_end", actor=actor, hold=row["seq"], outcome="expired", approval=None)
            late[row["portfolio"]] = row["seq"]
    return [
        Signal(
            HOLD_EXPIRED,
            portfolio,
            "warning",
            f"{portfolio}: nobody decided on hold {seq} in time; the higher number stands.",
            {"hold": seq},
        )
        for portfolio, seq in late.items()
    ]


def end_overridden(tx: Transaction, *, portfolio: str, alpha: float, actor: str) -> None:
    """End the open holds of a level that a person's number now replaces."""
    for row in open_holds(tx):
        if (row["portfolio"], row["alpha"]) == (portfolio, alpha):
            tx.append("hold_end", actor=actor, hold=row["seq"], outcome="overridden", approval=None)


def release(tx: Transaction, hold: int, *, approver: str, reason: str) -> list[int]:
    """Approve the model's numbers of the book that a hold belongs to.

    The requester is whoever recorded the hold, a service; the approver is a person.

    Parameters
    ----------
    tx : Transaction
    hold : int
        Place of any one of the book's holds in the ledger.
    approver : str
        Whether they may approve is checked before.
    reason : str

    Returns
    -------
    list of int
        Holds that ended.

    Raises
    ------
    RefusedError
        If there is no such hold, it has no number of the model, or the reason is empty.
    BlockedError
        If it has ended, or its deadline has passed.
    """
    if not reason.strip():
        raise RefusedError("reason is empty. Say why the model's number is right after all.")
    found = tx.rows("hold", seq=hold)
    if not found:
        waiting = ", ".join(str(row["seq"]) for row in open_holds(tx)) or "none"
        raise RefusedError(f"hold {hold} is not in the ledger. Open ones: {waiting}.")
    (asked,) = found
    end = tx.last("hold_end", hold=hold)
    if end is not None:
        raise BlockedError(
            f"hold {hold} of {asked['portfolio']} was {end['outcome']} by {end['actor']} at "
            f"{end['at']}. Nothing is left to release."
        )
    if parse_instant(asked["deadline"]) <= tx.now:
        raise BlockedError(
            f"hold {hold} of {asked['portfolio']} had to be decided by {asked['deadline']}. The "
            "higher number stays; override it, or wait for the next session."
        )
    together = [
        row
        for row in open_holds(tx)
        if (row["session"], row["portfolio"]) == (asked["session"], asked["portfolio"])
    ]
    if any(row["value"] is None for row in together):
        raise RefusedError(
            f"hold {hold}: the model gave no number of {asked['portfolio']}, so there is none to "
            "release. Override it."
        )
    approval = _approval(tx, asked, together, approver=approver, reason=reason.strip())
    for row in together:
        tx.append(
            "hold_end", actor=approver, hold=row["seq"], outcome="approved", approval=approval
        )
    return [row["seq"] for row in together]


def with_releases(tx: Transaction, numbers: Sequence[Number], *, session: str) -> list[Number]:
    """The numbers of a session with what people have decided on its holds since.

    A released number is the model's; a hold that expired keeps the higher one and says so.
    """
    ends = {row["hold"]: row for row in tx.rows("hold_end")}
    decided = {
        (row["portfolio"], row["alpha"], row["measure"]): ends[row["seq"]]
        for row in tx.rows("hold", session=session)
        if row["seq"] in ends
    }
    answer: list[Number] = []
    for number in numbers:
        end = decided.get((number.portfolio, number.alpha, number.measure))
        if end is None or number.state != "HOLD" or end["outcome"] == "overridden":
            answer.append(number)
        elif end["outcome"] == "approved":
            why = f"hold {end['hold']} released by {end['actor']}"
            answer.append(replace(number, state="ALERT", published=number.model, why=why))
        else:
            why = f"{number.why}; nobody decided in time, the higher number stays"
            answer.append(replace(number, why=why))
    return answer


def _approval(
    tx: Transaction,
    asked: dict[str, Any],
    together: Sequence[dict[str, Any]],
    *,
    approver: str,
    reason: str,
) -> int:
    """A request by the service that held, and its approval: bound to the numbers released."""
    content = canonical_digest(
        [
            [row["seq"], row["portfolio"], row["alpha"], row["measure"], row["value"]]
            for row in together
        ]
    )
    expires = asked["deadline"]
    request = tx.append(
        "request",
        actor=asked["actor"],
        action="release",
        version=None,
        subject=asked["seq"],
        manifest_sha256=content,
        generation=None,
        requester=asked["actor"],
        reason=reason,
        expires=expires,
    )
    return tx.append(
        "approval",
        actor=approver,
        request=request,
        requester=asked["actor"],
        approver=approver,
        digest=canonical_digest([content, "release", expires]),
        expires=expires,
    )
