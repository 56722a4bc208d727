"""A run that waits for a decision outlives whoever serves it, and decides nothing itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows import waiting
from flows.clock import instant_text, system_clock
from flows.ledger.ledger import Ledger
from flows.settings import checkout

SERVE = """
from flows.deploy import deployments, serve_deployments
from flows.schedules import Schedules
only = [one for one in deployments(Schedules()) if one.name == "approval"]
serve_deployments(only, zone="UTC")
"""


def test_without_a_server_the_ledger_waits_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert "the request waits in the ledger" in waiting.ask(7)
    assert "nobody waits there" in waiting.tell(7)


@pytest.mark.slow
def test_a_server_that_does_not_answer_keeps_nobody_from_deciding(monkeypatch: pytest.MonkeyPatch):
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert "Prefect does not answer" in waiting.ask(7)
        assert "Prefect does not answer" in waiting.tell(7)


def wait_for(true: Callable[[], Any]) -> None:
    patience = time.monotonic() + 90
    while not true():
        assert time.monotonic() < patience, "it did not come to pass"
        time.sleep(0.1)


def said(words: str, **environment: str) -> str:
    """What one of the two functions answers, asked by a process of its own."""
    code = f"from flows import waiting; print(waiting.{words})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.slow
def test_a_waiting_run_survives_a_kill_and_ends_with_what_the_ledger_says(
    pages: Any, state_root: Path, tmp_path: Path
):
    told = {
        "PREFECT_API_URL": pages.api,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PYTHONPATH": os.pathsep.join([str(checkout()), os.environ.get("PYTHONPATH", "")]),
        "PREFECT_LOGGING_LEVEL": "ERROR",
    }
    ledger = Ledger.open(state_root)
    until = instant_text(system_clock() + timedelta(hours=1))
    with ledger.transaction() as tx:
        request = tx.append(
            "request",
            actor="ana",
            action="release",
            version=None,
            subject=None,
            manifest_sha256="0" * 64,
            generation=None,
            requester="ana",
            reason="corroborated by hand",
            expires=until,
        )

    def run() -> dict[str, Any]:
        known = {"flow_runs": {"idempotency_key": {"any_": [f"request-{request}"]}}}
        [only] = pages.ask("POST", "flow_runs/filter", known)[1]
        return only

    def state() -> str:
        return run()["state_name"]

    def serve() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", SERVE], env=os.environ | told)

    served = serve()
    try:
        wait_for(lambda: pages.deployed(waiting.DEPLOYMENT))
        first = said(f"ask({request})", **told)
        assert (
            first
            == said(f"ask({request})", **told)
            == f"Prefect shows it as run request-{request}."
        )
        wait_for(lambda: state() == "Suspended")
        there = run()["id"]

        typed = {"run_input": {"secret": "what an approver knows"}}
        refused = pages.ask("POST", f"flow_runs/{there}/resume", typed)[1]
        assert refused["status"] == "REJECT"
        assert state() == "Suspended"

        before = run()["state_id"]
        resumed = pages.ask(
            "POST", f"flow_runs/{there}/resume", {"run_input": {"look_again": True}}
        )
        assert resumed[1]["status"] == "ACCEPT"
        wait_for(lambda: state() == "Suspended" and run()["state_id"] != before)

        served.send_signal(signal.SIGKILL)
        served.wait()
        with ledger.transaction() as tx:
            tx.append(
                "approval",
                actor="ben",
                request=request,
                requester="ana",
                approver="ben",
                digest="0" * 64,
                expires=until,
            )
        assert said(f"tell({request})", **told) == f"Prefect's run request-{request} was resumed."
        served = serve()
        wait_for(lambda: state() == "Completed")
        assert "has ended: Completed" in said(f"tell({request})", **told)
    finally:
        served.terminate()
        served.wait()
        ledger.close()
    stored = [path for path in (tmp_path / "prefect" / "storage").rglob("*") if path.is_file()]
    results = [json.loads(path.read_text()) for path in stored]
    answers = [one for one in results if one.get("request") == request]
    assert [(one["outcome"], one["by"]) for one in answers] == [("approved", "ben")]
