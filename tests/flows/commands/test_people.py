"""Accounts at the command line: the first is an admin's, and only admins make others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.commands.people import NEW_SECRET
from flows.commands.person import SECRET

ROOT, OTHER = "the admin's own secret", "another person's secret"


def foreshock(*arguments: str, secret: str = ROOT, new: str = OTHER) -> Result:
    environment = {SECRET: secret, NEW_SECRET: new}
    return CliRunner().invoke(app, list(arguments), env=environment)


@pytest.fixture
def admin() -> None:
    """The first account, made without another."""
    done = foreshock("user", "add", "root", "--role", "admin", new=ROOT)
    assert done.exit_code == 0, done.stderr


@pytest.mark.usefixtures("admin")
def test_an_admin_makes_accounts_and_ends_them():
    assert foreshock("user", "add", "Ada", "--role", "approver", "--as", "root").exit_code == 0
    told = json.loads(foreshock("user", "list", "--json", "-").stdout)["users"]
    assert told[0] == {"user": "ada", "role": "approver", "active": True}
    assert foreshock("user", "disable", "ada", "--as", "root").exit_code == 0
    assert "disabled" in foreshock("user", "list").stdout
    refused = foreshock("stop", "--as", "ada", "--reason", "odd", secret=OTHER)
    assert refused.exit_code == 2
    assert "no active account" in refused.stderr


def test_the_first_account_is_an_admin():
    refused = foreshock("user", "add", "ada", "--role", "approver")
    assert refused.exit_code == 2
    assert "the first account is an admin's" in refused.stderr
    assert "No account yet" in foreshock("user", "list").stdout


@pytest.mark.usefixtures("admin")
def test_nobody_else_makes_an_account():
    again = foreshock("user", "add", "eve", "--role", "admin")
    assert again.exit_code == 2
    assert "--as: missing" in again.stderr
    foreshock("user", "add", "ada", "--role", "approver", "--as", "root")
    other = foreshock("user", "add", "eve", "--role", "approver", "--as", "ada", secret=OTHER)
    assert other.exit_code == 2
    assert "ada is approver; to manage accounts takes admin" in other.stderr


@pytest.mark.usefixtures("admin")
def test_a_person_changes_their_own_secret_and_no_other():
    foreshock("user", "add", "ada", "--role", "approver", "--as", "root")
    mine = foreshock("user", "passwd", "ADA", "--as", "ada", secret=OTHER, new="a third secret")
    assert mine.exit_code == 0, mine.stderr
    theirs = foreshock("user", "passwd", "root", "--as", "ada", secret="a third secret")  # noqa: S106
    assert theirs.exit_code == 2
    assert "may change their own secret" in theirs.stderr


@pytest.mark.usefixtures("admin")
def test_no_secret_is_kept_or_shown(state_root: Path):
    shown = foreshock("user", "add", "ada", "--role", "approver", "--as", "root").output
    kept = b"".join(path.read_bytes() for path in state_root.rglob("*") if path.is_file())
    for secret in (ROOT, OTHER):
        assert secret not in shown
        assert secret.encode() not in kept
