"""What happened in a replay, told from its ledger: events, causes, delays and false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from flows.cycle import SESSION_REFUSED
from flows.daily import MODEL
from flows.publication import GUARDRAIL_HOLD
from flows.replay.faults import widest_held
from flows.session_monitor import DEGRADED, DRIFTED, FEEDS, REGIME

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction
    from flows.replay.play import Play

Event = dict[str, Any]
_TOLD = (DEGRADED, DRIFTED, REGIME, FEEDS, SESSION_REFUSED, GUARDRAIL_HOLD)
_YEAR = 250


@dataclass(frozen=True, slots=True)
class Calendar:
    """The sessions of a replay, and when each was recorded.

    A session whose last market closes after midnight UTC is recorded on the next day.

    Attributes
    ----------
    dates : tuple of str
        ISO dates, ascending.
    recorded : mapping of instant to date
    """

    dates: tuple[str, ...]
    recorded: Mapping[str, str]

    def of(self, at: str) -> str:
        """Session that recorded something at an instant; else the last one by that day."""
        by_day = max((one for one in self.dates if one <= at[:10]), default=self.dates[0])
        return self.recorded.get(at, by_day)


def timeline(ledger: Ledger, play: Play, sessions: Sequence[pd.Timestamp]) -> dict[str, Any]:
    """Everything that the page of a replay shows.

    Returns
    -------
    dict
        ``events`` (``date``, ``kind``, ``text``), ``retrains`` (``version``, ``date``, ``cause``,
        ``evidence``, ``promoted``), ``faults`` (planted, and the sessions until each kind of
        alarm), ``alarms`` (by kind: episodes, of them within a planted fault, and the others a
        year), ``series`` (by session: regime, standing, version, numbers on hold, books
        degraded), as plain values.
    """
    portfolios = play.stage.serving.market.portfolios
    shown = [history.name for history in play.stage.serving.plan.judged]
    book, alpha = max(shown, key=lambda name: len(portfolios[name])), max(play.stage.alphas)
    with ledger.reading() as tx:
        events = sorted(
            [*_decisions(tx), *_retrain_events(tx), *_alerts(tx), *_planted(play)],
            key=lambda event: event["date"],
        )
        calendar = Calendar(
            tuple(f"{one:%Y-%m-%d}" for one in sessions),
            {row["at"]: row["as_of"] for row in tx.rows("session")},
        )
        end = _end_of_model_fault(tx, play)
        return {
            "sessions": len(sessions),
            "events": events,
            "retrains": _retrains(tx),
            "faults": _faults(tx, play, calendar, end),
            "alarms": _alarm_counts(tx, play, calendar, end),
            "book": book,
            "alpha": alpha,
            "series": _series(tx, book, alpha),
        }


def _event(at: str, kind: str, text: str) -> Event:
    return {"date": at[:10], "kind": kind, "text": text}


def _decisions(tx: Transaction) -> list[Event]:
    told: list[Event] = []
    for row in tx.rows("champion", model=MODEL):
        number = _number(tx, row["version"])
        who = f"version {number} is champion" if number else "stopped: the fallback answers"
        told.append(_event(row["at"], row["cause"], f"{who}; {row['reason']}"))
    for row in tx.rows("veto"):
        number = _number(tx, row["version"])
        told.append(_event(row["at"], "veto", f"version {number}; {row['reason']}"))
    for row in tx.rows("override"):
        about = f"{row['portfolio']} at {row['alpha']:g}: VaR {row['var']:.2%}, {row['reason']}"
        verdict = tx.last("override_verdict", override=row["seq"])
        right = {None: "not judged yet", True: "it was right", False: "it was not right"}
        judged = right[None if verdict is None else bool(verdict["right"])]
        told.append(_event(row["at"], "override", f"{about}; {judged}"))
    return told


def _number(tx: Transaction, version: int | None) -> int | None:
    row = None if version is None else tx.last("version", seq=version)
    return None if row is None else row["number"]


def _retrain_events(tx: Transaction) -> list[Event]:
    return [
        _event(row["at"], "retrain", f"version {row['number']} trained because of {row['cause']}")
        for row in tx.rows("version", model=MODEL)
    ]


def _retrains(tx: Transaction) -> list[dict[str, Any]]:
    office = {row["version"] for row in tx.rows("champion", model=MODEL)}
    told: list[dict[str, Any]] = []
    for row in tx.rows("version", model=MODEL):
        gates = {gate["name"]: gate for gate in tx.rows("gate", version=row["seq"])}
        evidence = row["cause_evidence"] or {}
        told.append(
            {
                "version": row["number"],
                "date": row["as_of"],
                "cause": row["cause"],
                "evidence": str(evidence.get("message") or evidence.get("reason") or ""),
                "failed_gates": [name for name, gate in gates.items() if not gate["passed"]],
                "promoted": row["seq"] in office,
            }
        )
    return told


def _alerts(tx: Transaction) -> list[Event]:
    return [
        _event(row["at"], row["kind"], row["message"])
        for row in tx.rows("alert")
        if row["kind"] in _TOLD
    ]


def _planted(play: Play) -> list[Event]:
    days, script = play.dates, play.script
    feed = widest_held(play.stage.serving.market.portfolios)
    return [
        _event(
            f"{days.data_fault[0]:%Y-%m-%d}",
            "planted",
            f"data fault: {feed} comes {script.unit:g} times too large for "
            f"{len(days.data_fault)} sessions",
        ),
        _event(
            f"{days.model_fault:%Y-%m-%d}",
            "planted",
            f"model fault: the champion's VaR and ES are multiplied by {script.scale:g}",
        ),
    ]


def _end_of_model_fault(tx: Transaction, play: Play) -> str | None:
    """Date of the veto that ended it, in the morning; None where nothing did."""
    planted = f"{play.dates.model_fault:%Y-%m-%d}"
    later = [row["at"][:10] for row in tx.rows("veto") if row["at"][:10] >= planted]
    return later[0] if later else None


def _faults(
    tx: Transaction, play: Play, calendar: Calendar, end: str | None
) -> list[dict[str, Any]]:
    data, model = f"{play.dates.data_fault[0]:%Y-%m-%d}", f"{play.dates.model_fault:%Y-%m-%d}"
    planted = _in_office(tx, model)
    return [
        {
            "fault": "a feed in the wrong unit",
            "planted": data,
            "ended": f"{play.dates.data_fault[-1]:%Y-%m-%d}",
            "alarms": _first_alarms(tx, (FEEDS, SESSION_REFUSED), data, calendar),
        },
        {
            "fault": f"VaR and ES times {play.script.scale:g}",
            "planted": model if planted else None,
            "ended": end,
            "alarms": {
                kind: _delay(tx, kind, model, end, calendar) if planted else None
                for kind in (GUARDRAIL_HOLD, DEGRADED)
            },
        },
    ]


def _in_office(tx: Transaction, day: str) -> bool:
    """Whether a version was champion when the model fault was planted; else there was none."""
    office = [row for row in tx.rows("champion", model=MODEL) if row["at"][:10] <= day]
    return bool(office) and office[-1]["version"] is not None


def _first_alarms(
    tx: Transaction, kinds: Sequence[str], planted: str, calendar: Calendar
) -> dict[str, int | None]:
    """Delays of the kinds that were told; of the first, None, where none was."""
    delays = {kind: _delay(tx, kind, planted, None, calendar) for kind in kinds}
    told = [kind for kind in kinds if delays[kind] is not None]
    return {kind: delays[kind] for kind in told or kinds[:1]}


def _delay(
    tx: Transaction, kind: str, planted: str, end: str | None, calendar: Calendar
) -> int | None:
    """Sessions from the first at fault to the first alarm: 0 is the same one."""
    for row in tx.rows("alert", kind=kind):
        day = calendar.of(row["at"])
        if day >= planted and (end is None or day < end):
            return sum(planted <= one < day for one in calendar.dates)
    return None


def _alarm_counts(
    tx: Transaction, play: Play, calendar: Calendar, end: str | None
) -> list[dict[str, Any]]:
    """Episodes of each kind; those outside of planted faults are counted a year."""
    data = {f"{one:%Y-%m-%d}" for one in play.dates.data_fault}
    model = f"{play.dates.model_fault:%Y-%m-%d}"
    at_fault = {day for day in calendar.dates if day >= model and (end is None or day < end)}
    at_fault = at_fault if _in_office(tx, model) else set[str]()
    years = len(calendar.dates) / _YEAR
    told: list[dict[str, Any]] = []
    for kind in _TOLD:
        days = [calendar.of(row["at"]) for row in tx.rows("alert", kind=kind)]
        inside = [
            day
            for day in days
            if (kind in (FEEDS, SESSION_REFUSED) and day in data)
            or (kind in (DEGRADED, GUARDRAIL_HOLD) and day in at_fault)
        ]
        told.append(
            {
                "kind": kind,
                "episodes": len(days),
                "in_planted_faults": len(inside),
                "others_a_year": (len(days) - len(inside)) / years,
            }
        )
    return told


def _series(tx: Transaction, book: str, alpha: float) -> list[dict[str, Any]]:
    """What the desk saw of one book, and how the session stood, by as-of."""
    from sqlalchemy import select

    from flows.ledger.schema import outcome

    query = select(outcome.c.target, outcome.c.pnl).where(outcome.c.portfolio == book)
    pnl = {row.target: row.pnl for row in tx.connection.execute(query)}
    rows: list[dict[str, Any]] = []
    for row in tx.rows("session"):
        summary = row["summary"]
        numbers = summary["numbers"]
        mine = [
            one["published"]
            for one in numbers
            if (one["portfolio"], one["alpha"], one["measure"]) == (book, alpha, "var")
        ]
        rows.append(
            {
                "date": row["as_of"],
                "regime": summary["regime"],
                "standing": summary["standing"],
                "version": summary["champion"],
                "held": len({one["portfolio"] for one in numbers if one["deadline"]}),
                "degraded": sum(one["degraded"] for one in summary["monitor"]["books"].values()),
                "var": mine[0] if mine else None,
                "pnl": pnl.get(row["as_of"]),
            }
        )
    return rows
