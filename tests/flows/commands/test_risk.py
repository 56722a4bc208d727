"""`foreshock risk`: what it asks for, prints and exits with."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.refusal import BlockedError
from flows.risk import run
from flows.risk.request import RiskRequest


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, state_root: Path) -> list[RiskRequest]:
    """What was asked for; it is answered at once."""
    requests: list[RiskRequest] = []

    def computed(request: RiskRequest, **_: Any) -> dict[str, Any]:
        requests.append(request)
        row = {
            "alpha": 0.975,
            "horizon": 10,
            "var": 0.01,
            "es": 0.02,
            "es_low": 0.0,
            "es_high": 0.1,
        }
        return {
            "levels": [row],
            "unit": "share",
            "hold": True,
            "stale": ["[red]ACME"],
            "zero_risk": False,
            "excluded": ["desk has 4 of 1,000 USD set aside"],
            "page": "risk.html",
        }

    monkeypatch.setattr(run, "risk", computed)
    return requests


def test_the_options_reach_the_job_and_the_page_comes_last(asked: list[RiskRequest]):
    line = "risk --portfolio desk --horizon 5 --base EUR --value 1e6 --add SPY=0.1 --tilt --seed 3"
    line += " --stress rates.yaml --since 2024-06-03 --herding 200 --profile basel_2019"
    line += " --hypothetical pnl.csv --proxies mine.csv"
    told = CliRunner().invoke(app, line.split())
    assert told.exit_code == 0, told.output
    (request,) = asked
    assert (request.horizon, request.base, request.value, request.seed) == (5, "EUR", 1e6, 3)
    assert request.add == {"SPY": 0.1}
    assert request.tilt
    assert (request.stress, request.since) == (Path("rates.yaml"), date(2024, 6, 3))
    assert (request.herding, request.profile) == (200, "basel_2019")
    assert (request.hypothetical, request.proxies) == (Path("pnl.csv"), Path("mine.csv"))
    lines = told.stdout.splitlines()
    assert "LEFT OUT desk has 4 of 1,000 USD set aside" in lines
    assert lines[-1] == "risk.html"
    assert any(text.startswith("HOLD") for text in lines)
    assert "STALE [red]ACME" in lines


def test_json_is_alone_on_standard_output(asked: list[RiskRequest]):
    told = CliRunner().invoke(app, ["risk", "--portfolio", "desk", "--json", "-"])
    assert json.loads(told.stdout)["page"] == "risk.html"


def test_what_is_out_of_range_is_refused(asked: list[RiskRequest]):
    told = CliRunner().invoke(app, ["risk", "--portfolio", "desk", "--paths", "1"])
    assert told.exit_code == 2
    assert not asked


def test_an_unofficial_set_is_a_gate(asked: list[RiskRequest], monkeypatch: pytest.MonkeyPatch):
    def blocked(*_: Any, **__: Any) -> None:
        raise BlockedError("the set is UNOFFICIAL")

    monkeypatch.setattr(run, "risk", blocked)
    assert CliRunner().invoke(app, ["risk", "--portfolio", "desk"]).exit_code == 3
