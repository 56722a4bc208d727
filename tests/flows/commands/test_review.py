"""What validators type: findings, documents and history, with their exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.ledger.identity import add_user
from flows.ledger.ledger import Ledger
from tests.flows.recorded_version import record_version

SECRET = "a secret of the tests"  # noqa: S105


@pytest.fixture
def root(state_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """State root with one judged version, a validator and a developer."""
    monkeypatch.setenv("FORESHOCK_SECRET", SECRET)
    ledger = Ledger.open(state_root)
    record_version(ledger, state_root)
    with ledger.transaction() as tx:
        for user, role in (("vera", "validator"), ("dan", "developer"), ("ann", "approver")):
            add_user(tx, user, role=role, secret=SECRET, actor="system")
    ledger.close()
    return state_root


def foreshock(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def found(*text: str) -> tuple[str, ...]:
    about = ("--severity", "high", "--owner", "dan", "--due", "2026-12-01")
    return ("finding", "1", *about, "--text", *text)


@pytest.mark.usefixtures("root")
def test_a_validator_records_a_finding_and_closes_it():
    done = foreshock(*found("ES too low"), "--as", "vera", "--json", "-")
    assert done.exit_code == 0, done.stderr
    number = json.loads(done.stdout)["finding"]
    assert "high, dan until 2026-12-01, open: ES too low" in foreshock("finding", "1").stdout
    closing = ("finding", "--close", str(number), "--text", "refitted", "--as", "vera")
    assert foreshock(*closing).exit_code == 0
    assert "closed by vera: ES too low" in foreshock("finding", "1").stdout
    again = foreshock(*closing)
    assert again.exit_code == 2
    assert "was closed by vera" in again.stderr


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            (*found("x"), "--as", "dan"),
            "dan is developer; to make or close findings takes validator",
        ),
        (found("x"), "--as: missing"),
        (("finding",), "VERSION: missing"),
        (("finding", "9"), "the ledger has no version 9"),
        (("documents", "1", "--value", "yes"), "Add --field"),
        (("history", "--picture", "x.svg"), "--picture: shows one version"),
    ],
)
def test_what_is_not_to_be_done_is_refused(arguments: tuple[str, ...], says: str):
    done = foreshock(*arguments)
    assert done.exit_code == 2
    assert says in done.stderr


def test_documents_say_what_blocks_until_people_have_spoken(root: Path):
    done = foreshock("documents", "1")
    assert done.exit_code == 3
    assert "missing inventory.intended_use, validation-report.opinion" in done.stderr
    filled = ("--field", "validation-report.opinion", "--value", "fit for use", "--as", "vera")
    assert foreshock("documents", "1", *filled).exit_code == 3
    filled = ("--field", "inventory.intended_use", "--value", "desk VaR", "--as", "ann")
    done = foreshock("documents", "1", *filled, "--json", "-")
    assert done.exit_code == 0
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["missing"] == []
    assert Path(told["directory"]).is_relative_to(root)


def test_history_lists_tells_and_draws(root: Path, tmp_path: Path):
    assert "gates passed" in foreshock("history").stdout
    told = foreshock("history", "1").stdout
    assert told.index("Raw files") < told.index("Gates") < told.index("Today")
    picture = tmp_path / "lineage.svg"
    done = foreshock("history", "1", "--picture", str(picture), "--json", "-")
    assert json.loads(done.stdout)["schema"] == "foreshock.history/1"
    assert picture.read_text(encoding="utf-8").startswith("<?xml")


def test_a_flipped_byte_costs_3_and_is_named(root: Path):
    assert foreshock("history", "--verify").exit_code == 0
    path = root / "runs" / "made-1" / "evidence.json"
    path.write_bytes(path.read_bytes().replace(b"250", b"251", 1))
    done = foreshock("history", "--verify")
    assert done.exit_code == 3
    assert f"{path}: has SHA-256" in done.stderr
