"""What stands before tracked work: telemetry off, a private home, and orphans of that home gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows import tracked


@pytest.mark.parametrize(("verbose", "level"), [(False, "CRITICAL"), (True, "INFO")])
def test_libraries_are_quiet_before_they_are_imported(
    state_root: Path, monkeypatch: pytest.MonkeyPatch, verbose: bool, level: str
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(tracked, "end_orphans", asked.append)
    for name in ("PREFECT_HOME", "PREFECT_LOGGING_LEVEL", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    tracked.ready(verbose=verbose)
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_LOGGING_LEVEL"] == level
    assert asked == [state_root / "prefect"]
    assert asked[0].is_dir()


def test_a_home_that_the_person_chose_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(tracked, "end_orphans", asked.append)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "mine"))
    tracked.ready()
    assert asked == [tmp_path / "mine"]
