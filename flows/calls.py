"""Calls: what the desk's model said of a session, beside GJR-FHS and beside what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flows.desk_history import FALLBACK

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

_DESK = ("champion", "legacy", "fallback")
"""Whose number the desk saw where a session does not say so: the first of these there is."""


@dataclass(frozen=True, slots=True)
class Call:
    """One book's forecast for one session, one day ahead at one level.

    Attributes
    ----------
    portfolio : str
    origin, target : str
        ISO dates; the call is for the target.
    model : str
    version : int or None
        Its place in the ledger.
    var, es : float
        Losses, positive, as fractions of value.
    baseline_var, baseline_es : float or None
        GJR-FHS's of the same session.
    happened : bool
        Whether an outcome is in the ledger.
    pnl : float or None
        Realised simple return; None where it is not known or not clean.
    fz0, baseline_fz0 : float or None
        Scores with P&L in percent.
    """

    portfolio: str
    origin: str
    target: str
    model: str
    version: int | None
    var: float
    es: float
    baseline_var: float | None
    baseline_es: float | None
    happened: bool
    pnl: float | None
    fz0: float | None
    baseline_fz0: float | None

    @property
    def exceeded(self) -> bool:
        """Whether the loss lay beyond the VaR."""
        return self.pnl is not None and -self.pnl > self.var

    @property
    def baseline_exceeded(self) -> bool | None:
        """Whether it lay beyond GJR-FHS's; None where there is none, or no P&L."""
        if self.pnl is None or self.baseline_var is None:
            return None
        return -self.pnl > self.baseline_var

    @property
    def difference(self) -> float | None:
        """FZ0 less GJR-FHS's: above zero it was the worse call."""
        if self.fz0 is None or self.baseline_fz0 is None:
            return None
        return self.fz0 - self.baseline_fz0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return asdict(self) | {
            "exceeded": self.exceeded,
            "baseline_exceeded": self.baseline_exceeded,
            "difference": self.difference,
        }


def read_calls(
    tx: Transaction,
    *,
    alpha: float,
    since: str,
    until: str,
    portfolio: str | None = None,
) -> list[Call]:
    """The desk's calls for the sessions of an interval.

    Parameters
    ----------
    tx : Transaction
    alpha : float
        Confidence level, as forecast.
    since, until : str
        First and last target, ISO dates.
    portfolio : str, optional
        One book instead of all.

    Returns
    -------
    list of Call
        By target and portfolio. Where two sessions forecast one target, the later one counts.
    """
    known = _outcomes(tx, since=since, until=until)
    said: dict[tuple[str, str], tuple[int, str | None, dict[str, Any]]] = {}
    for row in _forecasts(tx, alpha=alpha, since=since, until=until, portfolio=portfolio):
        key = (row["target"], row["portfolio"])
        held = said.get(key)
        if held is None or held[0] != row["session"]:
            held = said[key] = (row["session"], row["standing"], {})
        held[2][row["role"]] = row
    pairs: list[tuple[Any, Any]] = []
    for key in sorted(said):
        _, standing, roles = said[key]
        stood = [role for role in (standing, *_DESK) if role in roles]
        if stood:
            baseline = [row for row in roles.values() if row["model"] == FALLBACK]
            pairs.append((roles[stood[0]], baseline[0] if baseline else None))
    pnl = [known.get((mine["target"], mine["portfolio"])) for mine, _ in pairs]
    scores = scored([mine for mine, _ in pairs], pnl, alpha=alpha)
    bars = scored([bar for _, bar in pairs], pnl, alpha=alpha)
    return [
        Call(
            portfolio=mine["portfolio"],
            origin=mine["origin"],
            target=mine["target"],
            model=mine["model"],
            version=mine["version"],
            var=mine["var"],
            es=mine["es"],
            baseline_var=bar and bar["var"],
            baseline_es=bar and bar["es"],
            happened=(mine["target"], mine["portfolio"]) in known,
            pnl=came,
            fz0=score,
            baseline_fz0=bar_score,
        )
        for (mine, bar), came, score, bar_score in zip(pairs, pnl, scores, bars, strict=True)
    ]


def scored(said: Sequence[Any], pnl: Sequence[float | None], *, alpha: float) -> list[float | None]:
    """FZ0 of forecasts, with P&L in percent; None where one of its parts is not known.

    Parameters
    ----------
    said : sequence of mapping or None
        ``var`` and ``es`` of each.
    pnl : sequence of float or None
    alpha : float
    """
    from validation.scores import fz0, in_percent

    var, es = (
        np.array([np.nan if one is None else one[name] for one in said], float)
        for name in ("var", "es")
    )
    came = np.array([np.nan if one is None else one for one in pnl], float)
    scores = fz0(in_percent(came), in_percent(var), in_percent(es), alpha=alpha)
    return [float(one) if np.isfinite(one) else None for one in scores]


def _forecasts(
    tx: Transaction, *, alpha: float, since: str, until: str, portfolio: str | None
) -> list[Any]:
    from sqlalchemy import select

    from flows.ledger.schema import RECORDED, forecast

    session, ours = RECORDED["session"], forecast.c
    query = (
        select(forecast, session.c.summary["standing"].as_string().label("standing"))
        .join(session, session.c.seq == ours.session)
        .where(ours.horizon == 1, ours.alpha == alpha, ours.target.between(since, until))
        .order_by(session.c.as_of, ours.session)
    )
    if portfolio is not None:
        query = query.where(ours.portfolio == portfolio)
    return list(tx.connection.execute(query).mappings())


def _outcomes(tx: Transaction, *, since: str, until: str) -> dict[tuple[str, str], float | None]:
    from sqlalchemy import select

    from flows.ledger.schema import outcome

    theirs = outcome.c
    query = select(theirs.target, theirs.portfolio, theirs.pnl).order_by(theirs.session)
    rows = tx.connection.execute(query.where(theirs.target.between(since, until)))
    return {(target, book): pnl for target, book, pnl in rows}
