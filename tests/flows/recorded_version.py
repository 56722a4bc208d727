"""A ledger with two versions that were judged, whose files are small enough to count by hand."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from flows.clock import FixedClock, instant_text
from flows.held_models import WEIGHTS, weights_digest
from flows.outputs import file_digest, json_bytes, write_whole
from flows.settings import checkout
from tests.flows.served_model import save_served
from tests.validation.documents.conftest import made_inputs

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction

MODEL = "foreshock-tail"
LATER = instant_text(datetime(2026, 12, 31, tzinfo=UTC))


def noon() -> FixedClock:
    return FixedClock(datetime(2026, 11, 24, 12, tzinfo=UTC))


def record_version(
    ledger: Ledger, root: Path, *, number: int = 1, seed: int = 0, served: bool = False
) -> int:
    """Record a judged version with its files, as a run does; its ``seq``.

    With ``served`` a model that can be served is among them.
    """
    directory = root / "runs" / f"made-{number}"
    made_files(directory)
    weights = "02" * 32
    if served:
        save_served(directory / WEIGHTS)
        parts = {path.name: file_digest(path) for path in (directory / WEIGHTS).iterdir()}
        weights = weights_digest(parts)
    manifest = {
        "settings": {"alphas": [0.99], "seed": seed},
        "settings_sha256": "33" * 32,
        "revision": "abc123",
        "lock_sha256": file_digest(checkout() / "infra" / "requirements.lock"),
        "snapshot_sha256": "01" * 32,
    }
    with ledger.transaction() as tx:
        if tx.last("snapshot", sha256="01" * 32) is None:
            tx.append(
                "snapshot",
                actor="scheduler",
                sha256="01" * 32,
                as_of="2024-12-31",
                data="/market",
                tables={"prices.csv": ["c0" * 32, 20]},
            )
        seq = tx.append(
            "version",
            actor="scheduler",
            model=MODEL,
            number=number,
            run_id=f"run{number}",
            name="combined",
            as_of="2024-12-31",
            snapshot_sha256="01" * 32,
            weights_sha256=weights,
            manifest=manifest,
            manifest_sha256=hashlib.sha256(json.dumps(manifest).encode()).hexdigest(),
            cause="schedule",
            cause_evidence={},
        )
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            tx.append(
                "evidence",
                actor="scheduler",
                version=seq,
                name=path.relative_to(directory).as_posix(),
                sha256=file_digest(path),
                path=str(path.relative_to(root)),
            )
        append_gate(tx, seq, "shortfall_z2", passed=True)
    return seq


def made_files(directory: Path) -> None:
    """What a run publishes."""
    inputs = made_inputs()
    write_whole(directory / "evidence.json", json_bytes(inputs.evidence))
    write_whole(directory / "feeds.json", json_bytes(inputs.feeds))
    _forecasts().to_parquet(directory / "forecasts.parquet")


def append_gate(tx: Transaction, version: int, name: str, *, passed: bool) -> None:
    tx.append(
        "gate",
        actor="scheduler",
        version=version,
        name=name,
        threshold=-0.25,
        value=0.1 if passed else -0.9,
        passed=passed,
        evidence={},
    )


def alter(root: Path, statement: str, *values: object) -> None:
    """Change the database behind the ledger's back: its owner is held by no trigger or key."""
    with closing(sqlite3.connect(root / "ledger.db")) as database, database:
        named = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in named:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute(statement, values)


def _forecasts() -> pd.DataFrame:
    """Three days of one series and two models; the combined one is exceeded once."""
    targets = pd.to_datetime(["2020-03-13", "2020-03-16", "2020-03-17"])
    one: dict[str, Any] = {"origin": targets - pd.offsets.BDay(1), "target": targets}
    one |= {"portfolio": "spx", "alpha": 0.99, "horizon": 1, "es": 0.08}
    one |= {"pnl": [0.09, -0.12, float("nan")]}
    return pd.concat(
        pd.DataFrame(one | {"model": model, "var": var})
        for model, var in (("combined", 0.06), ("hs_250", 0.03))
    )
