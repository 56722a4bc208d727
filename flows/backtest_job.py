"""The `backtest` command: a forecast table, its scores in MLflow, and nothing registered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.evidence_file import evidence_text
from flows.evidence_metrics import metrics_of
from flows.lifecycle import judged
from flows.outputs import file_digest, publish, staging, write_whole
from flows.provenance import provenance
from flows.settings import Settings, canonical_digest
from flows.steps import Steps, record_of
from flows.table import write_table
from flows.terminal import Step
from flows.tracking import complete, register


@dataclass(frozen=True, slots=True)
class Backtested:
    """A forecast table that was written.

    Attributes
    ----------
    path : Path
    sha256 : str
    rows : int
    run : str
        Of MLflow.
    left_out : dict of name to reason
    """

    path: Path
    sha256: str
    rows: int
    run: str
    left_out: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they go into JSON."""
        return {
            "schema": "foreshock.backtest/1",
            "forecasts": str(self.path),
            "sha256": self.sha256,
            "rows": self.rows,
            "run": self.run,
            "left_out": self.left_out,
        }


def backtest(
    settings: Settings, *, root: Path, steps: Steps, out: Path | None = None
) -> Backtested:
    """Forecast a market walk-forward, and log the scores so that runs can be compared.

    Simulated p-values are left to `foreshock score`, which reads the table.

    Parameters
    ----------
    settings : Settings
    root : Path
        State root.
    steps : Steps
    out : Path, optional
        Directory that receives ``forecasts.parquet``, or the file itself where the name ends in
        ``.parquet``; by default a directory of its own under ``runs``.
    """
    work = judged(settings, root=root, steps=steps, simulated=False)
    as_of = f"{work.found.market.as_of:%Y-%m-%d}"
    request = canonical_digest([settings.digest, work.found.market.snapshot])
    target = (out or root / "runs" / f"{as_of}-backtest-{request[:8]}").absolute()
    if target.suffix != ".parquet":
        target = target / "forecasts.parquet"
    record = record_of(
        work.found,
        work.plan,
        settings,
        provenance(),
        root,
        model="backtest",
        metrics=metrics_of(work.evidence),
    )

    def written(step: Step) -> str:
        with staging(target.parent) as staged, register(root, record) as version:
            files = staged / "files"
            files.mkdir()
            write_table(work.table, files / target.name)
            content = evidence_text(work.evidence).encode()
            write_whole(staged / "logged" / "evidence.json", content)
            complete(root, version, staged / "logged")
            publish(files, target.parent)
        step.summary = f"{len(work.table):,} rows"
        return version.run_id

    run = steps("write", written)
    return Backtested(target, file_digest(target), len(work.table), run, dict(work.left_out))
