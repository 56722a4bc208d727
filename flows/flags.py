"""Flags: a person says that a call was bad, of one book and one session, with a reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from flows.refusal import RefusedError, refuse_silence
from flows.weeks import week_of

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

FLAGGERS = ("developer", "validator", "approver", "admin")
"""Roles that may flag: all that may do more than look."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag.

    Attributes
    ----------
    seq : int
        Its place in the ledger.
    portfolio : str
    date : str
        ISO date of the session that the bad call was for, the forecast's target.
    reason : str
    actor : str
    at : str
        Instant at which it was made.
    """

    seq: int
    portfolio: str
    date: str
    reason: str
    actor: str
    at: str

    @property
    def block(self) -> str:
        """ISO week of the session; it is drawn as a whole."""
        return week_of(date.fromisoformat(self.date))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return asdict(self) | {"block": self.block}


def record_flag(
    tx: Transaction, *, actor: str, portfolio: str, session: str, reason: str, alpha: float
) -> Flag:
    """Record that a call was bad.

    Parameters
    ----------
    tx : Transaction
    actor : str
        Who says so; whether they may is checked before.
    portfolio : str
        Book or instrument.
    session : str
        ISO date of the session that the call was for. Not the day on which it was made.
    reason : str
    alpha : float
        Confidence level at which calls are looked at.

    Raises
    ------
    RefusedError
        If the reason is empty, the date is no session of the book that was forecast, or the same
        person has flagged it before.
    """
    refuse_silence(reason)
    day = _day(session)
    if day > tx.now.date():
        raise RefusedError(
            f"DATE: {session} lies ahead of {tx.now:%Y-%m-%d}, and a call is bad once it is made "
            f"and met. Flag it then."
        )
    _refuse_unforecast(tx, portfolio, session, alpha=alpha)
    for other in tx.rows("flag", portfolio=portfolio, date=session):
        if other["actor"] == actor:
            raise RefusedError(
                f"DATE: {actor} flagged {portfolio} {session} before, as {other['seq']} "
                f"({other['reason']}). Once is enough; another person may."
            )
    seq = tx.append("flag", actor=actor, portfolio=portfolio, date=session, reason=reason.strip())
    return flags(tx, seq=seq)[0]


def flags(tx: Transaction, **equal: Any) -> list[Flag]:
    """Every flag whose columns have these values, oldest first."""
    return [
        Flag(row["seq"], row["portfolio"], row["date"], row["reason"], row["actor"], row["at"])
        for row in tx.rows("flag", **equal)
    ]


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise RefusedError(f"DATE: {text!r} is no ISO date such as 2020-03-16.")
    return day


def _refuse_unforecast(tx: Transaction, portfolio: str, session: str, *, alpha: float) -> None:
    from sqlalchemy import func, select

    from flows.ledger.schema import forecast

    ours = forecast.c
    said = select(ours.portfolio).where(ours.horizon == 1, ours.alpha == alpha)
    mine = said.where(ours.portfolio == portfolio)
    if tx.connection.execute(mine.limit(1)).first() is None:
        books = sorted(tx.connection.execute(said.distinct()).scalars())
        raise RefusedError(
            f"PORTFOLIO: the ledger has no forecast of {portfolio!r} at {alpha:g}. "
            f"It has {', '.join(books[:20]) or 'none at all'}."
        )
    if tx.connection.execute(mine.where(ours.target == session).limit(1)).first() is None:
        of_book = [ours.portfolio == portfolio, ours.horizon == 1, ours.alpha == alpha]
        last = select(func.max(ours.target)).where(*of_book, ours.target < session)
        next_ = select(func.min(ours.target)).where(*of_book, ours.target > session)
        near = [tx.connection.execute(query).scalar_one() for query in (last, next_)]
        raise RefusedError(
            f"DATE: nothing was forecast of {portfolio} for {session}, so there was no call. "
            f"Its nearest sessions are {' and '.join(one for one in near if one)}."
        )
