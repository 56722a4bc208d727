"""Whatever was altered is named: a link of the chain, a document, a file of evidence."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.documents import write_documents
from flows.history_check import check_history
from flows.ledger.ledger import Ledger
from tests.flows.recorded_version import MODEL, noon, record_version


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=noon())
    record_version(opened, tmp_path)
    write_documents(opened, tmp_path, 1, model=MODEL, actor="system", desk={})
    yield opened
    opened.close()


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_what_nobody_touched_has_no_fault(ledger: Ledger, tmp_path: Path):
    done = check_history(ledger, tmp_path)
    assert done.faults == ()
    assert done.files == 3 + 32
    assert done.entries == 1 + 1 + 3 + 1 + 32 + 1  # snapshot, version, evidence, gate, documents


@pytest.mark.parametrize(
    "name",
    [
        "runs/made-1/evidence.json",
        "runs/made-1/forecasts.parquet",
        f"documents/{MODEL}/1/02-model-card.json",
        f"documents/{MODEL}/1/02-model-card.html",
    ],
)
def test_a_flipped_byte_in_a_file_is_named(name: str, ledger: Ledger, tmp_path: Path):
    flip(tmp_path / name)
    (fault,) = check_history(ledger, tmp_path).faults
    assert fault.startswith(f"{tmp_path / name}: has SHA-256")


def test_a_document_that_was_replaced_is_still_vouched_for(ledger: Ledger, tmp_path: Path):
    write_documents(ledger, tmp_path, 1, model=MODEL, actor="system", desk={"a": {"b": 1}})
    assert check_history(ledger, tmp_path).faults == ()
    kept = sorted((tmp_path / "documents" / MODEL / "1" / "superseded").iterdir())
    kept[0].unlink()
    (fault,) = check_history(ledger, tmp_path).faults
    assert fault.startswith(f"{kept[0]}: the file is gone")


def test_an_altered_row_of_the_ledger_is_named(ledger: Ledger, tmp_path: Path):
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        (seq,) = database.execute("SELECT seq FROM gate ORDER BY seq").fetchone()
        database.execute("UPDATE gate SET passed = 0 WHERE seq = ?", (seq,))
    faults = check_history(ledger, tmp_path).faults
    assert faults
    assert str(seq) in faults[0]
