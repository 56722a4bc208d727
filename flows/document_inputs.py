"""Gathers what the documents of a version are built from, each file hashed before it is read."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.clock import instant_text
from flows.held_files import held_bytes
from flows.settings import checkout
from flows.version_rows import Row, rows_of
from validation.documents.inputs import Inputs

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

DOCUMENTS_GATE = "documents_complete"
"""Name of the gate that the documents themselves are."""

_READ = ("evidence.json", "feeds.json", "shadow.json", "drift/drift.json")


def collect(
    tx: Transaction, root: Path, version: Row, *, desk: Mapping[str, Any], seen: int | None = None
) -> Inputs:
    """Everything the sixteen documents say of a version.

    Parameters
    ----------
    tx : Transaction
    root : Path
        State root.
    version : dict
        Its ledger row.
    desk : mapping
        Settings of the desk as plain values.
    seen : int, optional
        Configurations judged so far.

    Raises
    ------
    RefusedError
        If a file the ledger vouches for is gone or is another.
    """
    rows = rows_of(tx, version)
    held = {row["name"]: row for row in rows["evidence"]}
    read = {name: json.loads(held_bytes(root, held[name])) for name in _READ if name in held}
    manifest = plain(version["manifest"])
    return Inputs(
        model=version["name"],
        version=version["number"],
        manifest=manifest,
        manifest_sha256=version["manifest_sha256"],
        generated_at=instant_text(tx.now),
        version_row=version | {"at": str(version["at"])},
        evidence=read.get("evidence.json"),
        feeds=read.get("feeds.json"),
        shadow=read.get("shadow.json"),
        drift=_drift(read.get("drift/drift.json")),
        exceedances=_exceedances(root, held, version["name"]),
        gates=_latest_gates(rows["gate"]),
        sources={name: row["sha256"] for name, row in sorted(held.items())},
        previous=_previous(tx, version),
        rows=rows,
        lock=_lock(manifest),
        desk=desk,
        configurations_seen=seen,
        tests_sha256=manifest.get("tests_sha256"),
    )


def plain(value: Any) -> Any:
    """A JSON column as a value, whether the ledger hands out text or has read it already."""
    return json.loads(value) if isinstance(value, str) else value


def _exceedances(
    root: Path, held: Mapping[str, Row], model: str
) -> tuple[Mapping[str, Any], ...] | None:
    if "forecasts.parquet" not in held or "evidence.json" not in held:
        return None
    import pandas as pd

    from validation.exceedances import exceedances

    content = held_bytes(root, held["forecasts.parquet"])
    columns = ["target", "portfolio", "alpha", "var", "es", "pnl"]
    table = pd.read_parquet(io.BytesIO(content), columns=columns, filters=[("model", "==", model)])
    mine = table[table["pnl"].notna()]
    beyond = mine[exceedances(mine["pnl"].to_numpy(), mine["var"].to_numpy())]
    ordered = beyond.sort_values(["target", "portfolio", "alpha"])
    return tuple(
        {
            "portfolio": str(row.portfolio),
            "alpha": float(row.alpha),
            "target": f"{row.target:%Y-%m-%d}",
            "var": float(row.var),
            "es": float(row.es),
            "pnl": float(row.pnl),
        }
        for row in ordered.itertuples()
    )


def _drift(report: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Effect and threshold of each feature, as Evidently wrote them."""
    if report is None:
        return None
    rows = [
        {
            "feature": metric["config"]["column"],
            "method": metric["config"]["method"],
            "value": metric["value"],
            "threshold": metric["config"]["threshold"],
            "drifted": metric["value"] > metric["config"]["threshold"],
        }
        for metric in report.get("metrics", ())
        if "column" in metric["config"]
    ]
    return {"rows": rows}


def _latest_gates(rows: list[Row]) -> tuple[Row, ...]:
    latest = {row["name"]: row for row in rows if row["name"] != DOCUMENTS_GATE}
    return tuple({**row, "passed": bool(row["passed"])} for row in latest.values())


def _previous(tx: Transaction, version: Row) -> dict[str, Any] | None:
    """The version of the same model name recorded before this one."""
    before = [
        row
        for row in tx.rows("version", model=version["model"], name=version["name"])
        if row["seq"] < version["seq"]
    ]
    if not before:
        return None
    return {"version": before[-1]["number"], "manifest": plain(before[-1]["manifest"])}


def _lock(manifest: Mapping[str, Any]) -> str | None:
    """Text of the lock file, where the one of this checkout is the one of the version."""
    path = checkout() / "infra" / "requirements.lock"
    if not path.is_file():
        return None
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    named = json.dumps(manifest, sort_keys=True)
    return content.decode() if digest in named else None
