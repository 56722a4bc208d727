"""What people type to decide: two of them promote, one keeps away, and the exit code says which."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.ledger.identity import add_user
from flows.ledger.ledger import Ledger
from tests.flows.ledger.people import promotable

SECRET = "a secret of the tests"  # noqa: S105


@pytest.fixture
def root(state_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """State root with two versions that may be promoted and four persons."""
    monkeypatch.setenv("FORESHOCK_SECRET", SECRET)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    ledger = Ledger.open(state_root)
    promotable(ledger, state_root, number=1)
    promotable(ledger, state_root, number=2)
    people = {"dan": "developer", "vera": "validator", "ada": "approver", "ben": "approver"}
    with ledger.transaction() as tx:
        for user, role in people.items():
            add_user(tx, user, role=role, secret=SECRET, actor="system")
    ledger.close()
    return state_root


def foreshock(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def asked(version: str, user: str = "dan") -> str:
    done = foreshock("request", version, "--as", user, "--reason", "better", "--json", "-")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert "the request waits in the ledger" in told["run"]
    return str(told["request"])


def promoted(version: str) -> None:
    request = asked(version)
    assert foreshock("approve", request, "--as", "ada").exit_code == 0
    done = foreshock("promote", request, "--as", "ben")
    assert done.exit_code == 0, done.stderr
    assert f"version {version} is champion" in done.stdout


@pytest.mark.usefixtures("root")
def test_a_version_goes_from_request_to_veto_and_back():
    promoted("1")
    promoted("2")
    vetoed = foreshock("veto", "2", "--as", "vera", "--reason", "gilts", "--json", "-")
    assert json.loads(vetoed.stdout)["champion"]["number"] == 1
    blocked = foreshock("rollback", "--to", "2", "--as", "ada", "--reason", "r")
    assert blocked.exit_code == 3
    assert "no former champion 2 without a veto" in blocked.stderr
    lifting = foreshock("unveto", "2", "--as", "vera", "--reason", "feed", "--json", "-")
    lifted = foreshock("approve", str(json.loads(lifting.stdout)["request"]), "--as", "ada")
    assert "is approved by ada" in lifted.stdout
    assert "nobody waits there" in lifted.stdout
    back = foreshock("rollback", "--to", "2", "--as", "ada", "--reason", "right after all")
    assert "version 2 is champion" in back.stdout
    assert "it was stopped since" in foreshock("stop", "--as", "ada", "--reason", "odd").stdout
    assert foreshock("history", "--verify").exit_code == 0


@pytest.mark.usefixtures("root")
def test_what_is_forbidden_costs_3_and_says_why():
    request = asked("1", "ada")
    own = foreshock("approve", request, "--as", "ada")
    assert own.exit_code == 3
    assert "nobody approves their own" in own.stderr
    early = foreshock("promote", request, "--as", "ben")
    assert early.exit_code == 3
    assert "is not approved" in early.stderr


def test_a_decision_stands_and_says_so_where_mlflow_cannot_follow(root: Path):
    (root / "mlflow.db").write_bytes(b"spoilt" * 1000)
    request = asked("1")
    assert foreshock("approve", request, "--as", "ada").exit_code == 0
    done = foreshock("promote", request, "--as", "ben", "--json", "-")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["champion"]["number"] == 1
    assert told["mirror"].startswith("MLflow is behind, the decision stands.")
    assert told["mirror"] in done.stderr


@pytest.mark.usefixtures("root")
def test_where_nothing_was_tracked_a_decision_needs_no_registry(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    promoted("1")


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("request", "1", "--as", "dan"), "--reason: missing"),
        (("approve", "1"), "--as: missing"),
        (("approve", "1", "--as", "dan"), "dan is developer"),
        (("promote", "1", "--as", "nobody"), "no active account of"),
        (("veto", "9", "--as", "vera", "--reason", "r"), "no version 9"),
        (("unveto", "1", "--as", "vera", "--reason", " "), "no veto of 1 stands"),
    ],
)
def test_a_decision_that_lacks_something_is_refused(arguments: tuple[str, ...], told: str):
    done = foreshock(*arguments)
    assert done.exit_code == (3 if "stands" in told else 2)
    assert told in done.stderr


@pytest.mark.parametrize(
    "name", ["request", "approve", "promote", "veto", "unveto", "rollback", "stop"]
)
def test_every_command_shows_an_example(name: str):
    assert f"Example: foreshock {name}" in foreshock(name, "--help").stdout


def test_help_loads_nothing_heavy():
    code = "import sys, flows.commands.decide, flows.commands.people; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pandas", "numpy", "sqlalchemy", "pydantic", "prefect", "mlflow", "torch"}
    assert heavy & set(done.stdout.split()) == set()
