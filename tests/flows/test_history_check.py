"""Whatever was altered is named: a link of the chain, a document, a file of evidence."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from flows.documents import write_documents
from flows.history_check import check_history
from flows.ledger.ledger import Ledger
from flows.ledger.schema import RECORDED
from flows.version_rows import version_row
from tests.flows.recorded_version import MODEL, alter, noon, record_version
from tests.flows.registered_version import register_version


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
    with ledger.reading() as tx:
        seq = tx.rows("gate")[0]["seq"]
    alter(tmp_path, "UPDATE gate SET passed = 0 WHERE seq = ?", seq)
    (fault,) = check_history(ledger, tmp_path).faults
    assert fault.startswith(f"ledger entry {seq} (gate): its row is not what was recorded.")


def test_a_ledger_that_is_no_database_any_more_is_named(ledger: Ledger, tmp_path: Path):
    with (tmp_path / "ledger.db").open("r+b") as file:
        file.seek(4096)
        file.write(bytes(3 * 4096))
    (fault,) = check_history(ledger, tmp_path).faults
    assert fault.startswith("ledger")
    assert fault.endswith("Restore it from a backup.")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, empty_tracking_database: Path) -> Path:
    """State root of a version as MLflow, the ledger and its documents have it."""
    root = tmp_path_factory.mktemp("kept")
    shutil.copy(empty_tracking_database, root / "mlflow.db")
    opened = Ledger.open(root, clock=noon())
    register_version(opened, root)
    write_documents(opened, root, 1, model=MODEL, actor="system", desk={})
    opened.close()
    return root


def faults_of(root: Path, number: int) -> tuple[str, ...]:
    opened = Ledger.open(root, clock=noon())
    with opened.reading() as tx:
        version = version_row(tx, MODEL, number)
    done = check_history(opened, root, version=version)
    opened.close()
    return done.faults


KINDS = {
    "published": "runs/made-1/*.*",
    "weights": "runs/made-1/weights/*",
    "run in MLflow": "artifacts/*/artifacts/**/*",
    "model in MLflow": "artifacts/models/*/artifacts/**/*",
    "document": f"documents/{MODEL}/1/*.*",
    "raw table": "market/*",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_byte_flipped_anywhere_in_what_belongs_to_a_version_is_named(kind: str, kept: Path):
    rng = np.random.default_rng(list(KINDS).index(kind))
    files = sorted(path for path in kept.glob(KINDS[kind]) if path.is_file())
    assert files
    for path in rng.choice(np.array(files, dtype=object), size=5):
        whole = path.read_bytes()
        at = int(rng.integers(len(whole)))
        path.write_bytes(
            whole[:at] + bytes([whole[at] ^ 1 << int(rng.integers(8))]) + whole[at + 1 :]
        )
        (fault,) = faults_of(kept, 1)
        path.write_bytes(whole)
        assert fault.startswith(f"{path}: has SHA-256")
        assert "Restore it from a backup." in fault
    assert faults_of(kept, 1) == ()


@pytest.mark.parametrize("kind", ["snapshot", "version", "evidence", "gate", "document"])
def test_a_character_flipped_anywhere_in_a_row_of_a_version_is_named(kind: str, kept: Path):
    rng = np.random.default_rng(len(kind))
    columns = [column.name for column in RECORDED[kind].columns if not column.foreign_keys]
    whole = (kept / "ledger.db").read_bytes()
    for _ in range(3):
        column = str(rng.choice(columns))
        with closing(sqlite3.connect(kept / "ledger.db")) as database:
            rows = database.execute(f'SELECT seq, "{column}" FROM {kind}').fetchall()  # noqa: S608
        seq, value = rows[int(rng.integers(len(rows)))]
        text = str(value)
        at = int(rng.integers(len(text)))
        other = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        statement = f'UPDATE {kind} SET "{column}" = ? WHERE seq = ?'  # noqa: S608
        alter(kept, statement, other, seq)
        told = faults_of(kept, 1)
        (kept / "ledger.db").write_bytes(whole)
        assert any(one.startswith(f"ledger entry {seq} ({kind}):") for one in told), (column, other)
    assert faults_of(kept, 1) == ()


def test_a_byte_that_is_no_text_any_more_is_named(kept: Path):
    whole = (kept / "ledger.db").read_bytes()
    alter(kept, "UPDATE version SET cause = CAST(? AS TEXT)", b"hand\xff")
    (fault,) = faults_of(kept, 1)
    (kept / "ledger.db").write_bytes(whole)
    assert "(version): its row is not what was recorded." in fault
