"""Flags and the weekly session at the command line: who may flag, and what is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.clock import FixedClock
from flows.commands.person import SECRET
from flows.ledger.identity import add_user
from flows.ledger.ledger import Ledger
from tests.flows.desk_sessions import record_session

GIVEN = "a secret of some length"


@pytest.fixture
def desk(state_root: Path) -> Path:
    """A desk with a developer and a viewer, and a week of one book in 2020."""
    clock = FixedClock(datetime(2020, 3, 16, tzinfo=UTC))
    ledger = Ledger.open(state_root, clock=clock)
    for day in ("2020-03-16", "2020-03-17", "2020-03-18"):
        record_session(ledger, clock, day, pnl=-0.03)
    with ledger.transaction() as tx:
        for user, role in (("dan", "developer"), ("vic", "viewer")):
            add_user(tx, user, role=role, secret=GIVEN, actor="test")
    ledger.close()
    return state_root


def foreshock(*arguments: str, secret: str = GIVEN) -> Result:
    return CliRunner().invoke(app, list(arguments), env={SECRET: secret})


FLAG = ("flag", "fx", "2020-03-17", "--reason", "peg in doubt")


@pytest.mark.usefixtures("desk")
def test_a_flag_is_made_listed_and_judged_in_the_weeks_session() -> None:
    made = foreshock(*FLAG, "--as", "dan", "--json", "-")
    assert made.exit_code == 0, made.stderr
    (row,) = json.loads(made.stdout)["flags"]
    assert (row["actor"], row["block"], row["right"]) == ("dan", "2020-W12", None)
    assert (
        "not judged yet, 2020-W12 is to be drawn: peg in doubt"
        in foreshock("flag", "--list").stdout
    )
    held = foreshock("session", "--week", "2020-W12")
    assert held.exit_code == 0, held.stderr
    assert "Week 2020-W12.\n" in held.stdout
    assert "worst fx 2020-03-17: loss 3.00%, VaR 2.00%" in held.stdout
    assert "was right" in held.stdout
    assert Path(held.stdout.splitlines()[-1]).is_file()
    again = json.loads(foreshock("session", "--week", "2020-W12", "--json", "-").stdout)
    assert again["fresh"] is False
    assert again["flags"]["tally"] == {"flags": 1, "judged": 1, "right": 1}
    assert ", was right, 2020-W12 is for " in foreshock("flag", "--list").stdout


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("user", "secret", "told"),
    [
        ("vic", GIVEN, "vic is viewer; to flag a call takes developer or validator or approver"),
        ("dan", "a wrong secret", "no active account"),
        ("eve", GIVEN, "no active account"),
    ],
)
def test_who_only_looks_or_is_not_known_flags_nothing(user: str, secret: str, told: str) -> None:
    refused = foreshock(*FLAG, "--as", user, secret=secret)
    assert refused.exit_code == 2
    assert told in refused.stderr
    assert foreshock("flag", "--list").stdout == "No flags.\n"


@pytest.mark.usefixtures("desk")
def test_a_flag_without_all_its_parts_is_refused() -> None:
    refused = foreshock("flag", "fx")
    assert refused.exit_code == 2
    assert "DATE, --reason, --as: missing" in refused.stderr


@pytest.mark.usefixtures("desk")
def test_a_week_without_sessions_is_no_error() -> None:
    done = foreshock("session")
    assert done.exit_code == 0, done.stderr
    assert "last session is 2020-03-18, of 2020-W12" in done.stdout
