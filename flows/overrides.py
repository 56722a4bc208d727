"""A person's number in place of the model's: with a reason, and for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from flows.business_days import business_days_later
from flows.clock import instant_text, parse_instant
from flows.refusal import BlockedError, RefusedError

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction


class OverrideRule(BaseModel):
    """How long a person's number stands.

    Attributes
    ----------
    default_days, longest_days : int
        Business days: weekdays, Monday to Friday.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_days: Annotated[int, Field(ge=1, le=10)] = 1
    longest_days: Annotated[int, Field(ge=1, le=10)] = 10


@dataclass(frozen=True, slots=True)
class Override:
    """One override.

    Attributes
    ----------
    seq : int
        Its place in the ledger.
    actor : str
    portfolio : str
    alpha : float
    horizon : int
    var, es : float
        Losses, positive, as fractions of value.
    reason : str
    starts, expires : datetime
        In force from the first, and until just before the second.
    """

    seq: int
    actor: str
    portfolio: str
    alpha: float
    horizon: int
    var: float
    es: float
    reason: str
    starts: datetime
    expires: datetime

    @property
    def cell(self) -> tuple[str, float, int]:
        """Portfolio, alpha and horizon."""
        return (self.portfolio, self.alpha, self.horizon)

    def in_force(self, now: datetime) -> bool:
        """Whether it stands at an instant; at its expiry it no longer does."""
        return self.starts <= now < self.expires

    def as_dict(self, now: datetime, *, verdict: bool | None) -> dict[str, Any]:
        """Plain values with its ``state`` and, where it was judged, whether it was ``right``."""
        return {
            "override": self.seq,
            "actor": self.actor,
            "portfolio": self.portfolio,
            "alpha": self.alpha,
            "horizon": self.horizon,
            "var": self.var,
            "es": self.es,
            "reason": self.reason,
            "starts": instant_text(self.starts),
            "expires": instant_text(self.expires),
            "state": "in force" if self.in_force(now) else "expired",
            "right": verdict,
        }


def expiry(now: datetime, until: datetime | None, *, rule: OverrideRule) -> datetime:
    """When an override that starts now ends.

    Parameters
    ----------
    now : datetime
    until : datetime or None
        None is ``default_days`` weekdays later at the same time of day.
    rule : OverrideRule

    Raises
    ------
    RefusedError
        If it ends in the past, or later than the rule allows.
    """
    ends = until or business_days_later(now, rule.default_days)
    latest = business_days_later(now, rule.longest_days)
    if ends <= now:
        raise RefusedError(
            f"until must lie ahead of {instant_text(now)}, got {instant_text(ends)}. "
            "Name a later time, or leave it out."
        )
    if ends > latest:
        raise RefusedError(
            f"until is at most {rule.longest_days} business days ahead (weekdays), "
            f"{instant_text(latest)}, got {instant_text(ends)}. Name an earlier time."
        )
    return ends


def record_override(
    tx: Transaction,
    *,
    actor: str,
    portfolio: str,
    alpha: float,
    var: float,
    es: float,
    reason: str,
    until: datetime | None = None,
    horizon: int = 1,
    rule: OverrideRule | None = None,
) -> Override:
    """Put a person's VaR and ES in place of the model's, from now on.

    Parameters
    ----------
    tx : Transaction
    actor : str
        Who answers for it; whether they may is checked before.
    portfolio : str
    alpha : float
        Confidence level in (0.5, 1). Not the tail probability.
    var, es : float
        Losses, positive, as fractions of value: 0.02 is 2%.
    reason : str
    until : datetime, optional
    horizon : int
    rule : OverrideRule, optional

    Raises
    ------
    RefusedError
        If the numbers, the reason or the expiry break their rule, or the last session has no
        forecast of that book at that level.
    BlockedError
        If another override of the same number is in force; overrides are not renewed.
    """
    if not 0.5 < alpha < 1.0:
        raise RefusedError(
            f"alpha is the confidence level and must lie in (0.5, 1), got {alpha}. "
            "For the 0.01 tail pass 0.99."
        )
    if not 0.0 < var <= es < 1.0:
        raise RefusedError(
            f"var and es are losses as fractions of value with 0 < var <= es < 1, got var {var} "
            f"and es {es}. For 2% pass 0.02."
        )
    if not reason.strip():
        raise RefusedError("reason is empty. Say why the model's number is not to be used.")
    ends = expiry(tx.now, until, rule=rule or OverrideRule())
    cell = (portfolio, alpha, horizon)
    _refuse_unknown(tx, cell)
    for other in overrides(tx):
        if other.cell == cell and other.in_force(tx.now):
            raise BlockedError(
                f"{portfolio}: override {other.seq} by {other.actor} is in force at {alpha} until "
                f"{instant_text(other.expires)} ({other.reason}). Wait for its end."
            )
    seq = tx.append(
        "override",
        actor=actor,
        portfolio=portfolio,
        alpha=alpha,
        horizon=horizon,
        var=var,
        es=es,
        reason=reason.strip(),
        starts=instant_text(tx.now),
        expires=instant_text(ends),
    )
    return Override(seq, actor, portfolio, alpha, horizon, var, es, reason.strip(), tx.now, ends)


def overrides(tx: Transaction) -> list[Override]:
    """Every override there ever was, oldest first."""
    return [
        Override(
            seq=row["seq"],
            actor=row["actor"],
            portfolio=row["portfolio"],
            alpha=row["alpha"],
            horizon=row["horizon"],
            var=row["var"],
            es=row["es"],
            reason=row["reason"],
            starts=parse_instant(row["starts"]),
            expires=parse_instant(row["expires"]),
        )
        for row in tx.rows("override")
    ]


def standing_overrides(tx: Transaction) -> list[Override]:
    """Overrides that count now: in force, or expired and not yet judged.

    Of one number the latest; an expired one counts no more once a newer is in force.
    """
    judged = {row["override"] for row in tx.rows("override_verdict")}
    latest = {one.cell: one for one in overrides(tx)}
    return [one for one in latest.values() if one.in_force(tx.now) or one.seq not in judged]


def _refuse_unknown(tx: Transaction, cell: tuple[str, float, int]) -> None:
    """A mistyped name would replace nothing, in silence. Before the first session all are free."""
    from sqlalchemy import func, select

    from flows.ledger.schema import forecast

    columns = forecast.c
    last = select(func.max(columns.session)).scalar_subquery()
    query = select(columns.portfolio, columns.alpha, columns.horizon).where(columns.session == last)
    known = {(row[0], row[1], row[2]) for row in tx.connection.execute(query.distinct())}
    if known and cell not in known:
        there = "; ".join(f"{name} at {alpha:g}" for name, alpha, _ in sorted(known)[:20])
        raise RefusedError(
            f"PORTFOLIO: the last session has no forecast of {cell[0]} at {cell[1]:g}, "
            f"{cell[2]} ahead. It has {there}."
        )
