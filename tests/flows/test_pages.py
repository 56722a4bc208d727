"""The pages: on loopback or behind a password, refused where they cannot be, gone in the end."""

from __future__ import annotations

import base64
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from flows.page_access import FILE, LOOPBACK, VARIABLE
from flows.pages import serve_pages
from flows.refusal import RefusedError
from flows.settings import checkout

AUTH = "desk:9f2c61d7e0b84a35"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


QUESTIONS = {
    "prefect": ("/api/flows/count", b"{}"),
    "mlflow": ("/api/2.0/mlflow/experiments/search", b'{"max_results": 1}'),
}
"""Of each server, one that takes a password."""


def answer_to(page: str, port: int, known: str | None) -> int:
    """Status that the server answers a question with."""
    link = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
    headers = {"content-type": "application/json"}
    headers |= {"authorization": f"Basic {known}"} if known else {}
    path, body = QUESTIONS[page]
    link.request("POST", path, body, headers)
    with closing(link):
        return link.getresponse().status


@contextmanager
def opened(*options: str, home: Path) -> Generator[subprocess.Popen[str], None, None]:
    """The command in a process of its own, told to stop when the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import app; app()", "ui", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(checkout()), "PREFECT_HOME": str(home / "prefect")},
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def test_a_taken_port_is_refused_before_anything_starts(state_root: Path):
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(RefusedError, match=f"--prefect-port: {taken} is taken"):
            serve_pages(state_root, mlflow_port=free_port(), prefect_port=taken)
    assert not (state_root / "pages").exists()


@pytest.mark.parametrize("only", ["mlflow_port", "prefect_port"])
def test_no_other_machine_is_let_in_without_a_password(
    state_root: Path, monkeypatch: pytest.MonkeyPatch, only: str
):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(FILE, raising=False)
    ports = {"mlflow_port": None, "prefect_port": None} | {only: free_port()}
    with pytest.raises(RefusedError, match="can be reached from other machines"):
        serve_pages(state_root, **ports, host="0.0.0.0")  # noqa: S104 - it is refused
    assert not state_root.exists()


@pytest.mark.slow
@pytest.mark.parametrize("page", ["prefect", "mlflow"])
def test_a_page_asks_for_the_password(
    tracked_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
):
    monkeypatch.setenv(VARIABLE, AUTH)
    port = free_port()
    with opened("--only", page, f"--{page}-port", str(port), home=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline().split()[-1] == f"http://{LOOPBACK}:{port}"
        known = base64.b64encode(AUTH.encode()).decode()
        wrong = base64.b64encode(b"desk:password1234").decode()
        codes = [answer_to(page, port, given) for given in (None, wrong, known)]
    assert codes == [401, 401, 200]
    assert process.returncode == 143
    assert AUTH.partition(":")[2] not in (tracked_root / "pages" / f"{page}.log").read_text()


@pytest.mark.slow
def test_both_pages_open_and_both_stop(tracked_root: Path, tmp_path: Path):
    ports = free_port(), free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", "from flows.cli import app; app()", "ui"),
            *("--mlflow-port", str(ports[0]), "--prefect-port", str(ports[1])),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(checkout()), "PREFECT_HOME": str(tmp_path / "prefect")},
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(3)]
        assert [line.split()[-1] for line in lines[:2]] == [f"http://{LOOPBACK}:{p}" for p in ports]
        for port in ports:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/", timeout=60) as page:
                assert page.status == 200
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=60)
        process.stdout.close()
    assert code == 130
    patience = time.monotonic() + 20
    while any(map(answers, ports)) and time.monotonic() < patience:
        time.sleep(0.2)
    assert not any(map(answers, ports))
