"""What a calibration session looks at: the week's calls, the flags, the draw, the challenge set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flows.calls import Call, read_calls
from flows.challenge import challenge_scores, challenge_weeks
from flows.feedback_rule import FeedbackRule
from flows.flag_blocks import TRAINING
from flows.flag_verdicts import fault_of
from flows.flags import Flag, flags
from flows.weeks import days_of, week_of
from validation.exceedances import tail_probability

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

WORST = 2
"""Calls of a book that are shown."""
LATEST = 30
"""Earlier flags that are shown."""
VERSIONS = 5
_YEAR = timedelta(days=364)


def reviewed_week(tx: Transaction, week: str, *, rule: FeedbackRule) -> dict[str, Any]:
    """The week's calls, judged as flags are.

    Returns
    -------
    dict
        ``week``, ``first``, ``last``, ``status``, ``calls`` (all of the week), ``overall`` (their
        figures), ``worst`` (of each book, exceedances first, then by FZ0 against GJR-FHS) and
        ``year`` (how many of the last year's calls were bad).
    """
    first, last = days_of(week)
    calls = read_calls(tx, alpha=rule.alpha, since=f"{first}", until=f"{last}")
    year = read_calls(tx, alpha=rule.alpha, since=f"{last - _YEAR}", until=f"{last}")
    marked = {(flag.portfolio, flag.date) for flag in flags(tx)}
    known = [call for call in calls if call.pnl is not None]
    books: dict[str, list[Call]] = {}
    for call in sorted(known, key=_badness):
        books.setdefault(call.portfolio, []).append(call)
    return {
        "week": week,
        "first": f"{first}",
        "last": f"{last}",
        "status": "ok" if calls else _empty(tx, week),
        "calls": [call.as_dict() for call in calls],
        "overall": overall(calls, rule=rule),
        "year": overall(year, rule=rule),
        "worst": [
            call.as_dict()
            | {
                "why": fault_of(call, rule=rule),
                "flagged": (call.portfolio, call.target) in marked,
            }
            for book in sorted(books)
            for call in books[book][:WORST]
        ],
    }


def overall(calls: Sequence[Call], *, rule: FeedbackRule) -> dict[str, Any]:
    """Figures of many calls.

    Returns
    -------
    dict
        ``books``, ``calls``, ``known`` (those whose P&L is known), ``exceedances``, how many were
        ``expected``, ``bad`` calls, and the mean ``difference`` of FZ0 from GJR-FHS's.
    """
    known = [call for call in calls if call.pnl is not None]
    differences = [call.difference for call in known if call.difference is not None]
    return {
        "books": len({call.portfolio for call in calls}),
        "calls": len(calls),
        "known": len(known),
        "exceedances": sum(call.exceeded for call in known),
        "expected": len(known) * tail_probability(rule.alpha),
        "bad": sum(fault_of(call, rule=rule) is not None for call in known),
        "difference": sum(differences) / len(differences) if differences else None,
    }


def reviewed_flags(tx: Transaction, *, fresh: Sequence[int]) -> dict[str, Any]:
    """All flags, by what became of them.

    Parameters
    ----------
    tx : Transaction
    fresh : sequence of int
        Flags that were judged now.

    Returns
    -------
    dict
        ``open`` (their outcome is to come), ``judged`` now, ``before`` (the latest of those judged
        earlier, newest first), and ``tally``: ``flags``, ``judged`` with a known P&L, ``right``.
    """
    told = told_flags(tx)
    judged = [one for one in told if one["right"] is not None]
    counted = [one for one in judged if one["figures"]["status"] == "ok"]
    return {
        "open": [one for one in told if one["right"] is None],
        "judged": [one for one in judged if one["seq"] in fresh],
        "before": [one for one in judged if one["seq"] not in fresh][-LATEST:][::-1],
        "tally": {
            "flags": len(told),
            "judged": len(counted),
            "right": sum(one["right"] for one in counted),
        },
    }


def told_flags(tx: Transaction) -> list[dict[str, Any]]:
    """Every flag with ``right`` and ``figures`` of its verdict and its week's ``arm``, or None."""
    verdicts = {row["flag"]: row for row in tx.rows("flag_verdict")}
    arms = {row["block"]: str(row["arm"]) for row in tx.rows("assignment")}
    return [_told(flag, verdicts.get(flag.seq), arms) for flag in flags(tx)]


def reviewed_learning(tx: Transaction, *, rule: FeedbackRule) -> dict[str, Any]:
    """What the models learn from the flags, and what the latest versions were taught.

    Returns
    -------
    dict
        ``training`` (weeks, with their flags), ``challenge`` (weeks), ``scores`` on them, and
        ``versions``: the latest, with ``flags`` and ``weeks`` of their manifest, None where they
        were trained without.
    """
    drawn = {row["block"]: row["arm"] for row in tx.rows("assignment")}
    teaching = {flag.seq: flag.block for flag in flags(tx) if drawn.get(flag.block) == TRAINING}
    weeks = sorted(block for block, arm in drawn.items() if arm == TRAINING)
    return {
        "training": {week: sum(one == week for one in teaching.values()) for week in weeks},
        "challenge": challenge_weeks(tx),
        "scores": challenge_scores(tx, alpha=rule.alpha),
        "versions": _versions(tx),
    }


def _badness(call: Call) -> tuple[bool, float, str]:
    difference = call.difference if call.difference is not None else float("-inf")
    return (not call.exceeded, -difference, call.target)


def _told(flag: Flag, verdict: Mapping[str, Any] | None, arms: Mapping[str, str]) -> dict[str, Any]:
    return flag.as_dict() | {
        "right": None if verdict is None else bool(verdict["right"]),
        "figures": None if verdict is None else dict(verdict["figures"]),
        "arm": arms.get(flag.block),
    }


def _empty(tx: Transaction, week: str) -> str:
    """Why there is nothing to look at."""
    last = tx.last("session")
    if last is None:
        return f"The ledger has no session yet, so nothing was forecast for {week}."
    known = week_of(date.fromisoformat(last["as_of"]))
    return (
        f"Nothing was forecast for {week}. The ledger's last session is {last['as_of']}, of "
        f"{known}: `foreshock session --week {known}` looks back on that."
    )


def _versions(tx: Transaction) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from flows.ledger.schema import RECORDED

    version = RECORDED["version"]
    query = select(version).order_by(version.c.seq.desc()).limit(VERSIONS)
    told: list[dict[str, Any]] = []
    for row in tx.connection.execute(query).mappings():
        parameters = row["manifest"].get("parameters", {})
        one = {name: row[name] for name in ("model", "number", "name", "as_of")}
        one["flags"] = parameters.get("feedback.flags")
        one["weeks"] = parameters.get("feedback.held_out_weeks")
        told.append(one)
    return told
