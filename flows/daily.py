"""One session: what the desk sees, what became of yesterday's numbers, and what must be done.

Everything of a session is recorded in one transaction of the ledger, once for each as-of and
settings: whoever tries again is told what came of it the first time. Live inputs come from
`flows.serving`; a replay makes the same from history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flows.alerts import Signal, record_signals
from flows.desk_history import CHALLENGER, FALLBACK, DeskHistory
from flows.desk_numbers import Cell, Number, Standing
from flows.desk_settings import DeskSettings
from flows.ledger.chain import bulk_digest
from flows.ledger.champions import Champion, champion_of
from flows.ledger.schema import forecast as forecast_table
from flows.ledger.schema import outcome as outcome_table
from flows.override_verdicts import judge_overrides
from flows.publication import SIGNALS, past_numbers, publish
from flows.refusal import RefusedError
from flows.session_monitor import (
    ANOMALY,
    DEGRADED,
    DESK,
    DRIFTED,
    FEEDS,
    OUTSIDE,
    REGIME,
    Monitors,
    anomaly_signals,
    degradation_signals,
    feed_signals,
    input_signals,
    monitor_figures,
    monitored,
    regime_signals,
)
from flows.session_rows import COLUMNS, forecast_rows, outcome_rows
from flows.session_shadow import shadowed
from flows.settings import LEGACY
from validation.input_domain import Outside

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction

MODEL = "foreshock-tail"
_CAUSES = {DEGRADED: "degradation", DRIFTED: "drift", REGIME: "regime"}
"""Alerts that set off a retrain, and the cause that is written on the version."""


@dataclass(frozen=True, slots=True)
class SessionInputs:
    """All that a session is made from.

    Attributes
    ----------
    as_of : Timestamp
        The session whose close is known.
    snapshot : str
        SHA-256 of the market's tables.
    forecasts : DataFrame
        `flows.session_rows.COLUMNS`, one row per book, role, model, level; roles are ``champion``,
        ``challenger``, ``legacy`` and ``fallback``; ``version`` is a place in the ledger or
        missing; ``origin`` is the book's last session, ``target`` its next; ``var``, ``es`` are
        losses, positive.
    realised : mapping of book to mapping of date to float
        Simple returns of the last sessions by ISO date; NaN where one is not clean.
    pits : mapping of book to mapping of model to mapping of date to float
        PIT of those returns under the forecasts made a session before, where the law is known;
        the challenger's under `flows.desk_history.CHALLENGER`.
    health : mapping
        ``checked``, ``rejected``: reason by feed, and ``refused``: reason by book without a
        forecast today.
    outside : Outside or None
        Today's inputs against what the model was trained on.
    drift : sequence of dict
        See `flows.monitor.drift`; empty where it was not measured today.
    regime : str or None
        ``low``, ``high`` or ``crisis``.
    market : mapping
        What models say of the market, see `flows.market_state.told_figures`; may be empty.
    backcast : mapping of model to mapping of cell to array of shape (session, measure)
        VaR and ES that each model of today gives for the sessions before, oldest first: the norm
        of a number until the ledger holds a year of what was said.
    """

    as_of: pd.Timestamp
    snapshot: str
    forecasts: pd.DataFrame
    realised: Mapping[str, Mapping[str, float]]
    pits: Mapping[str, Mapping[str, Mapping[str, float]]] = field(
        default_factory=dict[str, Mapping[str, Mapping[str, float]]]
    )
    health: Mapping[str, Any] = field(default_factory=dict[str, Any])
    outside: Outside | None = None
    drift: Sequence[Mapping[str, Any]] = ()
    regime: str | None = None
    market: Mapping[str, Any] = field(default_factory=dict[str, Any])
    backcast: Mapping[str, Mapping[Cell, NDArray[np.float64]]] = field(
        default_factory=dict[str, Mapping[Cell, NDArray[np.float64]]]
    )


@dataclass(frozen=True, slots=True)
class Trigger:
    """A reason to retrain.

    Attributes
    ----------
    cause : str
        Of `flows.ledger.versions.CAUSES`.
    subject : str
    evidence : mapping
        Plain values; they are written on the version.
    """

    cause: str
    subject: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SessionDone:
    """What came of a session.

    Attributes
    ----------
    seq : int
        Its place in the ledger.
    as_of : str
    summary : mapping
        ``standing``, ``model``, ``champion``, ``numbers``, ``monitor``, ``shadow``, ``regime``,
        ``market``, ``health`` and ``triggers``, as plain values.
    numbers : tuple of Number
        What is published; empty where the session was recorded before.
    triggers : tuple of Trigger
        Of alerts that began in this session.
    monitors : mapping of {"desk", "challenger"} to mapping of book to BookMonitor
        To play the next session's on.
    fresh : bool
        False where it was recorded before.
    """

    seq: int
    as_of: str
    summary: Mapping[str, Any]
    numbers: tuple[Number, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    monitors: Mapping[str, Monitors] = field(default_factory=dict[str, Monitors])
    fresh: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        about = {"schema": "foreshock.session/1", "session": self.seq, "as_of": self.as_of}
        return about | dict(self.summary) | {"fresh": self.fresh}


def run_session(
    inputs: SessionInputs,
    *,
    ledger: Ledger,
    desk: DeskSettings,
    history: DeskHistory | None = None,
    before: Mapping[str, Monitors] | None = None,
    targets: Sequence[str] = ("log",),
    actor: str = "scheduler",
) -> SessionDone:
    """Do a session and record it, once for each as-of and settings.

    Parameters
    ----------
    inputs : SessionInputs
    ledger : Ledger
    desk : DeskSettings
    history : DeskHistory, optional
        All sessions before, for whoever runs many in a row; it grows by this one. By default it
        is read from the ledger.
    before : mapping, optional
        `SessionDone.monitors` of the session before, under the same champion; it saves time.
    targets : sequence of str
        Notifiers that are to tell of new alerts, see `flows.alerts.deliver`.
    actor : str

    Raises
    ------
    RefusedError
        If a later session is in the ledger, or the forecasts lack a column or the fallback.
    """
    with ledger.transaction() as tx:
        return recorded_session(
            tx, inputs, desk=desk, history=history, before=before, targets=targets, actor=actor
        )


def recorded_session(
    tx: Transaction,
    inputs: SessionInputs,
    *,
    desk: DeskSettings,
    history: DeskHistory | None = None,
    before: Mapping[str, Monitors] | None = None,
    targets: Sequence[str] = ("log",),
    signals: Sequence[Signal] = (),
    checked: Sequence[str] = (),
    actor: str = "scheduler",
) -> SessionDone:
    """The work of `run_session` inside a transaction of the caller's.

    ``signals`` are told beside the session's own, of kinds that ``checked`` names.
    """
    as_of = f"{inputs.as_of:%Y-%m-%d}"
    known = tx.last("session", as_of=as_of, settings_sha256=desk.digest)
    if known is not None:
        return recorded_before(known)
    refuse_past(tx, as_of)
    _refuse_unfit(inputs)
    champion = champion_of(tx, MODEL)
    forecasts = forecast_rows(inputs.forecasts)
    standing, model = _standing(champion, {row["role"]: row["model"] for row in forecasts})
    if history is None:
        alphas = sorted({row["alpha"] for row in forecasts})
        history = DeskHistory.read(tx, alphas=alphas, before=as_of)
    outcomes = outcome_rows(history, inputs)
    history.forecast(forecasts)
    said = past_numbers(tx, model=model, before=as_of, sessions=desk.guardrail.sessions)
    numbers, found = publish(
        tx,
        inputs.forecasts,
        _with_backcast(said, inputs.backcast.get(model, {}), desk.guardrail.sessions),
        session=as_of,
        standing=standing,
        rule=desk.guardrail,
        actor=actor,
    )
    watched = _watched(history, model, champion, desk, before or {})
    monitors = watched[DESK]
    last = tx.last("session")
    was = last["summary"].get("regime") if last and last["summary"] else None
    every = [
        *signals,
        *found,
        *degradation_signals(monitors, model=model),
        *input_signals(inputs.outside, inputs.drift, rule=desk.monitor),
        *regime_signals(inputs.regime, was, inputs.market),
        *anomaly_signals(inputs.market),
        *feed_signals(inputs.health),
    ]
    looked = [*SIGNALS, DEGRADED, OUTSIDE, REGIME, ANOMALY, FEEDS, *checked]
    looked += [DRIFTED] if inputs.drift else []
    raised = record_signals(tx, every, actor=actor, checked=looked, targets=targets).raised
    triggers = _triggers(every, raised)
    summary = {
        "standing": standing,
        "model": model,
        "champion": _number(tx, forecasts),
        "numbers": [number.as_dict() for number in numbers],
        "monitor": monitor_figures(monitors, level=desk.monitor.e_level),
        "shadow": shadowed(history, forecasts, model, desk, watched),
        "regime": inputs.regime,
        "market": dict(inputs.market),
        "health": dict(inputs.health),
        "triggers": [asdict(trigger) for trigger in triggers],
    }
    seq = _record(tx, inputs, as_of, desk, forecasts, outcomes, summary, actor=actor)
    judge_overrides(tx, actor=actor)
    return SessionDone(
        seq, as_of, summary, tuple(numbers), triggers=triggers, monitors=watched, fresh=True
    )


def _number(tx: Transaction, forecasts: Sequence[Mapping[str, Any]]) -> int | None:
    """Number of the version that spoke as champion; a former one where the files were damaged."""
    spoke = next((row["version"] for row in forecasts if row["role"] == "champion"), None)
    version = None if spoke is None else tx.last("version", seq=spoke)
    return None if version is None else int(version["number"])


def _with_backcast(
    said: Mapping[Cell, NDArray[np.float64]],
    backcast: Mapping[Cell, NDArray[np.float64]],
    sessions: int,
) -> dict[Cell, NDArray[np.float64]]:
    """Past numbers, of cells with too few from what the model of today gives for those days."""
    short = {cell for cell in backcast if len(said.get(cell, ())) < sessions}
    return {cell: backcast[cell] if cell in short else said[cell] for cell in {*said, *backcast}}


def recorded_before(row: Mapping[str, Any]) -> SessionDone:
    """What came of a session, from its row in the ledger."""
    summary = row["summary"] or {}
    triggers = tuple(Trigger(**one) for one in summary.get("triggers", ()))
    return SessionDone(row["seq"], row["as_of"], summary, triggers=triggers, fresh=False)


def _standing(champion: Champion, said: Mapping[str, str]) -> tuple[Standing, str]:
    """Whose number the desk sees, and the name of that model.

    Where a champion was promoted and none could be served the fallback answers, as after a stop.
    """
    if champion.version is not None and "champion" in said:
        return "champion", said["champion"]
    return ("legacy", LEGACY) if champion.cause is None else ("fallback", FALLBACK)


def _refuse_unfit(inputs: SessionInputs) -> None:
    if missing := [name for name in COLUMNS if name not in inputs.forecasts]:
        raise RefusedError(f"forecasts: column {', '.join(missing)} is missing. Add it.")
    if not (inputs.forecasts["role"] == "fallback").any():
        raise RefusedError("forecasts: the fallback's are missing, and nothing is shown unheld.")


def refuse_past(tx: Transaction, as_of: str) -> None:
    """Refuse an as-of before the last session.

    Raises
    ------
    RefusedError
        If there is a later session: what was shown then is on record.
    """
    last = tx.last("session")
    if last is not None and last["as_of"] > as_of:
        raise RefusedError(
            f"as_of: {as_of} lies before the last session, {last['as_of']}; what was shown then is "
            f"on record. Choose a later one."
        )


def _watched(
    history: DeskHistory,
    model: str,
    champion: Champion,
    desk: DeskSettings,
    before: Mapping[str, Monitors],
) -> dict[str, Monitors]:
    """Monitors of the desk's model, since its version is in use, and of the challengers' line."""
    since = (champion.since or "")[: len("2020-03-16")]
    lines = {DESK: (model, since), CHALLENGER: (CHALLENGER, "")}
    return {
        line: monitored(
            history, model=name, since=first, rule=desk.monitor, before=before.get(line)
        )
        for line, (name, first) in lines.items()
    }


def _record(
    tx: Transaction,
    inputs: SessionInputs,
    as_of: str,
    desk: DeskSettings,
    forecasts: list[dict[str, Any]],
    outcomes: list[dict[str, Any]],
    summary: dict[str, Any],
    *,
    actor: str,
) -> int:
    seq = tx.append(
        "session",
        actor=actor,
        as_of=as_of,
        settings_sha256=desk.digest,
        snapshot_sha256=inputs.snapshot,
        rows=len(forecasts),
        forecasts_sha256=bulk_digest(forecasts),
        outcomes_sha256=bulk_digest(outcomes),
        summary=summary,
    )
    for table, rows in ((forecast_table, forecasts), (outcome_table, outcomes)):
        if rows:
            tx.connection.execute(table.insert(), [row | {"session": seq} for row in rows])
    return seq


def _triggers(signals: Sequence[Signal], raised: Sequence[str]) -> tuple[Trigger, ...]:
    """Reasons to retrain among the alerts that began now; one for each cause."""
    begun = {key.rsplit(":", 1)[0] for key in raised}
    found: dict[str, Trigger] = {}
    for signal in signals:
        cause = _CAUSES.get(signal.kind)
        if cause is None or f"{signal.kind}:{signal.subject}" not in begun:
            continue
        if signal.kind == REGIME and signal.subject != "crisis":
            continue
        about = {"message": signal.message} | dict(signal.evidence)
        found.setdefault(cause, Trigger(cause, signal.subject, about))
    return tuple(found.values())
