"""What history costs with a thousand versions in the ledger and in MLflow.

    python infra/bench/history.py

Each command is a fresh process; median of five after a discarded run, in a temporary state root.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flows.ledger.ledger import Ledger
from flows.settings import checkout, quiet_libraries
from infra.bench.ledger import median

VERSIONS = 1_000
FILES, GATES, DOCUMENTS, ALERTS = 12, 12, 32, 3
"""Rows of a version: what `foreshock run` leaves of one."""
MODEL = "foreshock-tail"


def record(ledger: Ledger, number: int, run_id: str) -> None:
    """Record a version with the rows of a run, its documents and what became of it."""
    sha = f"{number:064x}"
    with ledger.transaction() as tx:
        tx.append(
            "snapshot", actor="system", sha256=sha, as_of="2024-12-31", data="/market", tables={}
        )
        seq = tx.append(
            "version",
            actor="system",
            model=MODEL,
            number=number,
            run_id=run_id,
            name="combined",
            as_of="2024-12-31",
            snapshot_sha256=sha,
            weights_sha256=sha,
            manifest={"settings": {"seed": number}, "revision": sha[:40]},
            manifest_sha256=sha,
            cause="drift",
            cause_evidence={"message": "moved"},
        )
        row: dict[str, Any] = {"actor": "system", "version": seq}
        for k in range(FILES):
            name = f"file-{k}.json"
            tx.append("evidence", **row, name=name, sha256=sha, path=f"runs/{number}/{name}")
        for k in range(GATES):
            told: dict[str, Any] = {
                "threshold": 0.1,
                "value": 0.2,
                "passed": True,
                "evidence": [{"n": 250}],
            }
            tx.append("gate", **row, name=f"gate-{k}", **told)
        for k in range(DOCUMENTS):
            name = f"{k:02d}.json"
            tx.append("document", **row, name=name, sha256=sha, path=f"documents/{number}/{name}")
        for k in range(ALERTS):
            about = {"kind": "drift", "subject": "fx", "severity": "info", "message": "moved"}
            tx.append("alert", actor="system", key=f"{number}-{k}", **about, evidence={})
        tx.append("veto", **row, reason="superseded")


def register(root: Path) -> str:
    """Register as many versions of one stored model with MLflow; the run they name."""
    quiet_libraries(root)
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{root / 'mlflow.db'}")
    client = mlflow.MlflowClient()
    where = (root / "artifacts").as_uri()
    run = client.create_run(client.create_experiment("foreshock", artifact_location=where))
    client.create_registered_model(MODEL)
    for number in range(1, VERSIONS + 1):
        tags = {"status": "complete", "weights_sha256": f"{number:064x}"}
        client.create_model_version(MODEL, source=where, run_id=run.info.run_id, tags=tags)
    client.set_terminated(run.info.run_id)
    return run.info.run_id


def foreshock(root: Path, *arguments: str) -> None:
    """Run a command as a process of its own."""
    subprocess.run(
        [sys.executable, "-c", "from flows.cli import app; app()", *arguments],
        env=os.environ | {"FORESHOCK_HOME": str(root), "PYTHONPATH": str(checkout())},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        start = time.perf_counter()
        run_id = register(root)
        ledger = Ledger.open(root)
        for number in range(1, VERSIONS + 1):
            record(ledger, number, run_id)
        with ledger.reading() as tx:
            entries = tx.rows("veto")[-1]["seq"]
        ledger.close()
        made = time.perf_counter() - start
        print(f"{VERSIONS:,} versions, {entries:,} entries, made in {made:.0f} s")
        print("command                        seconds")
        for arguments in (
            ("--help",),
            ("history",),
            ("history", "500"),
            ("history", str(VERSIONS)),
            ("history", "1"),
            ("reconcile",),
        ):
            told = " ".join(("foreshock", *arguments))
            print(f"{told:30} {median(lambda: foreshock(root, *arguments)):7.2f}")  # noqa: B023


if __name__ == "__main__":
    main()
