"""One version of a learned tail: trained on all there is and registered, not yet judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from features.panel import Panel
from flows.backtest import Heads, Statistical, forecast_statistical, learned_settings, train_heads
from flows.feedback import feedback_of
from flows.held_models import WEIGHTS, weights_digest
from flows.ledger.jobs import Run, running
from flows.ledger.ledger import Ledger, Transaction
from flows.ledger.versions import manifest_of
from flows.outputs import file_digest, json_bytes, publish, staging, write_whole
from flows.plan import Plan
from flows.processes import release
from flows.provenance import provenance
from flows.record import Record, Version
from flows.refusal import RefusedError
from flows.registration import conclude, finish
from flows.settings import CLAIM, LEARNED, Settings, canonical_digest, refuse_longer
from flows.steps import Steps, ingested, prepared, record_of
from flows.terminal import Step
from flows.tracking import complete, register
from flows.units import UnitStore

if TYPE_CHECKING:
    from models.tail.feedback import Feedback

JOB = "train"


@dataclass(frozen=True, slots=True)
class Trained:
    """A version that was trained and registered."""

    version: Version
    model: str
    snapshot: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return {
            "schema": "foreshock.train/1",
            "model": self.model,
            "registered": self.version.name,
            "version": self.version.number,
            "run": self.version.run_id,
            "snapshot": self.snapshot,
        }


def train(settings: Settings, *, model: str, root: Path, steps: Steps) -> Trained:
    """Train one learned model on everything up to the as-of and register the version.

    The same inputs, code and settings give the same weights, and the version that has them: asked
    for again it is named, and what a killed run left undone is done.

    Parameters
    ----------
    settings : Settings
    model : {"linear", "mlp", "transformer", "combined"}
    root : Path
        State root.
    steps : Steps

    Raises
    ------
    RefusedError
        If the model does not learn, or the market is too short to train it.
    """
    if model not in LEARNED:
        raise RefusedError(
            f"model: {model} has nothing to train ahead; a backtest refits it as it goes. "
            f"Choose from {', '.join(LEARNED)}, or run `foreshock backtest --models {model}`."
        )
    refuse_longer(settings, job="train")
    ledger = Ledger.open(root)
    try:
        with running(ledger, JOB, str(uuid4())) as run:
            return _trained(ledger, run, settings, model, root, steps)
    finally:
        ledger.close()


def _trained(
    ledger: Ledger, run: Run, settings: Settings, model: str, root: Path, steps: Steps
) -> Trained:
    found = ingested(steps, settings, root)
    start = settings.start or found.market.as_of.date().replace(month=1, day=1)
    asked = settings.model_copy(update={"models": (model,), "start": start})
    plan, panel = prepared(steps, found, asked)
    with UnitStore(root / "units.db") as units:
        statistical = baselines(steps, plan, asked, units)
        heads = trained(steps, plan, asked, statistical, panel, units, feedback_of(root))

    def commit(tx: Transaction, seq: int) -> None:
        (version,) = tx.rows("version", seq=seq)
        summary = {"version": version["number"], "as_of": version["as_of"]}
        run.commit(tx, sha256=version["manifest_sha256"], summary=summary)

    def work(step: Step) -> Version:
        with staging(root / "runs") as beside:
            files = beside / "files"
            write_whole(files / "feeds.json", json_bytes(found.verdicts.to_json()))
            served = weights_of(heads, panel, asked, model, files / WEIGHTS)
            record = record_of(found, plan, asked, provenance(), root, **served)
            if (known := _known(ledger, record, files / WEIGHTS, commit)) is not None:
                behind = finish(ledger, root, known["number"])
                step.summary = f"{known['model']} v{known['number']} has these weights already"
                step.summary += f"; {behind}" if behind else ""
                return Version(
                    known["model"], known["number"], known["run_id"], known["weights_sha256"]
                )
            with register(root, record) as version:
                complete(root, version, files)
            directory = root / "runs" / f"{record.as_of}-{version.run_id[:8]}"
            publish(files, directory)
        conclude(record, version, root=root, files=directory, also=commit)
        step.summary = f"{version}; `foreshock run` judges it"
        return version

    return Trained(steps("register", work), model, found.market.snapshot)


def _known(
    ledger: Ledger, record: Record, weights: Path, commit: Callable[[Transaction, int], None]
) -> dict[str, Any] | None:
    """The version that was made of the same, if the ledger has one; then it is what came of it."""
    digests = {path.name: file_digest(path) for path in sorted(weights.iterdir())}
    manifest = manifest_of(record, weights_sha256=weights_digest(digests))
    with ledger.transaction() as tx:
        known = tx.last("version", manifest_sha256=canonical_digest(manifest))
        if known is not None:
            commit(tx, known["seq"])
    return known


def baselines(steps: Steps, plan: Plan, settings: Settings, units: UnitStore) -> Statistical:
    """The step that fits the statistical models."""

    def work(step: Step) -> Statistical:
        before = len(units)
        done = forecast_statistical(plan, settings, units=units, progress=step.advance)
        step.summary = f"{len(done.models)} models; {len(units) - before} new fits"
        if done.left_out:
            step.summary += f"; left out {', '.join(sorted(done.left_out))}"
        return done

    return steps("baselines", work)


def trained(
    steps: Steps,
    plan: Plan,
    settings: Settings,
    statistical: Statistical,
    panel: Panel | None,
    units: UnitStore,
    feedback: Feedback | None = None,
) -> Heads:
    """The step that trains the learned tails, on what the desk has flagged too."""

    def work(step: Step) -> Heads:
        before = len(units)
        heads = train_heads(
            plan,
            settings,
            statistical,
            panel,
            units=units,
            progress=step.advance,
            feedback=feedback,
        )
        release()
        if heads.learned is None:
            step.summary = heads.reason or "no learned model asked for"
        else:
            count = len(heads.learned.windows) * len(heads.learned.heads)
            step.summary = f"{count} heads, {len(units) - before} of them new"
        return heads

    return steps("train", work)


def weights_of(
    heads: Heads, panel: Panel | None, settings: Settings, model: str, directory: Path
) -> dict[str, Any]:
    """Write the last heads as a served model; what a record says of it, empty without heads."""
    if heads.learned is None or panel is None:
        return {"model": model}
    from models.tail.score_walk import ScoreWalk
    from models.tail.served import OUTPUTS, input_columns, save

    chosen = learned_settings(settings)
    factor = chosen.calibration
    walk = factor if model == CLAIM and isinstance(factor, ScoreWalk) else None
    kinds = {model} & set(heads.learned.heads) or set(chosen.weights.heads)
    save(
        directory,
        model=model,
        heads={kind: heads.learned.heads[kind] for kind in kinds},
        weights=chosen.weights,
        own=panel.own,
        shared=panel.shared,
        walk=walk,
    )
    last = heads.learned.windows[-1]
    return {
        "model": model,
        "weights": directory,
        "inputs": input_columns(panel.own, panel.shared, past="transformer" in kinds),
        "outputs": OUTPUTS,
        "parameters": {
            "train_until": f"{last.train_until:%Y-%m-%d}",
            **(heads.feedback.parameters() if heads.feedback else {}),
            **_flat("", {"combine": asdict(chosen.weights)}),
            **_flat("", {"walk": asdict(walk)} if walk else {}),
            **_flat("", {kind: asdict(getattr(chosen, kind)) for kind in sorted(kinds)}),
        },
    }


def _flat(prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    """Nested values under dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        dotted = f"{prefix}{name}"
        flat |= _flat(f"{dotted}.", value) if isinstance(value, dict) else {dotted: value}
    return flat
