"""What is served: flows by module path; an event starts a retrain; a served process ends whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.deploy import Deployment, deployments, runner_deployment
from flows.events import CAUSES, DRIFT
from flows.outputs import process_lives
from flows.schedules import Schedules
from flows.settings import checkout
from tests.flows.conftest import Pages

SERVED = deployments(Schedules(), data=Path("market"))

FLOWS = """
import json, os, pathlib, time
from prefect import flow

HERE = pathlib.Path(__file__).parent

@flow
def answer(trigger: str = "by hand", evidence: dict | None = None, data: str | None = None):
    (HERE / "answered.part").write_text(json.dumps([trigger, evidence, data]))
    (HERE / "answered.part").rename(HERE / "answered.json")

@flow
def endless():
    (HERE / "pid.part").write_text(str(os.getpid()))
    (HERE / "pid.part").rename(HERE / "pid")
    time.sleep(600)
"""
SERVE = """
import typer
from flows.deploy import Deployment, serve_deployments
from flows.options import guarded

def main():
    serve_deployments(
        [
            Deployment("answer", "made_up_flows.answer", "", on=("foreshock.drift",),
                       cron="0 0 1 1 *", parameters={"data": "/market"}),
            Deployment("endless", "made_up_flows.endless", ""),
        ],
        zone="America/New_York",
    )

typer.run(guarded(main))
"""


def wait_for(true: Callable[[], Any]) -> None:
    patience = time.monotonic() + 90
    while not true():
        assert time.monotonic() < patience, "it did not come to pass"
        time.sleep(0.1)


def test_a_flow_is_named_by_its_module_and_no_two_deployments_alike():
    assert len({deployment.name for deployment in SERVED}) == len(SERVED)
    assert all("/" not in one.entrypoint and ":" not in one.entrypoint for one in SERVED)


def test_the_market_is_found_from_wherever_a_run_is_started():
    given = {one.name: dict(one.parameters) for one in SERVED}
    market = {"data": str(Path("market").absolute())}
    assert given == {"daily": market, "retrain": market, "weekly": {}, "approval": {}}
    assert dict(deployments(Schedules())[0].parameters) == {"data": None}


def test_what_is_found_on_a_model_retrains_it_and_start_nothing_else():
    assert {one.name: one.on for one in SERVED if one.on} == {"retrain": tuple(CAUSES)}


def test_every_schedule_is_the_desks():
    times = Schedules(daily="1 1 * * *", weekly="2 2 * * *", quarterly="3 3 * * *")
    crons = {one.name: one.cron for one in deployments(times)}
    expected = {"daily": times.daily, "weekly": times.weekly, "retrain": times.quarterly}
    assert crons == expected | {"approval": None}


@contextmanager
def serving(folder: Path, **environment: str) -> Generator[subprocess.Popen[str], None, None]:
    """Two flows made up in a folder, served in the background, where a shell ignores Ctrl-C."""
    (folder / "made_up_flows.py").write_text(FLOWS)
    paths = {"PYTHONPATH": f"{folder}{os.pathsep}{checkout()}", "PREFECT_LOGGING_LEVEL": "ERROR"}
    with subprocess.Popen(
        ["sh", "-c", 'trap \'\' INT; exec "$0" -c "$1"', sys.executable, SERVE],
        env=os.environ | paths | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.mark.slow
def test_an_event_starts_a_run_that_knows_why_and_sigterm_leaves_nothing_running(
    pages: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    api = {"PREFECT_API_URL": pages.api, "PREFECT_HOME": str(tmp_path / "prefect")}
    found = {"subject": "BOOK", "psi": 0.31, "features": ['spread "wide"', "vix"]}
    with serving(tmp_path, **api) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "Serving answer, endless. Ctrl-C stops it.\n"
        wait_for(lambda: pages.deployed("answer/answer") and pages.deployed("endless/endless"))
        told = (
            "import json, sys; from flows.events import DRIFT, emit\n"
            "found = json.loads(sys.argv[1])\n"
            "emit(DRIFT, subject=found.pop('subject'), evidence=found)"
        )
        emitted = [sys.executable, "-c", told, json.dumps(found)]
        path = {"PYTHONPATH": str(checkout())}
        subprocess.run(emitted, check=True, env=os.environ | api | path, capture_output=True)
        wait_for((tmp_path / "answered.json").exists)
        assert json.loads((tmp_path / "answered.json").read_text()) == [DRIFT, found, "/market"]

        by_hand = [sys.executable, "-m", "prefect", "deployment", "run", "endless/endless"]
        subprocess.run(by_hand, check=True, env=os.environ | api, capture_output=True)
        wait_for((tmp_path / "pid").exists)
        running = int((tmp_path / "pid").read_text())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 143
    assert out == ""
    assert err == "Terminated. Finished units are kept: the same command goes on from there.\n"
    wait_for(lambda: not process_lives(running))


@pytest.mark.slow
def test_without_a_server_it_is_refused_by_the_address(tmp_path: Path):
    nobody = "http://127.0.0.1:9/api"
    with serving(tmp_path, PREFECT_API_URL=nobody) as process:
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    assert f"no Prefect server answers at {nobody}" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("deployment", SERVED, ids=lambda one: one.name)
def test_prefect_takes_every_deployment(deployment: Deployment):
    pytest.importorskip(deployment.entrypoint.rpartition(".")[0])
    taken: Any = runner_deployment(deployment, zone="Europe/Berlin")
    assert taken.entrypoint == deployment.entrypoint
    assert [getattr(one.schedule, "timezone", None) for one in taken.schedules or []] == (
        ["Europe/Berlin"] if deployment.cron else []
    )
    assert [set(one.expect) for one in taken.triggers] == [set(deployment.on)] * bool(deployment.on)


@pytest.mark.slow
def test_prefect_reads_its_file(pages: Pages, tmp_path: Path):
    file = checkout() / "infra" / "prefect.yaml"
    listed = yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"]
    prefect = [sys.executable, "-m", "prefect", "--no-prompt"]
    told = {"PREFECT_API_URL": pages.api, "PREFECT_HOME": str(tmp_path), "FORESHOCK_DATA": "/data"}
    for words in (
        ["work-pool", "create", "foreshock", "--type", "process"],
        ["deploy", "--all", "--prefect-file", str(file)],
    ):
        done = subprocess.run(
            [*prefect, *words], env=os.environ | told, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    for one in listed:
        flow = f"foreshock-{one['name']}"
        status, known = pages.ask("GET", f"deployments/name/{flow}/{one['name']}")
        assert status == 200
        assert known["entrypoint"] == one["entrypoint"]
        assert [line["schedule"]["cron"] for line in known["schedules"]] == [
            line["cron"] for line in one.get("schedules", [])
        ]
        assert known["parameters"] == ({"data": "/data"} if "parameters" in one else {})
