"""`foreshock replay`: the span it plays, what it tells, and where it says to look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.refusal import RefusedError
from flows.replay.run import Replayed

CONTENT: dict[str, Any] = {
    "faults": [
        {"fault": "a feed", "planted": "2021-10-11", "alarms": {"feeds": 0}},
        {"fault": "a model", "planted": None, "alarms": {"hold": None, "degraded": None}},
    ],
    "retrains": [{}, {}, {}],
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the replay was asked for; it is told at once."""
    given: dict[str, Any] = {}

    def played(**asked: Any) -> Replayed:
        given.update(asked)
        return Replayed(tmp_path / "played", tmp_path / "played" / "timeline.html", CONTENT)

    monkeypatch.setattr("flows.replay.run.replay", played)
    return given


def foreshock(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", *arguments])


def test_a_replay_tells_of_its_faults_and_where_its_page_is(
    asked: dict[str, Any], state_root: Path, tmp_path: Path
) -> None:
    told = foreshock("--data", "market", "--start", "2021-10-01", "--end", "2021-12-31")
    assert told.exit_code == 0, told.output
    assert (asked["data"], asked["root"]) == (Path("market"), state_root)
    assert (asked["start"], asked["end"]) == (
        pd.Timestamp("2021-10-01"),
        pd.Timestamp("2021-12-31"),
    )
    assert told.stdout.splitlines() == [
        "a feed, planted 2021-10-11: feeds after 0 sessions",
        "a model, not planted: nobody was in office",
        "3 versions; look closer with",
        f"FORESHOCK_HOME={tmp_path / 'played'} foreshock history",
        str(tmp_path / "played" / "timeline.html"),
    ]


def test_by_default_the_span_is_the_replays_to_choose(asked: dict[str, Any]) -> None:
    assert foreshock().exit_code == 0
    assert (asked["data"], asked["start"], asked["end"]) == (None, None, None)


@pytest.mark.usefixtures("asked")
def test_json_holds_all_of_it(tmp_path: Path) -> None:
    told = json.loads(foreshock("--json", "-").stdout)
    root = str(tmp_path / "played")
    assert told == CONTENT | {"root": root, "page": f"{root}/timeline.html"}


def test_a_refusal_costs_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> Replayed:
        raise RefusedError("--start: 10 sessions, and a replay needs 60.")

    monkeypatch.setattr("flows.replay.run.replay", refuse)
    refused = foreshock()
    assert refused.exit_code == 2
    assert "a replay needs 60" in refused.stderr
    assert foreshock("--start", "yesterday").exit_code == 2
