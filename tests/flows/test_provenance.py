"""What a result was made with, as another program sees it."""

from __future__ import annotations

import hashlib
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from flows.provenance import provenance
from flows.settings import checkout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one commit, in place of ours."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "requirements.lock").write_text("numpy==2.4.6\n")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    monkeypatch.setattr("flows.provenance.checkout", lambda: tmp_path)
    return tmp_path


def test_a_clean_checkout_is_its_commit(repository: Path):
    head = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"],
        check=True,
        capture_output=True,
        text=True,
    )
    made = provenance()
    assert made.revision == head.stdout.strip()
    assert not made.dirty
    assert made.lock == hashlib.sha256(b"numpy==2.4.6\n").hexdigest()


def test_a_changed_file_makes_it_dirty_and_a_new_one_does_not(repository: Path):
    (repository / "notes.txt").write_text("untracked")
    assert not provenance().dirty
    (repository / "infra" / "requirements.lock").write_text("numpy==2.4.5\n")
    assert provenance().dirty


def test_outside_of_git_nobody_can_tell_so_it_is_dirty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("flows.provenance.checkout", lambda: tmp_path)
    made = provenance()
    assert (made.revision, made.dirty, made.lock) == ("unknown", True, "absent")


def test_libraries_are_the_installed_ones():
    packages = provenance().packages
    assert packages["numpy"] == version("numpy")
    assert (checkout() / "infra" / "requirements.lock").is_file()
