"""What an operator types to hold MLflow against the ledger, and what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from flows.cli import app
from flows.ledger.ledger import Ledger
from flows.tracking import CHALLENGER, aliases
from tests.flows.recorded_version import record_version
from tests.flows.registered_version import register_version


def foreshock(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_differences_are_told_mended_and_then_gone(tracked_root: Path):
    ledger = Ledger.open(tracked_root)
    register_version(ledger, tracked_root)  # no alias has followed yet
    ledger.close()
    found = foreshock("reconcile", "--json", "-")
    assert found.exit_code == 3
    told = json.loads(found.stdout)
    assert (told["schema"], told["left"]) == ("foreshock.reconcile/1", 1)
    assert told["differences"][0]["subject"] == CHALLENGER
    assert "alias challenger: the ledger says version 1, MLflow gives it to nobody" in found.stderr
    mended = foreshock("reconcile", "--repair")
    assert mended.exit_code == 0, mended.stderr
    assert mended.stdout.startswith("repaired  alias challenger")
    assert aliases(tracked_root) == {CHALLENGER: 1}
    assert foreshock("reconcile").stdout == "MLflow says what the ledger says.\n"
    assert foreshock("history", "--verify").exit_code == 0


def test_what_cannot_be_mended_keeps_the_exit_code(state_root: Path):
    ledger = Ledger.open(state_root)
    record_version(ledger, state_root)
    ledger.close()
    done = foreshock("reconcile", "--repair")
    assert done.exit_code == 3
    assert "mlflow.db: is gone, and the ledger has versions. Restore" in done.stderr


def test_the_command_shows_an_example():
    assert "Example: foreshock reconcile" in foreshock("reconcile", "--help").stdout
