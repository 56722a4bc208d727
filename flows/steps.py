"""The steps that jobs share: shown to a person while they run, recorded where a flow runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import pandas as pd

from features.panel import Panel
from features.sources.bundled import bundled_market
from flows.backtest import features_of
from flows.ingest import Ingested, ingest, write_feeds
from flows.plan import Plan, make_plan
from flows.provenance import Provenance
from flows.record import Record
from flows.settings import Settings
from flows.terminal import Step, Terminal

Answer = TypeVar("Answer")


@runtime_checkable
class Recorder(Protocol):
    """What does a step's work and keeps a record of it."""

    def __call__(self, name: str, work: Callable[[], Answer]) -> Answer:
        """Do the work under that name and hand on its answer."""
        ...


def plainly(name: str, work: Callable[[], Answer]) -> Answer:
    """Do the work and record nothing."""
    del name
    return work()


class Steps:
    """Runs one step after the other, each shown on the terminal and given to the recorder."""

    def __init__(self, terminal: Terminal, recorder: Recorder = plainly) -> None:
        self._terminal = terminal
        self._recorder = recorder

    def __call__(self, name: str, work: Callable[[Step], Answer]) -> Answer:
        """Do one step; the work may say how far it is, and what came of it."""
        with self._terminal.step(name) as step:
            return self._recorder(name, lambda: work(step))

    def say(self, text: str) -> None:
        """Tell a person something between two steps."""
        self._terminal.say(text)


def ingested(steps: Steps, settings: Settings, root: Path) -> Ingested:
    """The market asked for, after the feed gate; the verdicts are written down."""

    def work(step: Step) -> Ingested:
        directory = settings.data or bundled_market(root)
        as_of = None if settings.as_of is None else pd.Timestamp(settings.as_of)
        found = ingest(directory, as_of=as_of)
        write_feeds(found.verdicts, root / "feeds" / found.verdicts.snapshot)
        rejected = found.verdicts.rejected
        named = f" ({', '.join(rejected[:3])}{', ...' if len(rejected) > 3 else ''})"
        step.summary = (
            f"{len(found.verdicts.feeds)} feeds checked, {len(rejected)} rejected"
            f"{named if rejected else ''}; to {found.market.as_of.date()}"
        )
        return found

    return steps("ingest", work)


def prepared(steps: Steps, found: Ingested, settings: Settings) -> tuple[Plan, Panel | None]:
    """What is forecast, and the features it is learned from."""

    def work(step: Step) -> tuple[Plan, Panel | None]:
        plan = make_plan(found.market, settings)
        panel = features_of(found.market, plan, settings)
        count = len(panel.own) + len(panel.shared) if panel else 0
        step.summary = (
            f"{len(plan.judged)} series to forecast from {plan.start.date()} to {plan.end.date()}"
            f"{f', {count} features' if panel else ''}"
        )
        return plan, panel

    return steps("features", work)


def record_of(
    found: Ingested, plan: Plan, settings: Settings, made: Provenance, root: Path, **more: Any
) -> Record:
    """What is logged of a job, apart from what was trained and measured."""
    verdicts = found.verdicts
    return Record(
        as_of=f"{found.market.as_of:%Y-%m-%d}",
        data=str((settings.data or root / "markets" / "bundled").absolute()),
        snapshot=verdicts.snapshot,
        tables={
            str(table["file"]): (str(table["sha256"]), int(table["rows"]))
            for table in verdicts.tables.values()
        },
        settings=settings.model_dump(mode="json", exclude={"data"}) | resolved(plan),
        settings_digest=settings.digest,
        provenance=made,
        **more,
    )


def resolved(plan: Plan) -> dict[str, Any]:
    """What the defaults of a request came to."""
    return {
        "start": f"{plan.start:%Y-%m-%d}",
        "end": f"{plan.end:%Y-%m-%d}",
        "series": len(plan.judged),
    }
