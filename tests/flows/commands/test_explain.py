"""`foreshock explain`: what it asks for, prints, and exits with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from flows.commands.explain import app
from flows.explaining import explain as job
from tests.flows.explaining.explained import made_explanation


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the job was asked for; it answers at once."""
    given: dict[str, Any] = {}

    def answered(portfolio: str, **more: Any) -> dict[str, Any]:
        given.update(more, portfolio=portfolio)
        files = {"page": "explain.html", "json": "explanation.json"}
        return made_explanation(files=files, notes=["It saw what came."])

    monkeypatch.setattr(job, "explain", answered)
    return given


def test_the_options_reach_the_job_and_the_page_is_the_last_line(asked: dict[str, Any]):
    line = "--portfolio fx --version 3 --data ./mine --as-of 2024-08-05 --alpha 0.975 --seed 4"
    told = CliRunner().invoke(app, [*line.split(), "--out", "there"])
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines() == ["In plain words.", "It saw what came.", "explain.html"]
    wanted = {"portfolio": "fx", "version": 3, "alpha": 0.975, "seed": 4, "data": Path("mine")}
    assert wanted.items() <= asked.items()
    assert asked["as_of"] == pd.Timestamp("2024-08-05")
    assert asked["out"] == Path("there")


@pytest.mark.usefixtures("asked")
def test_json_is_the_whole_answer():
    told = CliRunner().invoke(app, ["--portfolio", "fx", "--json", "-"])
    assert json.loads(told.stdout)["schema"] == "foreshock.explanation/1"


def test_without_a_version_it_is_refused_with_a_remedy(state_root: Path):
    told = CliRunner().invoke(app, ["--portfolio", "fx"])
    assert told.exit_code == 2
    assert "Make one with `foreshock train --model combined`" in told.stderr


def test_without_a_name_it_is_refused():
    assert CliRunner().invoke(app, []).exit_code == 2
