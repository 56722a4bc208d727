"""What is deployed: nothing without a secret, nothing open to others, nothing that is not there."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from flows.cli import app
from flows.deploy import deployments, runner_deployment
from flows.schedules import Schedules

INFRA = Path(__file__).resolve().parents[1] / "infra"
COMPOSE: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text())
PREFECT: dict[str, Any] = yaml.safe_load((INFRA / "prefect.yaml").read_text())
DOCKERFILE = (INFRA / "Dockerfile").read_text()
UNITS = sorted((INFRA / "systemd").iterdir())
SECRET = re.compile(r"PASSWORD|AUTH|LEDGER|CONNECTION_URL|TOKEN|KEY")


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    return group.commands


def assert_typed(words: list[str]) -> None:
    """A command that a file types is there, with its options."""
    known = {name for one in commands()[words[0]].params for name in one.opts}
    assert {word for word in words[1:] if word.startswith("--")} <= known


def test_prefect_is_told_the_same_by_the_file_and_by_the_command():
    served = {one.name: one for one in deployments(Schedules())}
    written = {one["name"]: one for one in PREFECT["deployments"]}
    assert written.keys() == served.keys()
    for name, one in written.items():
        ours = served[name]
        zone = Schedules().zone
        expected = [{"cron": ours.cron, "timezone": zone}] if ours.cron else []
        assert one["entrypoint"] == ours.entrypoint
        assert one["description"] == ours.about
        assert one.get("schedules", []) == expected
        assert one.get("parameters", {}).keys() == ours.parameters.keys()
        events = [set(trigger["expect"]) for trigger in one.get("triggers", [])]
        assert events == ([set(ours.on)] if ours.on else [])


def test_an_automation_hands_on_the_same_by_the_file_and_by_the_command():
    pytest.importorskip("flows.session_flows")
    [retrain] = [one for one in PREFECT["deployments"] if one["name"] == "retrain"]
    [ours] = [one for one in deployments(Schedules()) if one.name == "retrain"]
    taken: Any = runner_deployment(ours, zone="UTC")
    [trigger] = taken.triggers
    assert retrain["triggers"][0]["parameters"] == trigger.parameters
    assert retrain["triggers"][0]["name"] == trigger.name


@pytest.mark.parametrize("entrypoint", [one["entrypoint"] for one in PREFECT["deployments"]])
def test_every_entrypoint_is_a_flow(entrypoint: str):
    from prefect import Flow

    module, _, name = entrypoint.rpartition(".")
    pytest.importorskip(module)
    assert isinstance(getattr(import_module(module), name), Flow)


def test_compose_holds_the_four_services():
    assert COMPOSE["services"].keys() == {"postgres", "mlflow", "prefect", "worker"}


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_port_is_open_on_this_machine_only(name: str):
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"][name].get("ports", []))


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_an_image_is_called_by_its_name_alone(name: str):
    assert "/" not in COMPOSE["services"][name]["image"]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_no_secret_has_a_value_or_a_default(name: str):
    given = COMPOSE["services"][name]["environment"]
    secret = {key: value for key, value in given.items() if SECRET.search(key)}
    assert secret
    for key, value in secret.items():
        assert re.search(r"\$\{FORESHOCK_\w+:\?[^}]+\}", value), key
        assert not re.search(r"\$\{\w+:?[-=+]", value), key
        assert not re.search(r":\w+@", value), key


@pytest.mark.parametrize("name", ["mlflow", "prefect", "worker"])
def test_a_service_types_a_command_that_is_there_and_may_change_nothing_else(name: str):
    service = COMPOSE["services"][name]
    assert_typed(service["command"])
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert (INFRA / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_a_page_that_listens_to_other_containers_has_a_password():
    for service in COMPOSE["services"].values():
        if "--host" in service.get("command", []):
            assert "FORESHOCK_PAGES_AUTH" in service["environment"]


def test_the_image_is_built_from_hashes_and_does_not_run_as_root():
    installs = re.findall(r"pip install (.*)", DOCKERFILE)
    assert len(installs) == 2
    assert "--require-hashes -r infra/requirements-public.lock" in installs[0]
    assert "--no-deps --no-build-isolation -e ." in installs[1]
    lines = DOCKERFILE.splitlines()
    assert lines.index("USER foreshock") > max(
        number for number, line in enumerate(lines) if line.startswith(("RUN", "COPY"))
    )
    assert re.search(r"^ARG BASE=python:3\.11-slim$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE))
def test_what_the_image_copies_is_there_and_not_ignored(name: str):
    allowed = (INFRA / "Dockerfile.dockerignore").read_text().splitlines()
    for path in name.split():
        assert (INFRA.parent / path).exists()
        assert f"!{path.split('/')[0]}" in allowed


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_is_there_as_nobody_of_weight(unit: Path):
    read = configparser.RawConfigParser(strict=False)
    read.optionxform = str  # pyright: ignore[reportAttributeAccessIssue] - systemd minds case
    read.read(unit)
    service = read["Service"]
    program, *words = service["ExecStart"].split()
    assert program == "/opt/foreshock/.venv/bin/foreshock"
    assert_typed(words)
    assert service["User"] == "foreshock"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["SuccessExitStatus"] == "143"
    assert not re.search(r"^Environment=.*(PASSWORD|AUTH|TOKEN)", unit.read_text(), re.MULTILINE)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_understands_its_units(tmp_path: Path):
    program = tmp_path / "foreshock"
    program.touch(mode=0o755)
    for unit in UNITS:
        text = unit.read_text().replace("/opt/foreshock/.venv/bin/foreshock", str(program))
        (tmp_path / unit.name).write_text(text)
    units = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    named = [line for line in done.stderr.splitlines() if "foreshock" in line]
    assert (done.returncode, named) == (0, []), done.stderr


@pytest.mark.parametrize(
    "path", sorted(path for path in INFRA.rglob("*") if path.suffix in {".yaml", ".service", ".md"})
)
def test_no_file_names_a_host_of_others(path: Path):
    text = re.sub(r"\$\{[^}]*\}", "", path.read_text())
    named = re.findall(r"\w+://(?:[^@/\s]*@)?([\w.-]+)", text)
    assert set(named) <= {"127.0.0.1", "localhost", "postgres", "prefect", "mlflow"}
