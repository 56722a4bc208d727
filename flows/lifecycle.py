"""The main job: from a market directory to a registered model with its evidence."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.panel import Panel
from flows import tracking
from flows.ablating.kept import kept_ablation
from flows.backtest import Heads, tabulate
from flows.champion_gate import gate_before_shadow
from flows.clock import Clock, system_clock
from flows.desk_settings import read_desk_settings
from flows.evidence_file import evidence_text
from flows.evidence_metrics import metrics_of
from flows.feedback import feedback_of
from flows.held_models import WEIGHTS
from flows.ingest import Ingested
from flows.monitor import drift
from flows.outputs import copied, json_bytes, publish, staging, write_whole
from flows.plan import Plan
from flows.processes import processes, release
from flows.provenance import provenance
from flows.record import Record, Version
from flows.registration import Also, conclude
from flows.report import claimed_model, render_report, verdict_sentence
from flows.report_sections import forecast_books, speaking_portfolio
from flows.run_lineage import run_lineage
from flows.settings import LEGACY, Settings, refuse_longer
from flows.shadow import shadow
from flows.steps import Steps, ingested, prepared, record_of
from flows.table import write_table
from flows.terminal import Step
from flows.train import baselines, trained, weights_of
from flows.units import UnitStore
from validation.evidence import examine
from validation.gates import Gate, judged_gates

STEPS = 12
"""Steps of `run`, for whoever counts them on a display."""


@dataclass(frozen=True, slots=True)
class Work:
    """All that a run has in hand once its forecasts are judged.

    Attributes
    ----------
    settings : Settings
    found : Ingested
    plan : Plan
    panel : Panel or None
    heads : Heads
        The last ones fitted; their forecasts are in the table alone.
    table : DataFrame
    left_out : mapping of series or model to reason
    evidence : mapping
    """

    settings: Settings
    found: Ingested
    plan: Plan
    panel: Panel | None
    heads: Heads
    table: pd.DataFrame
    left_out: Mapping[str, str]
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """A run with everything written.

    Attributes
    ----------
    directory : Path
        Where the files are.
    files : mapping of name to SHA-256
    verdict : str
    gates : mapping of gate to whether it passed
        Empty where no learned model was judged.
    version : Version
    excluded : tuple of str
        What the feed gate kept out.
    left_out : mapping of name to reason
    drifted : bool
    """

    directory: Path
    files: Mapping[str, str]
    verdict: str
    gates: Mapping[str, bool]
    version: Version
    excluded: tuple[str, ...]
    left_out: Mapping[str, str]
    drifted: bool

    @property
    def report(self) -> Path:
        """The page to read."""
        return self.directory / "report.html"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return {
            "schema": "foreshock.run/1",
            "verdict": self.verdict,
            "gates": dict(self.gates),
            "report": str(self.report),
            "directory": str(self.directory),
            "files": dict(self.files),
            "registered": self.version.name if self.version.number else None,
            "version": self.version.number,
            "run": self.version.run_id,
            "excluded": list(self.excluded),
            "left_out": dict(self.left_out),
            "drift": self.drifted,
        }


def judged(settings: Settings, *, root: Path, steps: Steps, simulated: bool = True) -> Work:
    """Forecast a market walk-forward and examine the forecasts: the first part of a run.

    Parameters
    ----------
    settings : Settings
    root : Path
        State root.
    steps : Steps
    simulated : bool
        False leaves out the examiner's simulated p-values.
    """
    found = ingested(steps, settings, root)
    plan, panel = prepared(steps, found, settings)
    table, heads, left_out = _forecast(settings, plan, panel, root, steps)
    release()

    def examined(step: Step) -> dict[str, Any]:
        evidence = examine(
            table,
            as_of=found.market.as_of,
            snapshot=found.market.snapshot,
            asset_classes={history.name: history.asset_class for history in plan.judged},
            seed=settings.seed,
            simulated=simulated,
            jobs=processes(len(table), worth=100_000),
        )
        release()
        missed = evidence["not_covered"]
        step.summary = f"{len(evidence['groups']):,} groups judged"
        step.summary += f"; not covered: {', '.join(missed)}" if missed else ""
        return evidence

    evidence = steps("examine", examined)
    return Work(settings, found, plan, panel, heads, table, left_out, evidence)


def _forecast(
    settings: Settings, plan: Plan, panel: Panel | None, root: Path, steps: Steps
) -> tuple[pd.DataFrame, Heads, dict[str, str]]:
    """The table, the last heads, and what was left out; all else is let go of, for its size."""
    with UnitStore(root / "units.db") as units:
        statistical = baselines(steps, plan, settings, units)
        feedback = None if panel is None else feedback_of(root)
        heads = trained(steps, plan, settings, statistical, panel, units, feedback)

    def backtest(step: Step) -> pd.DataFrame:
        table = tabulate(plan, settings, statistical, heads)
        step.summary = f"{len(table):,} forecasts"
        return table

    left_out = {**plan.skipped, **statistical.left_out}
    left_out |= {"learned models": heads.reason} if heads.reason else {}
    return steps("backtest", backtest), heads.without_forecasts(), left_out


def run(
    settings: Settings,
    *,
    root: Path,
    steps: Steps,
    out: Path | None = None,
    cause: str = "hand",
    cause_evidence: Mapping[str, Any] | None = None,
    clock: Clock = system_clock,
    also: Also | None = None,
) -> Finished:
    """Validate, train, backtest on the crises, register, compare, and report.

    The files appear together when all of them are finished; a run that fails or is killed leaves
    those of earlier runs as they were, and finished units to resume from.

    Parameters
    ----------
    settings : Settings
    root : Path
        State root.
    steps : Steps
        `STEPS` of them are taken.
    out : Path, optional
        Directory for a copy of the files; the ledger vouches for those under ``runs``.
    cause : str
        Why, of `flows.ledger.versions.CAUSES`; it is written on the version.
    cause_evidence : mapping, optional
        What set it off, as plain values.
    clock : Clock
    also : Also, optional
        See `flows.registration.conclude`.
    """
    refuse_longer(settings, job="run")
    work = judged(settings, root=root, steps=steps)
    gates = steps("gates", lambda step: _gates(step, work, root))
    made = provenance()
    runs = root / "runs"
    with staging(runs) as staged:
        files = staged / "files"
        weights = weights_of(work.heads, work.panel, settings, _claim(work), files / WEIGHTS)
        record = record_of(
            work.found,
            work.plan,
            settings,
            made,
            root,
            metrics=metrics_of(work.evidence),
            tags={"gates": _failed(gates) or "passed"},
            **weights,
        )
        with _registered(steps, root, record) as version:
            judged_by = [asdict(gate) for gate in gates]
            write_whole(files / "gates.json", json_bytes(judged_by))
            compared = steps("shadow", lambda step: _shadow(step, work))
            moved = steps("drift", lambda step: _drift(step, work, files))
            lineage = run_lineage(work.settings, made, version, root, left_out=work.left_out)
            steps(
                "report",
                lambda step: _write(step, work, files, compared, moved, lineage, judged_by, root),
            )
            tracking.complete(root, version, files)
        kept = runs / f"{record.as_of}-{version.run_id[:8]}"
        digests = publish(files, kept)

    def recorded(step: Step) -> None:
        step.summary = conclude(
            record,
            version,
            root=root,
            files=kept,
            gates=gates,
            cause=cause,
            cause_evidence=cause_evidence,
            clock=clock,
            also=also,
        )

    latest = runs / "latest.json"
    _point(latest, kept, version, digests)  # before the row: a run killed after it has its effect
    steps("record", recorded)
    directory = kept
    if out is not None:
        directory = copied(kept, out.absolute())
        _point(latest, directory, version, digests)
    return Finished(
        directory=directory,
        files=digests,
        verdict=verdict_sentence(work.evidence, portfolio=_speaking(work)),
        gates={gate.name: gate.passed for gate in gates},
        version=version,
        excluded=tuple(_named(entry) for entry in work.found.verdicts.excluded()),
        left_out=work.left_out,
        drifted=bool(moved["alert"]),
    )


def _claim(work: Work) -> str:
    """Learned model that stands for the run; the legacy where none was trained."""
    return claimed_model(work.evidence) or LEGACY


@contextmanager
def _registered(steps: Steps, root: Path, record: Record) -> Generator[Version, None, None]:
    """The step that registers; the run it opens stays open for the block."""
    with ExitStack() as opened:

        def work(step: Step) -> Version:
            version = opened.enter_context(tracking.register(root, record))
            step.summary = str(version) if version.number else "no learned model, so no version"
            return version

        yield steps("register", work)


def _gates(step: Step, work: Work, root: Path) -> tuple[Gate, ...]:
    model = claimed_model(work.evidence)
    if model is None:
        step.summary = "no learned model to judge"
        return ()
    rule = read_desk_settings().gates
    gates = (
        *judged_gates(work.evidence, model=model, rule=rule, seeds=work.heads.seeds),
        gate_before_shadow(root, tracking.REGISTERED, rule=rule),
    )
    failed = _failed(gates)
    step.summary = f"{sum(gate.passed for gate in gates)} of {len(gates)} passed"
    step.summary += f"; not {failed}" if failed else ""
    return gates


def _failed(gates: Iterable[Gate]) -> str:
    return ", ".join(gate.name for gate in gates if not gate.passed)


def _shadow(step: Step, work: Work) -> dict[str, Any]:
    compared = shadow(work.table, legacy=LEGACY, candidate=_claim(work))
    if compared["rows"]:
        first = min(row["from"] for row in compared["rows"])
        step.summary = f"{compared['candidate']} beside the legacy {LEGACY} since {first}"
    else:
        step.summary = compared["status"]
    return compared


def _drift(step: Step, work: Work, files: Path) -> dict[str, Any]:
    if work.panel is None:
        moved: dict[str, Any] = {"alert": False, "rows": [], "status": "no features were made"}
    else:
        moved = drift(work.panel, work.plan.instruments or work.plan.judged, out=files / "drift")
    drifted = [row["feature"] for row in moved["rows"] if row["drifted"]]
    step.summary = f"{len(drifted)} of {len(moved['rows'])} features"
    step.summary += f": {', '.join(drifted[:3])}" if drifted else ""
    return moved


def _write(
    step: Step,
    work: Work,
    files: Path,
    compared: Mapping[str, Any],
    moved: Mapping[str, Any],
    lineage: Mapping[str, Any],
    gates: Sequence[Mapping[str, Any]],
    root: Path,
) -> None:
    files.mkdir(exist_ok=True)
    feeds = work.found.verdicts.to_json()
    page = render_report(
        evidence=work.evidence,
        forecasts=work.table,
        feeds=feeds,
        lineage=lineage,
        shadow=compared,
        drift=moved,
        gates=gates,
        ablation=work.panel and kept_ablation(root, work.settings, work.found.market, work.plan),
    )
    (files / "report.html").write_text(page, encoding="utf-8")
    (files / "feeds.json").write_bytes(json_bytes(feeds))
    (files / "evidence.json").write_text(evidence_text(work.evidence), encoding="utf-8")
    (files / "shadow.json").write_bytes(json_bytes(compared))
    write_table(work.table, files / "forecasts.parquet")
    step.summary = f"{len(page) / 1e3:,.0f} kB"


def _speaking(work: Work) -> str:
    books = forecast_books(work.table, work.found.verdicts.to_json())
    return speaking_portfolio(work.evidence, books)


def _named(entry: Mapping[str, str]) -> str:
    """One thing the gate kept out, with the reason."""
    return f"{entry['series'] or entry['table']}: {entry['reason']}"


def _point(latest: Path, directory: Path, version: Version, digests: Mapping[str, str]) -> None:
    """Say which run is the latest; readers see the old answer or the new one."""
    pointer = {
        "schema": "foreshock.latest/1",
        "directory": str(directory),
        "report": str(directory / "report.html"),
        "run": version.run_id,
        "version": version.number,
        "sha256": dict(digests),
    }
    write_whole(latest, json_bytes(pointer))
