"""`foreshock scenarios` and `verify`: what they ask for, print, and exit with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from flows import orchestration, tracked
from flows.cli import app
from flows.outputs import json_bytes
from flows.provenance import Provenance
from flows.scenario_sets.manifest import Recipe, signed_manifest
from flows.signing import signer

MADE: dict[str, Any] = {
    "schema": "foreshock.scenarios/1",
    "directory": "set",
    "unofficial": [],
    "lines": ["fhs: PASS", "set"],
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the flow was asked for; it answers at once."""
    given: dict[str, Any] = {}

    def flow(request: dict[str, Any], **more: Any) -> dict[str, Any]:
        given.update(request, **more)
        return {**MADE, "unofficial": given.get("verdict", [])}

    monkeypatch.setattr(tracked, "ready", lambda **_: None)
    monkeypatch.setattr(orchestration, "scenarios_flow", flow)
    return given


def test_the_options_reach_the_flow(asked: dict[str, Any], tmp_path: Path):
    line = "scenarios --model flow --paths 1000 --horizon 5 --instruments A,B --seed 3 --no-audit"
    told = CliRunner().invoke(app, [*line.split(), "--out", str(tmp_path / "set")])
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines() == MADE["lines"]
    wanted = {"model": "flow", "paths": 1000, "horizon": 5, "instruments": ["A", "B"], "seed": 3}
    assert wanted.items() <= asked.items()
    assert asked["audit"] is False


def test_an_unofficial_set_is_a_gate_unless_it_is_research(asked: dict[str, Any], tmp_path: Path):
    asked["verdict"] = ["a hard gate"]
    line = ["scenarios", "--out", str(tmp_path / "set")]
    assert CliRunner().invoke(app, line).exit_code == 3
    assert CliRunner().invoke(app, [*line, "--research"]).exit_code == 0


@pytest.mark.parametrize("option", ["--horizon 61", "--paths 0", "--model gan"])
def test_what_is_out_of_range_is_refused_before_work_starts(
    asked: dict[str, Any], tmp_path: Path, option: str
):
    told = CliRunner().invoke(app, ["scenarios", *option.split(), "--out", str(tmp_path / "set")])
    assert told.exit_code == 2
    assert not asked


def test_a_set_is_checked_and_damage_is_named(state_root: Path, tmp_path: Path):
    directory = tmp_path / "set"
    directory.mkdir()
    np.save(directory / "paths.npy", np.zeros((2, 1, 1), dtype=np.float32))
    made_by = Provenance("a", dirty=False, lock="b", python="3", machine="c", packages={})
    manifest = signed_manifest(
        directory,
        Recipe({"name": "fhs"}, {}, [], {}, "PASS", {}),
        made_by=made_by,
        signer=signer(state_root),
        times={},
    )
    (directory / "manifest.json").write_bytes(json_bytes(manifest))
    told = CliRunner().invoke(app, ["verify", str(directory), "--json", "-"])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["marks"] == ["LOCAL"]
    assert "intact: 1 files" in CliRunner().invoke(app, ["verify", str(directory)]).stdout

    (directory / "paths.npy").write_bytes(b"other")
    told = CliRunner().invoke(app, ["verify", str(directory)])
    assert told.exit_code == 2
    assert "paths.npy: has SHA-256" in told.stderr


def test_the_names_of_stresses_are_listed_without_work(asked: dict[str, Any]):
    told = CliRunner().invoke(app, ["scenarios", "--stress", "list"])
    assert told.exit_code == 0
    assert told.stdout.startswith("covid_2020")
    told = CliRunner().invoke(app, ["scenarios", "--stress", "list", "--json", "-"])
    assert json.loads(told.stdout)["schema"] == "foreshock.stresses/1"
    assert not asked


def test_a_crisis_is_replayed_by_its_name(asked: dict[str, Any], tmp_path: Path):
    line = ["scenarios", "--stress", "covid_2020", "--out", str(tmp_path / "set")]
    assert CliRunner().invoke(app, line).exit_code == 0
    assert asked["stress"] == "covid_2020"


@pytest.mark.parametrize("line", ["--stress lehman --out set", "--paths 100"])
def test_an_unknown_stress_and_no_directory_are_refused(asked: dict[str, Any], line: str):
    assert CliRunner().invoke(app, ["scenarios", *line.split()]).exit_code == 2
    assert not asked
