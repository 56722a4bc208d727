"""Files are whole or absent, whatever happens while they are written."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from flows.outputs import copied, file_digest, json_bytes, publish, staging, write_whole


def test_the_digest_is_that_of_the_published_vector(tmp_path: Path):
    path = tmp_path / "abc"
    write_whole(path, b"abc")
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(path) == expected


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "latest.json"
    write_whole(path, b"old")

    def disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("flows.outputs.os.fsync", disk_full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["latest.json"]
    assert path.read_bytes() == b"old"


def test_a_new_run_directory_appears_with_all_its_files(tmp_path: Path):
    with staging(tmp_path / "runs") as staged:
        (staged / "report.html").write_text("verdict")
        (staged / "drift").mkdir()
        (staged / "drift" / "drift.json").write_text("{}")
        digests = publish(staged, tmp_path / "runs" / "2022-12-28-1a2b3c4d")
    assert sorted(digests) == ["drift/drift.json", "report.html"]
    assert digests["report.html"] == hashlib.sha256(b"verdict").hexdigest()
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["2022-12-28-1a2b3c4d"]


def test_an_existing_directory_keeps_what_the_run_does_not_replace(tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "report.html").write_text("yesterday")
    with staging(tmp_path) as staged:
        (staged / "report.html").write_text("today")
        publish(staged, out)
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "report.html").read_text() == "today"


def test_a_failed_run_leaves_nothing_and_touches_nothing(tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("yesterday")

    def fail(staged: Path) -> None:
        (staged / "report.html").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), staging(tmp_path) as staged:
        fail(staged)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert (out / "report.html").read_text() == "yesterday"


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f".writing-{gone.pid}-abc"
    left.mkdir()
    (left / "report.html").write_text("half")
    alive = tmp_path / ".writing-1-abc"
    alive.mkdir()
    with staging(tmp_path):
        assert not left.exists()
        assert alive.exists()


def test_json_has_no_room_for_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_bytes({"fz0": float("nan")})
    assert json_bytes({"b": 1, "a": "σ"}) == '{\n "a": "σ",\n "b": 1\n}\n'.encode()


def test_a_copy_leaves_the_original_where_it_is_and_replaces_the_copy_before(tmp_path: Path):
    kept, out = tmp_path / "kept", tmp_path / "out" / "report"
    for content in ("one", "two"):
        write_whole(kept / "weights" / "a.txt", content.encode())
        assert copied(kept, out) == out
        assert (kept / "weights" / "a.txt").read_text() == content
        assert (out / "weights" / "a.txt").read_text() == content
    assert [path.name for path in out.parent.iterdir()] == ["report"]
