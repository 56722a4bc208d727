"""A version's life from the ledger alone: in order, with names, and quickly."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.history import life, versions
from flows.ledger.ledger import Ledger
from flows.settings import checkout
from flows.version_rows import version_row
from tests.flows.recorded_version import MODEL, append_gate, noon, record_version


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=noon())
    yield opened
    opened.close()


def state(ledger: Ledger, number: int = 1) -> str:
    with ledger.reading() as tx:
        return {one["number"]: one["state"] for one in versions(tx, MODEL)}[number]


def test_a_life_begins_with_raw_files_and_ends_today(ledger: Ledger, tmp_path: Path):
    record_version(ledger, tmp_path)
    with ledger.reading() as tx:
        told = life(tx, version_row(tx, MODEL, 1))
    chapters = {chapter["title"]: chapter["entries"] for chapter in told["chapters"]}
    assert next(iter(chapters)) == "Raw files"
    assert list(chapters)[-1] == "Today"
    (first,) = chapters["Raw files"]
    snapshot = chapters["Made with"][0]
    assert (first["text"], first["sha256"]) == ("prices.csv, 20 rows", "c0" * 32)
    assert snapshot["sha256"] == "01" * 32
    assert [entry["text"] for entry in chapters["Evidence"]] == [
        "evidence.json",
        "feeds.json",
        "forecasts.parquet",
    ]
    assert "weights" in [entry["text"] for entry in chapters["Version"]]
    assert chapters["Today"][0]["text"] == "gates passed; 0 open findings"


def test_a_gate_judged_again_counts_as_it_was_judged_last(ledger: Ledger, tmp_path: Path):
    seq = record_version(ledger, tmp_path)
    assert state(ledger) == "gates passed"
    with ledger.transaction() as tx:
        append_gate(tx, seq, "shortfall_z2", passed=False)
    assert state(ledger) == "gates not passed"
    with ledger.transaction() as tx:
        append_gate(tx, seq, "shortfall_z2", passed=True)
    assert state(ledger) == "gates passed"


def test_a_veto_is_seen_until_it_is_lifted_and_a_finding_until_it_is_closed(
    ledger: Ledger, tmp_path: Path
):
    seq = record_version(ledger, tmp_path)
    with ledger.transaction() as tx:
        tx.append("veto", actor="vera", version=seq, reason="too low in gilts")
        about = {"severity": "high", "owner": "dan", "due": "2026-12-01", "text": "ES"}
        finding = tx.append("finding", actor="vera", version=seq, **about)
    assert state(ledger) == "vetoed"
    with ledger.reading() as tx:
        assert versions(tx, MODEL)[0]["open_findings"] == 1
    with ledger.transaction() as tx:
        tx.append("finding_closed", actor="vera", finding=finding, text="refitted")
    with ledger.reading() as tx:
        assert versions(tx, MODEL)[0]["open_findings"] == 0
        told = life(tx, version_row(tx, MODEL, 1))
    chapters = {chapter["title"]: chapter["entries"] for chapter in told["chapters"]}
    assert chapters["Findings"][0]["text"].endswith(
        "(closed by vera at 2026-11-24T12:00:00.000000Z: refitted)"
    )


@pytest.mark.slow
def test_a_thousand_versions_are_listed_and_one_told_in_under_a_second(
    ledger: Ledger, tmp_path: Path
):
    record_version(ledger, tmp_path)
    with ledger.transaction() as tx:
        first = version_row(tx, MODEL, 1)
        copied = ("model", "name", "as_of", "snapshot_sha256", "cause")
        about = {name: first[name] for name in copied}
        manifest = {"settings": {"alphas": [0.99], "seed": 0}, "revision": "abc123"}
        for number in range(2, 1001):
            seq = tx.append(
                "version",
                actor="scheduler",
                number=number,
                run_id=f"run{number}",
                weights_sha256=f"{number:064d}",
                manifest=manifest,
                manifest_sha256=f"{number:064d}",
                cause_evidence={},
                **about,
            )
            for name in ("shortfall_z2", "tail_accuracy", "relative_fz0"):
                append_gate(tx, seq, name, passed=True)
    start = time.perf_counter()
    with ledger.reading() as tx:
        assert len(versions(tx, MODEL)) == 1000
        life(tx, version_row(tx, MODEL, 1000))
    assert time.perf_counter() - start < 1.0


def test_history_reads_the_ledger_and_imports_nothing_heavy(ledger: Ledger, tmp_path: Path):
    record_version(ledger, tmp_path)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from flows.ledger.ledger import Ledger\n"
        "from flows.history import life, versions\n"
        "import flows.commands.review, flows.history_text, flows.history_picture\n"
        "import flows.history_check\n"
        f"ledger = Ledger.open(Path({str(tmp_path)!r}))\n"
        "with ledger.reading() as tx:\n"
        f"    assert len(versions(tx, {MODEL!r})) == 1\n"
        "heavy = ('pandas', 'mlflow', 'prefect', 'torch', 'scipy', 'numpy')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(checkout())},
    )
    assert done.stdout == "[]\n", done.stderr
