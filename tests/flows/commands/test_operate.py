"""The pages and the deployments at the command line: refused in words, and with no Prefect paid."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.page_access import VARIABLE


@pytest.mark.parametrize(
    ("arguments", "auth", "says"),
    [
        (["--host", "192.168.1.7"], None, "can be reached from other machines"),
        (["--host", "192.168.1.7"], "admin:password1234", "known default"),
        ([], "admin:", "one of them is empty"),
        (["--only", "grafana"], None, "'grafana' is not one of"),
    ],
)
def test_an_open_door_costs_2_and_nothing_is_started(
    arguments: list[str],
    auth: str | None,
    says: str,
    state_root: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    if auth is not None:
        monkeypatch.setenv(VARIABLE, auth)
    done = CliRunner().invoke(app, ["ui", *arguments])
    assert done.exit_code == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert not (state_root / "pages").exists()


def test_a_backup_restores_where_nothing_is(
    state_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (state_root / "runs").mkdir(parents=True)
    (state_root / "runs" / "report.html").write_text("kept")
    sqlite3.connect(state_root / "mlflow.db").close()
    kept = str(tmp_path / "kept")
    made = CliRunner().invoke(app, ["backup", kept, "--json", "-"])
    assert made.exit_code == 0, made.output
    assert CliRunner().invoke(app, ["restore", kept]).exit_code == 2
    monkeypatch.setenv("FORESHOCK_HOME", str(tmp_path / "drill"))
    restored = CliRunner().invoke(app, ["restore", kept, "--json", "-"])
    assert json.loads(restored.stdout) == json.loads(made.stdout)
    assert (tmp_path / "drill" / "runs" / "report.html").read_text() == "kept"


def test_serve_shows_what_it_does_and_an_example():
    help_text = " ".join(CliRunner().invoke(app, ["serve", "--help"]).stdout.split())
    assert "weekly session, retrains and waiting approvals" in help_text
    assert "Example: foreshock serve --data ./mine" in help_text
