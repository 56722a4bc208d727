"""The pages: on loopback only, refused where they cannot be, gone when the command is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from flows.pages import HOST, serve_pages
from flows.refusal import RefusedError
from flows.settings import checkout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def test_a_taken_port_is_refused_before_anything_starts(state_root: Path):
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(RefusedError, match=f"--prefect-port: {taken} is taken"):
            serve_pages(state_root, mlflow_port=free_port(), prefect_port=taken)
    assert not (state_root / "pages").exists()


def test_nothing_but_loopback_is_listened_on():
    assert HOST == "127.0.0.1"


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
        assert [line.split()[-1] for line in lines[:2]] == [f"http://{HOST}:{p}" for p in ports]
        for port in ports:
            with urllib.request.urlopen(f"http://{HOST}:{port}/", timeout=60) as page:
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
