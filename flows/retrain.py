"""A retrain: the main job again, with its cause written on the version it makes; done once.

A champion stays until it is beaten: what comes of a retrain is a challenger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.sources.bundled import bundled_market
from flows import lifecycle
from flows.clock import Clock, system_clock
from flows.held_files import held_path
from flows.ingest import last_session
from flows.ledger.jobs import Run, effect_of, running
from flows.ledger.ledger import Ledger
from flows.ledger.versions import CAUSES
from flows.reconcile import mirror
from flows.refusal import RefusedError
from flows.registration import finish
from flows.settings import Settings, canonical_digest, refuse_longer
from flows.steps import Steps
from flows.tracking import REGISTERED
from flows.version_rows import version_row

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

JOB = "retrain"
STEPS = lifecycle.STEPS
"""Steps of `retrain`, for whoever counts them on a display."""
_SAME_AGAIN = ("evidence.json", "forecasts.parquet", "weights/served.json")
"""Files that the same inputs give again, byte for byte: their hashes are the effect's."""


@dataclass(frozen=True, slots=True)
class Retrained:
    """What came of a retrain.

    Attributes
    ----------
    version : int
        Number of the version.
    as_of : str
        ISO date.
    cause : str
        What set off the run that made it.
    report : str
        Page to read.
    fresh : bool
        False where an earlier run had made it.
    """

    version: int
    as_of: str
    cause: str
    report: str
    fresh: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return {
            "schema": "foreshock.retrain/1",
            "version": self.version,
            "as_of": self.as_of,
            "cause": self.cause,
            "report": self.report,
            "fresh": self.fresh,
        }


def retrain(
    settings: Settings,
    *,
    root: Path,
    steps: Steps,
    cause: str = "hand",
    evidence: Mapping[str, Any] | None = None,
    clock: Clock = system_clock,
) -> Retrained:
    """Train and judge a challenger; one for each as-of and settings, whatever set it off.

    Parameters
    ----------
    settings : Settings
    root : Path
        State root.
    steps : Steps
        `STEPS` of them are taken; none where it was done before.
    cause : str
        One of `flows.ledger.versions.CAUSES`.
    evidence : mapping, optional
        What set it off, as plain values.
    clock : Clock

    Raises
    ------
    RefusedError
        If the cause is unknown, or the market is too short to train on.
    AlreadyRunningError
        If another run is at work on it.
    """
    if cause not in CAUSES:
        raise RefusedError(f"cause: {cause!r} is none of {', '.join(CAUSES)}. Name one of them.")
    refuse_longer(settings, job="retrain")
    given = None if settings.as_of is None else pd.Timestamp(settings.as_of)
    as_of = last_session(settings.data or bundled_market(root), as_of=given)
    asked = settings.model_copy(update={"as_of": as_of.date()})
    key = asked.digest
    ledger = Ledger.open(root, clock=clock)
    try:
        with ledger.reading() as tx:
            before = effect_of(tx, JOB, key)
            unfinished = before is not None and not _documented(tx, before["summary"]["version"])
        if before is not None:
            # A run that was killed after the version was recorded left the rest to be done.
            made = before["summary"]
            behind = finish(ledger, root, made["version"]) if unfinished else mirror(ledger, root)
            if behind is not None:
                steps.say(behind)
            return _told(made, fresh=False)
        with running(ledger, JOB, key) as run:
            _run(asked, run, root, steps, cause, evidence, clock)
        with ledger.reading() as tx:
            made = effect_of(tx, JOB, key)
    finally:
        ledger.close()
    if made is None:
        raise RefusedError(
            f"as_of {as_of:%Y-%m-%d}: no learned model could be trained, so there is no version. "
            f"The report says why; give longer histories."
        )
    return _told(made["summary"], fresh=True)


def _run(
    settings: Settings,
    run: Run,
    root: Path,
    steps: Steps,
    cause: str,
    evidence: Mapping[str, Any] | None,
    clock: Clock,
) -> None:
    def commit(tx: Transaction, seq: int) -> None:
        """The effect stands or falls with the version, so that a kill leaves both or neither."""
        (version,) = tx.rows("version", seq=seq)
        files = {row["name"]: row for row in tx.rows("evidence", version=seq)}
        run.commit(
            tx,
            sha256=canonical_digest({name: files[name]["sha256"] for name in _SAME_AGAIN}),
            summary={
                "version": version["number"],
                "as_of": version["as_of"],
                "cause": version["cause"],
                "report": str(held_path(root, files["report.html"])),
            },
        )

    lifecycle.run(
        settings,
        root=root,
        steps=steps,
        cause=cause,
        cause_evidence=evidence,
        clock=clock,
        also=commit,
    )


def _documented(tx: Transaction, number: int) -> bool:
    version = version_row(tx, REGISTERED, number)
    return tx.last("document", version=version["seq"]) is not None


def _told(summary: Mapping[str, Any], *, fresh: bool) -> Retrained:
    return Retrained(
        version=summary["version"],
        as_of=summary["as_of"],
        cause=summary["cause"],
        report=summary["report"],
        fresh=fresh,
    )
