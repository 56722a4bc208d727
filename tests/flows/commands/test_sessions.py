"""`foreshock monitor`, `shadow` and `retrain`: what they ask for, print and write as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from flows import tracked
from flows.cli import app
from flows.clock import FixedClock
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError

SESSION: dict[str, Any] = {
    "schema": "foreshock.session/1",
    "session": 9,
    "as_of": "2021-12-31",
    "standing": "legacy",
    "model": "hs_250",
    "champion": None,
    "regime": None,
    "numbers": [
        {
            "portfolio": "[red]fx[/]",
            "measure": measure,
            "alpha": 0.99,
            "horizon": 1,
            "published": 0.03,
            "fallback": 0.025,
            "state": "PUBLISHED",
            "deadline": None,
        }
        for measure in ("var", "es")
    ],
    "monitor": {"books": {}},
    "shadow": None,
    "health": {"checked": 8, "rejected": {}},
    "fresh": True,
}


@pytest.fixture(autouse=True)
def _unready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave this process as it is."""
    monkeypatch.setattr(tracked, "ready", lambda **_: None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the flows were asked for; they answer at once."""
    given: dict[str, Any] = {}

    def daily(**asked: Any) -> dict[str, Any]:
        given.update(asked)
        return SESSION

    def retrain(**asked: Any) -> dict[str, Any]:
        given.update(asked)
        told = {"schema": "foreshock.retrain/1", "version": 3, "as_of": "2021-12-31"}
        return told | {"cause": "drift", "report": "/runs/report.html", "fresh": False}

    monkeypatch.setattr("flows.session_flows.daily_flow", daily)
    monkeypatch.setattr("flows.session_flows.retrain_flow", retrain)
    return given


def foreshock(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_a_session_is_shown_with_the_alerts_that_go_on(
    asked: dict[str, Any], state_root: Path
) -> None:
    from datetime import UTC, datetime

    from flows.alerts import Signal, record_signals

    ledger = Ledger.open(state_root, clock=FixedClock(datetime(2021, 12, 30, tzinfo=UTC)))
    with ledger.transaction() as tx:
        record_signals(tx, [Signal("feeds", "vix", "warning", "vix was rejected.")], actor="test")
    ledger.close()
    shown = foreshock("monitor", "--data", "market", "--as-of", "2021-12-31")
    assert shown.exit_code == 0, shown.output
    assert asked == {"data": "market", "as_of": "2021-12-31"}
    assert "2021-12-31  the desk sees HS-250, the legacy" in shown.stdout
    assert "[red]fx[/]" in shown.stdout
    assert "warning  since 2021-12-30  vix was rejected." in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


@pytest.mark.usefixtures("asked")
def test_json_on_standard_output_is_all_there_is() -> None:
    assert json.loads(foreshock("monitor", "--json", "-").stdout) == SESSION
    told = json.loads(foreshock("shadow", "--json", "-").stdout)
    assert told == {"schema": "foreshock.shadow/1", "as_of": "2021-12-31", "shadow": None}
    assert json.loads(foreshock("retrain", "--json", "-").stdout)["version"] == 3


@pytest.mark.usefixtures("asked")
def test_json_in_a_file_leaves_the_text(tmp_path: Path) -> None:
    shown = foreshock("shadow", "--json", str(tmp_path / "shadow.json"))
    assert "Train one: foreshock retrain" in shown.stdout
    assert json.loads((tmp_path / "shadow.json").read_text())["shadow"] is None


def test_a_retrain_by_hand_says_why_and_what_is_next(asked: dict[str, Any]) -> None:
    shown = foreshock(
        *("retrain", "--data", "market", "--as-of", "2021-12-31", "--alphas", "0.99"),
        *("--portfolios", "fx, eq", "--seed", "5", "--reason", "a new desk"),
    )
    assert shown.exit_code == 0, shown.output
    assert (asked["trigger"], asked["evidence"]) == ("hand", {"reason": "a new desk"})
    assert asked["settings"] == {
        "data": "market",
        "as_of": "2021-12-31",
        "alphas": [0.99],
        "portfolios": ["fx", "eq"],
        "horizon": 1,
        "refit_years": 1,
        "seed": 5,
    }
    assert "version 3 of 2021-12-31, made before, because of drift: /runs/report" in shown.stdout
    assert "next: foreshock request 3 --as YOU --reason WHY" in shown.stdout


def test_without_a_reason_none_is_made_up(asked: dict[str, Any]) -> None:
    assert foreshock("retrain").exit_code == 0
    assert asked["evidence"] is None


@pytest.mark.parametrize("command", ["monitor", "shadow"])
def test_a_refusal_is_told_and_costs_2(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> dict[str, Any]:
        raise RefusedError("as_of: 2021-01-04 lies before the last session.")

    monkeypatch.setattr("flows.session_flows.daily_flow", refuse)
    refused = foreshock(command)
    assert refused.exit_code == 2
    assert "lies before the last session" in refused.stderr
    assert refused.stdout == ""


def test_a_setting_that_breaks_its_rule_starts_nothing(asked: dict[str, Any]) -> None:
    refused = foreshock("retrain", "--alphas", "0.01")
    assert refused.exit_code == 2
    assert "For the 0.01 tail pass 0.99" in " ".join(refused.stderr.split())
    assert asked == {}
