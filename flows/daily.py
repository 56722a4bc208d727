"""One session: what the desk sees, what became of yesterday's numbers, and what must be done.

Everything of a session is recorded in one transaction of the ledger, once for each as-of and
settings: whoever tries again is told what came of it the first time. Live inputs come from
`flows.serving`; a replay makes the same from history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flows.alerts import Signal, record_signals
from flows.desk_history import CHALLENGER, FALLBACK, DeskHistory
from flows.desk_numbers import Number, Standing
from flows.desk_settings import DeskSettings
from flows.ledger.chain import bulk_digest
from flows.ledger.champions import Champion, champion_of
from flows.ledger.schema import forecast as forecast_table
from flows.ledger.schema import outcome as outcome_table
from flows.override_verdicts import judge_overrides
from flows.publication import SIGNALS, past_numbers, publish
from flows.refusal import RefusedError
from flows.session_monitor import (
    DEGRADED,
    DRIFTED,
    FEEDS,
    OUTSIDE,
    REGIME,
    Monitors,
    degradation_signals,
    feed_signals,
    input_signals,
    monitor_figures,
    monitored,
    regime_signals,
)
from flows.session_shadow import compared
from flows.settings import LEGACY
from validation.input_domain import Outside

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction

MODEL = "foreshock-tail"
COLUMNS = (
    "portfolio",
    "role",
    "model",
    "version",
    "alpha",
    "horizon",
    "origin",
    "target",
    "var",
    "es",
    "sigma",
)
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
        `COLUMNS`, one row per book, role, model, level; roles are ``champion``, ``challenger``,
        ``legacy`` and ``fallback``; ``version`` is a place in the ledger or missing; ``origin``
        is the as-of, ``target`` the book's next session; ``var``, ``es`` are losses, positive.
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
        ``standing``, ``champion``, ``numbers``, ``monitor``, ``shadow``, ``regime``, ``health``,
        as plain values.
    numbers : tuple of Number
        What is published; empty where the session was recorded before.
    triggers : tuple of Trigger
        Of alerts that began in this session; empty where it was recorded before.
    monitors : mapping of book to BookMonitor
        To play the next session's on.
    fresh : bool
        False where it was recorded before.
    """

    seq: int
    as_of: str
    summary: Mapping[str, Any]
    numbers: tuple[Number, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    monitors: Mapping[str, Any] = field(default_factory=dict[str, Any])
    fresh: bool = True


def run_session(
    inputs: SessionInputs,
    *,
    ledger: Ledger,
    desk: DeskSettings,
    history: DeskHistory | None = None,
    before: Monitors | None = None,
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
    before : mapping of book to BookMonitor, optional
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
    before: Monitors | None = None,
    targets: Sequence[str] = ("log",),
    actor: str = "scheduler",
) -> SessionDone:
    """The work of `run_session` inside a transaction of the caller's."""
    as_of = f"{inputs.as_of:%Y-%m-%d}"
    known = tx.last("session", as_of=as_of, settings_sha256=desk.digest)
    if known is not None:
        return SessionDone(known["seq"], as_of, known["summary"] or {}, fresh=False)
    _refuse_unfit(tx, inputs, as_of)
    champion = champion_of(tx, MODEL)
    standing, model = _standing(champion)
    forecasts = _forecast_rows(inputs.forecasts)
    if history is None:
        alphas = sorted({row["alpha"] for row in forecasts})
        history = DeskHistory.read(tx, alphas=alphas, before=as_of)
    outcomes = _outcome_rows(history, inputs)
    history.forecast(forecasts)
    past = past_numbers(tx, model=model, before=as_of, sessions=desk.guardrail.sessions)
    numbers, signals = publish(
        tx,
        inputs.forecasts,
        past,
        session=as_of,
        standing=standing,
        rule=desk.guardrail,
        actor=actor,
    )
    monitors = monitored(
        history,
        model=model,
        since=(champion.since or "")[: len(as_of)],
        rule=desk.monitor,
        before=before,
    )
    last = tx.last("session")
    was = last["summary"].get("regime") if last and last["summary"] else None
    signals += degradation_signals(monitors, model=model)
    signals += input_signals(inputs.outside, inputs.drift, rule=desk.monitor)
    signals += regime_signals(inputs.regime, was)
    signals += feed_signals(inputs.health)
    summary = {
        "standing": standing,
        "model": model,
        "champion": champion.number,
        "numbers": [number.as_dict() for number in numbers],
        "monitor": monitor_figures(monitors, level=desk.monitor.e_level),
        "shadow": _shadow(history, forecasts, model, desk),
        "regime": inputs.regime,
        "health": dict(inputs.health),
    }
    seq = _record(tx, inputs, as_of, desk, forecasts, outcomes, summary, actor=actor)
    judge_overrides(tx, actor=actor)
    checked = [*SIGNALS, DEGRADED, OUTSIDE, REGIME, FEEDS, *([DRIFTED] if inputs.drift else [])]
    raised = record_signals(tx, signals, actor=actor, checked=checked, targets=targets).raised
    return SessionDone(
        seq, as_of, summary, tuple(numbers), _triggers(signals, raised), monitors, fresh=True
    )


def _standing(champion: Champion) -> tuple[Standing, str]:
    """Whose number the desk sees, and the name of that model."""
    if champion.version is not None:
        return "champion", str(champion.name)
    return ("fallback", FALLBACK) if champion.cause == "stop" else ("legacy", LEGACY)


def _refuse_unfit(tx: Transaction, inputs: SessionInputs, as_of: str) -> None:
    if missing := [name for name in COLUMNS if name not in inputs.forecasts]:
        raise RefusedError(f"forecasts: column {', '.join(missing)} is missing. Add it.")
    if not (inputs.forecasts["role"] == "fallback").any():
        raise RefusedError("forecasts: the fallback's are missing, and nothing is shown unheld.")
    last = tx.last("session")
    if last is not None and last["as_of"] > as_of:
        raise RefusedError(
            f"as_of: {as_of} lies before the last session, {last['as_of']}; what was shown then is "
            f"on record. Choose a later one."
        )


def _forecast_rows(forecasts: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as the ledger keeps them; a model without a number has no row."""
    known = forecasts[forecasts["var"].notna() & forecasts["es"].notna()]
    rows: list[dict[str, Any]] = []
    for row in known.loc[:, list(COLUMNS)].to_dict("records"):
        version, sigma = row["version"], row["sigma"]
        rows.append(
            {str(name): value for name, value in row.items()}
            | {
                "portfolio": str(row["portfolio"]),
                "role": str(row["role"]),
                "model": str(row["model"]),
                "version": None if pd.isna(version) else int(version),
                "alpha": float(row["alpha"]),
                "horizon": int(row["horizon"]),
                "origin": _day(row["origin"]),
                "target": _day(row["target"]),
                "var": float(row["var"]),
                "es": float(row["es"]),
                "sigma": None if pd.isna(sigma) else float(sigma),
                "pit": None,
            }
        )
    return rows


def _outcome_rows(history: DeskHistory, inputs: SessionInputs) -> list[dict[str, Any]]:
    """What became of the forecasts whose session has come, by book."""
    rows: list[dict[str, Any]] = []
    for book, target in history.awaited.items():
        returns = inputs.realised.get(book, {})
        if target not in returns:  # not known yet, e.g. a session that all of its holdings skipped
            continue
        shown = inputs.pits.get(book, {})
        pits = {key: by_date.get(target, np.nan) for key, by_date in shown.items()}
        pits = {key: float(pit) for key, pit in pits.items() if np.isfinite(pit)}
        pnl = float(returns[target]) if np.isfinite(returns[target]) else None
        history.happened(book, pnl, pits)
        rows.append({"portfolio": book, "target": target, "pnl": pnl, "pits": pits or None})
    return rows


def _shadow(
    history: DeskHistory, forecasts: Sequence[Mapping[str, Any]], model: str, desk: DeskSettings
) -> dict[str, Any] | None:
    """The challenger beside the desk's model; without one the desk's beside the legacy.

    Challengers follow one another, each trained later than the one before, as versions of a
    champion do: what is compared is what each line said on the day.
    """
    said = {str(row["role"]): str(row["model"]) for row in forecasts}
    candidate, name = CHALLENGER, said.get(CHALLENGER)
    if name is None:
        candidate, name = model, model
    incumbent = LEGACY if candidate == model else model
    if candidate == incumbent:
        return None
    found = compared(history, candidate=candidate, incumbent=incumbent, rule=desk.shadow)
    return found | {"candidate": name, "role": "challenger" if candidate == CHALLENGER else "desk"}


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


def _day(value: Any) -> str:
    return f"{pd.Timestamp(value):%Y-%m-%d}"
