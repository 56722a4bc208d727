"""The cycle of a session: ingest, forecast, shadow and monitor; one effect for each as-of.

Whoever asks again, ten schedules at once or a person after a crash, is told what was recorded the
first time. A run that is killed leaves nothing; the next one does the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.sources.bundled import bundled_market
from flows.alerts import Signal, deliver, record_signals
from flows.clock import Clock, system_clock
from flows.daily import (
    MODEL,
    SessionDone,
    SessionInputs,
    recorded_before,
    recorded_session,
    refuse_past,
)
from flows.desk_settings import DeskSettings
from flows.held_models import CHAMPION_DAMAGED, best_model, held_model
from flows.ingest import last_session
from flows.ledger.champions import challenger_of
from flows.ledger.jobs import Run, effect_of, running
from flows.ledger.ledger import Ledger
from flows.monitor import drift
from flows.notifiers import notifiers
from flows.reconcile import REGISTRY_DIFFERS, reconcile
from flows.refusal import BlockedError, RefusedError
from flows.serving import Serving, Voice, made_ready
from flows.settings import Settings, canonical_digest
from flows.steps import Steps, ingested
from flows.terminal import Step
from flows.units import UnitStore

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction
    from models.tail.served import Served

JOB = "daily"
STEPS = 5
"""Steps of `cycle`, for whoever counts them on a display."""
UNFIT = "version_unfit"
"""Kind of the alert that a version cannot be served."""
SESSION_REFUSED = "session_refused"
"""Kind of the alert that no book could be forecast."""


def cycle(
    *,
    root: Path,
    desk: DeskSettings,
    steps: Steps,
    data: Path | None = None,
    as_of: pd.Timestamp | None = None,
    clock: Clock = system_clock,
) -> SessionDone:
    """Do the session of an as-of, unless it was done.

    Parameters
    ----------
    root : Path
        State root.
    desk : DeskSettings
    steps : Steps
        `STEPS` of them are taken; none where the session was done before.
    data : Path, optional
        Market directory; by default the bundled one.
    as_of : Timestamp, optional
        By default the last date in prices.
    clock : Clock

    Raises
    ------
    RefusedError
        If nothing can be forecast, or a later session was recorded.
    AlreadyRunningError
        If another run is at work on it.
    """
    session = last_session(data or bundled_market(root), as_of=as_of)
    key = session_key(session, desk)
    ledger = Ledger.open(root, clock=clock)
    try:
        with ledger.reading() as tx:
            done = _done_before(tx, key)
            if done is None:
                refuse_past(tx, f"{session:%Y-%m-%d}")
        return done or _do(ledger, key, root, desk, steps, data, session)
    finally:
        told = deliver(ledger, notifiers(root))
        if told["failed"]:
            steps.say(f"{told['failed']} alerts did not arrive; the next session tries again.")
        ledger.close()


def session_key(as_of: pd.Timestamp, desk: DeskSettings) -> str:
    """Key of a session's job."""
    return canonical_digest({"as_of": f"{as_of:%Y-%m-%d}", "desk": desk.digest})


def voices_of(
    tx: Transaction, root: Path, serving: Serving
) -> tuple[list[Voice], list[Signal], set[int]]:
    """Who speaks now, what is wrong with those who should, and who spoke in the last session.

    Parameters
    ----------
    tx : Transaction
    root : Path
        State root.
    serving : Serving
        Whose panel the versions must know how to read.
    """
    best = best_model(tx, root, MODEL)
    signals = best.signals(MODEL)
    voices: list[Voice] = []
    if best.version is not None and best.served is not None:
        _speak("champion", best.version, best.served, serving, voices, signals)
    challenger = challenger_of(tx, MODEL)
    if challenger is not None:
        try:
            served = held_model(tx, root, challenger)
        except RefusedError as refusal:
            signals.append(_unfit("challenger", challenger, str(refusal)))
        else:
            _speak("challenger", challenger, served, serving, voices, signals)
    return voices, signals, spoke_last(tx)


def spoke_last(tx: Transaction) -> set[int]:
    """Versions that spoke in the last session, as places in the ledger."""
    from sqlalchemy import select

    from flows.ledger.schema import forecast

    last = tx.last("session")
    if last is None:
        return set()
    known = select(forecast.c.version).where(forecast.c.session == last["seq"]).distinct()
    return {seq for seq in tx.connection.execute(known).scalars() if seq is not None}


def _do(
    ledger: Ledger,
    key: str,
    root: Path,
    desk: DeskSettings,
    steps: Steps,
    data: Path | None,
    session: pd.Timestamp,
) -> SessionDone:
    """Do the session; what keeps it from being done is told the desk, too."""
    with ExitStack() as opened:
        try:
            run = opened.enter_context(running(ledger, JOB, key))
        except BlockedError:
            with ledger.reading() as tx:  # somebody else may have finished it at this moment
                if (done := _done_before(tx, key)) is not None:
                    return done
            raise
        try:
            return _work(ledger, run, root, desk, steps, data, session)
        except RefusedError as refusal:
            with ledger.transaction() as tx:
                told = [refused_signal(session, str(refusal))]
                targets = [one.name for one in notifiers(root)]
                record_signals(tx, told, actor="scheduler", targets=targets)
            raise


def refused_signal(session: pd.Timestamp, why: str) -> Signal:
    """The alert that a session has no numbers; the next one that has ends it."""
    first = why.splitlines()[0]
    message = f"No session of {session:%Y-%m-%d}: {first}"
    return Signal(SESSION_REFUSED, JOB, "critical", message, {"as_of": f"{session:%Y-%m-%d}"})


def _work(
    ledger: Ledger,
    run: Run,
    root: Path,
    desk: DeskSettings,
    steps: Steps,
    data: Path | None,
    session: pd.Timestamp,
) -> SessionDone:
    found = ingested(steps, Settings(data=data, as_of=session.date()), root)

    def ready(step: Step) -> Serving:
        with UnitStore(root / "units.db") as units:
            before = len(units)
            serving = made_ready(
                found,
                alphas=desk.monitor.alphas,
                units=units,
                watch=desk.watch,
                progress=step.advance,
            )
            fits = len(units) - before
        step.summary = f"{len(serving.plan.judged)} books; {fits} new fits"
        return serving

    serving = steps("forecast", ready)
    moved = steps("drift", lambda step: _drift(step, serving, root, session))

    def heard(step: Step) -> tuple[SessionInputs, list[Signal]]:
        differing = [one.signal for one in reconcile(ledger, root, repair=True)]
        with ledger.reading() as tx:
            voices, signals, spoke = voices_of(tx, root, serving)
        said = [f"{voice.role} {voice.served.model}" for voice in voices]
        step.summary = ", ".join([*said, "legacy", "fallback"])
        return serving.inputs(session, voices, spoke=spoke, drift=moved["rows"]), [
            *differing,
            *signals,
        ]

    inputs, signals = steps("serve", heard)

    def record(step: Step) -> SessionDone:
        with ledger.transaction() as tx:
            done = recorded_session(
                tx,
                inputs,
                desk=desk,
                targets=[one.name for one in notifiers(root)],
                signals=signals,
                checked=(UNFIT, CHAMPION_DAMAGED, REGISTRY_DIFFERS, SESSION_REFUSED),
            )
            run.commit(
                tx,
                sha256=canonical_digest(dict(done.summary)),
                summary={"session": done.seq, "as_of": done.as_of},
            )
        step.summary = session_line(done.summary)
        return done

    return steps("session", record)


def session_line(summary: Mapping[str, Any]) -> str:
    """What a session says in one line."""
    held = sum(number["deadline"] is not None for number in summary["numbers"])
    degraded = [name for name, one in summary["monitor"]["books"].items() if one["degraded"]]
    parts = [
        f"{summary['standing']} {summary['model']}",
        f"{held} numbers on hold" if held else "",
        f"degraded: {', '.join(degraded)}" if degraded else "",
        f"regime {summary['regime']}" if summary["regime"] else "",
    ]
    return "; ".join(part for part in parts if part)


def _drift(step: Step, serving: Serving, root: Path, session: pd.Timestamp) -> dict[str, Any]:
    plan = serving.plan
    out = root / "sessions" / f"{session:%Y-%m-%d}"
    moved = drift(serving.panel, plan.instruments or plan.judged, out=out)
    drifted = [row["feature"] for row in moved["rows"] if row["drifted"]]
    step.summary = f"{len(drifted)} of {len(moved['rows'])} features"
    return moved


def _done_before(tx: Transaction, key: str) -> SessionDone | None:
    effect = effect_of(tx, JOB, key)
    if effect is None:
        return None
    (row,) = tx.rows("session", seq=effect["summary"]["session"])
    return recorded_before(row)


def _speak(
    role: Any,
    version: Mapping[str, Any],
    served: Served,
    serving: Serving,
    voices: list[Voice],
    signals: list[Signal],
) -> None:
    """Let a version speak, or say why it cannot."""
    if (reason := served.unreadable(serving.panel)) is None:
        voices.append(Voice(role, version["seq"], served))
    else:
        signals.append(_unfit(role, version, reason))


def _unfit(role: str, version: Mapping[str, Any], reason: str) -> Signal:
    return Signal(
        UNFIT,
        role,
        "critical" if role == "champion" else "warning",
        f"{MODEL} version {version['number']}, {role}, is not served: {reason}",
        {"version": version["number"], "role": role},
    )
