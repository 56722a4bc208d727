"""The pages and the deployments at the command line: refused in words, and with no Prefect paid."""

from __future__ import annotations

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


def test_serve_shows_what_it_does_and_an_example():
    help_text = " ".join(CliRunner().invoke(app, ["serve", "--help"]).stdout.split())
    assert "weekly session, retrains and waiting approvals" in help_text
    assert "Example: foreshock serve --data ./mine" in help_text
