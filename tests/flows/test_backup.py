"""A backup that is taken while work goes on restores to the same bytes, or says what is wrong."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flows.backup import MANIFEST, backup, checked, restore
from flows.outputs import file_digest
from flows.refusal import RefusedError


@pytest.fixture
def lived_in(state_root: Path) -> Path:
    """A state root whose ledger is still being written to."""
    for name in ("artifacts/7f/weights.safetensors", "documents/m/1/card.json", "runs/a/x.parquet"):
        (state_root / name).parent.mkdir(parents=True)
        (state_root / name).write_bytes(name.encode() * 50)
    with closing(sqlite3.connect(state_root / "ledger.db")) as ledger, ledger:
        ledger.execute("PRAGMA journal_mode = WAL")
        ledger.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, hash TEXT)")
        ledger.executemany("INSERT INTO entry VALUES (?, ?)", [(n, f"{n:064x}") for n in range(99)])
    (state_root / "units.db").write_bytes(b"can be computed again")
    return state_root


def entries(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as ledger:
        return list(ledger.execute("SELECT seq, hash FROM entry ORDER BY seq"))


def test_the_drill_backup_loss_restore_gives_back_every_row_and_byte(
    lived_in: Path, tmp_path: Path
):
    before = {
        path.relative_to(lived_in): file_digest(path)
        for folder in ("artifacts", "documents", "runs")
        for path in (lived_in / folder).rglob("*")
        if path.is_file()
    }
    with closing(sqlite3.connect(lived_in / "ledger.db")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO entry VALUES (1000, 'not committed')")
        manifest = backup(lived_in, tmp_path / "kept")
        writer.rollback()
    rows = entries(lived_in / "ledger.db")
    lived_in.rename(tmp_path / "lost")
    assert restore(tmp_path / "kept", lived_in) == manifest
    assert entries(lived_in / "ledger.db") == rows
    assert {path: file_digest(lived_in / path) for path in before} == before
    assert not (lived_in / "units.db").exists()
    assert not (lived_in / MANIFEST).exists()


@pytest.mark.parametrize("name", ["ledger.db", "artifacts/7f/weights.safetensors"])
@pytest.mark.parametrize("fault", ["flipped", "truncated", "removed"])
def test_a_damaged_backup_is_named_and_nothing_is_restored(
    lived_in: Path, tmp_path: Path, name: str, fault: str
):
    backup(lived_in, tmp_path / "kept")
    file = tmp_path / "kept" / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    if fault == "removed":
        file.unlink()
    else:
        file.write_bytes(content if fault == "flipped" else content[:-1])
    with pytest.raises(RefusedError, match=f"1 files are not what was backed up: {name}"):
        restore(tmp_path / "kept", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_file_that_was_added_is_named(lived_in: Path, tmp_path: Path):
    backup(lived_in, tmp_path / "kept")
    (tmp_path / "kept" / "artifacts" / "planted").touch()
    with pytest.raises(RefusedError, match="artifacts/planted"):
        checked(tmp_path / "kept")


def test_what_is_there_is_not_overwritten(lived_in: Path, tmp_path: Path):
    backup(lived_in, tmp_path / "kept")
    with pytest.raises(RefusedError, match="is not empty"):
        restore(tmp_path / "kept", lived_in)
    with pytest.raises(RefusedError, match="exists or lies in"):
        backup(lived_in, tmp_path / "kept")
    with pytest.raises(RefusedError, match="exists or lies in"):
        backup(lived_in, lived_in / "kept")


def test_nothing_to_copy_is_refused(state_root: Path, tmp_path: Path):
    with pytest.raises(RefusedError, match=r"holds neither ledger.db nor mlflow.db"):
        backup(state_root, tmp_path / "kept")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RefusedError, match="no manifest"):
        checked(tmp_path / "empty")
    (tmp_path / "empty" / MANIFEST).write_text(json.dumps({"sha256": None}))
    with pytest.raises(RefusedError, match="no manifest"):
        checked(tmp_path / "empty")


def test_a_ledger_elsewhere_is_not_left_out_in_silence(
    lived_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORESHOCK_LEDGER", "postgresql+psycopg://host/ledger")
    with pytest.raises(RefusedError, match="pg_dump"):
        backup(lived_in, tmp_path / "kept")
