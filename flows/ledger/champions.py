"""The champion pointer: whose number the desk sees, moved one generation at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from flows.ledger.identity import Person
from flows.refusal import BlockedError, refuse_silence

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Champion:
    """Who is champion of a model.

    Attributes
    ----------
    model : str
        Registered name.
    generation : int
        How often the pointer was moved; 0 where it never was.
    version : int or None
        Place of the version in the ledger; None before the first promotion and after a stop.
    number : int or None
        Its number.
    name : str or None
        Its name in a forecast table, e.g. ``combined``.
    cause : str or None
        ``promotion``, ``rollback`` or ``stop``.
    by, since : str or None
        Who moved the pointer, and when.
    """

    model: str
    generation: int = 0
    version: int | None = None
    number: int | None = None
    name: str | None = None
    cause: str | None = None
    by: str | None = None
    since: str | None = None

    def __str__(self) -> str:
        if self.since is None:
            return "nobody has been promoted"
        who = f"version {self.number} is champion" if self.version else "it was stopped"
        return f"{who} since {self.since}, by {self.by} (generation {self.generation})"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        names = ("model", "generation", "version", "number", "name", "cause", "by", "since")
        return {name: getattr(self, name) for name in names}


def champion_of(tx: Transaction, model: str) -> Champion:
    """Who is champion now; its rows are checked against the chain."""
    row = tx.last("champion", model=model)
    if row is None:
        return Champion(model)
    tx.vouched(row["seq"])
    version = _version(tx, row["version"])
    return Champion(
        model=model,
        generation=row["generation"],
        version=row["version"],
        number=None if version is None else version["number"],
        name=None if version is None else version["name"],
        cause=row["cause"],
        by=row["actor"],
        since=row["at"],
    )


def move(
    tx: Transaction,
    model: str,
    *,
    to: int | None,
    cause: str,
    after: int,
    actor: str,
    reason: str,
    approval: int | None = None,
) -> Champion:
    """Move the pointer, if it still is where the mover believes.

    Parameters
    ----------
    tx : Transaction
    model : str
    to : int or None
        Place of a version in the ledger; None stops.
    cause : {"promotion", "rollback", "stop"}
    after : int
        Generation that the mover has seen.
    actor, reason : str
    approval : int, optional
        Place of the approval, for a promotion.

    Raises
    ------
    BlockedError
        If somebody else has moved it since; says who, when and to what.
    """
    refuse_moved(tx, model, after)
    try:
        with tx.connection.begin_nested():
            tx.append(
                "champion",
                actor=actor,
                model=model,
                generation=after + 1,
                version=to,
                cause=cause,
                approval=approval,
                reason=reason,
            )
    except IntegrityError:
        refuse_moved(tx, model, after)  # somebody was quicker
        raise
    return champion_of(tx, model)


def roll_back(
    tx: Transaction, model: str, *, actor: Person, reason: str, to: int | None = None
) -> Champion:
    """Return to a former champion, at once and by one person.

    Parameters
    ----------
    tx : Transaction
    model : str
    actor : Person
        An approver.
    reason : str
    to : int, optional
        Number of a former champion; by default the last one that nobody has vetoed or taken back.

    Raises
    ------
    RefusedError
        If the role does not allow it or no reason is given.
    BlockedError
        If there is no such former champion.
    """
    actor.must_be("approver", to="roll back")
    refuse_silence(reason)
    now = champion_of(tx, model)
    former = former_champions(tx, model, taken_back=to is not None)
    found = [row for row in former if to in (None, row["number"])]
    if not found:
        wanted = "former champion" if to is None else f"former champion {to}"
        raise BlockedError(
            f"{model}: has no {wanted} without a veto to return to; {now}. Name another with --to; "
            f"`foreshock stop` leaves the fallback."
        )
    return move(
        tx,
        model,
        to=found[0]["seq"],
        cause="rollback",
        after=now.generation,
        actor=actor.user,
        reason=reason,
    )


def stop(tx: Transaction, model: str, *, actor: Person, reason: str) -> Champion:
    """The emergency stop: no learned number reaches the desk, the fallback's does.

    Raises
    ------
    RefusedError
        If the role does not allow it or no reason is given.
    BlockedError
        If it is stopped already.
    """
    actor.must_be("approver", "validator", "admin", to="stop")
    refuse_silence(reason)
    now = champion_of(tx, model)
    if now.cause == "stop":
        raise BlockedError(f"{model}: {now}.")
    return move(
        tx, model, to=None, cause="stop", after=now.generation, actor=actor.user, reason=reason
    )


def former_champions(tx: Transaction, model: str, *, taken_back: bool = False) -> list[Row]:
    """Versions that were champion, are not now and carry no veto; the latest promoted first.

    A rollback takes back what was promoted after the version it returns to. What was taken back
    is left out, so that a second rollback goes further back and not to what the first one left.

    Parameters
    ----------
    tx : Transaction
    model : str
    taken_back : bool
        Whether to give those, too, last.
    """
    line: list[int] = []
    left: list[int] = []
    now: int | None = None
    for row in tx.rows("champion", model=model):
        now = row["version"]
        if row["cause"] == "rollback" and now in line:
            left += line[line.index(now) + 1 :]
            del line[line.index(now) + 1 :]
        elif now is not None:
            line = [*(one for one in line if one != now), now]
    seqs = dict.fromkeys([*reversed(line), *(reversed(left) if taken_back else ())])
    rows = [_version(tx, seq) for seq in seqs if seq != now]
    return [row for row in rows if row is not None and not open_vetoes(tx, row["seq"])]


def challenger_of(tx: Transaction, model: str) -> Row | None:
    """The newest version without a veto, if it was never champion: it runs in the shadow.

    What is older than a version that has been champion is no challenger of it any more.
    """
    office = {row["version"] for row in tx.rows("champion", model=model)}
    for row in reversed(tx.rows("version", model=model)):
        if row["seq"] in office:
            return None
        if not open_vetoes(tx, row["seq"]):
            return row
    return None


def open_vetoes(tx: Transaction, version: int) -> list[Row]:
    """Vetoes of a version that two people have not lifted, oldest first."""
    rows = tx.rows("veto", version=version)
    return [row for row in rows if tx.last("unveto", veto=row["seq"]) is None]


def refuse_moved(tx: Transaction, model: str, after: int) -> None:
    """Refuse a mover who has seen another generation than there is now.

    Raises
    ------
    BlockedError
        Saying who moved the pointer, when and to what.
    """
    now = champion_of(tx, model)
    if now.generation != after:
        raise BlockedError(
            f"{model}: the champion is not the one this was asked against: {now}. Look at it, then "
            f"ask again."
        )


def _version(tx: Transaction, seq: int | None) -> Row | None:
    return None if seq is None else tx.last("version", seq=seq)
