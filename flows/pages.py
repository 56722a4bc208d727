"""The MLflow and Prefect pages, on loopback only, for as long as the command runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import typer

from flows.refusal import RefusedError
from flows.tracking import tracking_uri

HOST = "127.0.0.1"
_PATIENCE = 120.0  # a first start migrates two databases


def serve_pages(root: Path, *, mlflow_port: int, prefect_port: int) -> None:
    """Start both servers, say where they are, and stop both when interrupted.

    They have no passwords, so they listen on this machine only and take no other host.

    Raises
    ------
    RefusedError
        If a port is taken, or a server stops by itself.
    """
    root.mkdir(parents=True, exist_ok=True)
    pages = {
        "MLflow": (mlflow_port, _mlflow(root, mlflow_port)),
        "Prefect": (prefect_port, _prefect(prefect_port)),
    }
    for name, (port, _) in pages.items():
        _refuse_taken(name, port)
    logs = root / "pages"
    logs.mkdir(exist_ok=True)
    servers: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, (_, command) in pages.items():
            with (logs / f"{name.lower()}.log").open("wb") as log:
                servers[name] = subprocess.Popen(
                    command,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
                )
        for name, (port, _) in pages.items():
            _await(name, port, servers[name], logs)
            typer.echo(f"{name:<8}http://{HOST}:{port}")
        typer.echo("Ctrl-C stops both.")
        while all(server.poll() is None for server in servers.values()):
            time.sleep(0.2)
        _refuse_stopped(servers, logs)
    finally:
        for server in servers.values():
            server.terminate()
        for server in servers.values():
            _stop(server)


def _mlflow(root: Path, port: int) -> Sequence[str]:
    artifacts = (root / "artifacts").as_uri()
    options = ["--backend-store-uri", tracking_uri(root), "--default-artifact-root", artifacts]
    place = ["--host", HOST, "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "server", *options, *place]


def _prefect(port: int) -> Sequence[str]:
    return [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]


def _refuse_taken(name: str, port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            option = f"--{name.lower()}-port"
            raise RefusedError(f"{option}: {port} is taken on this machine. Choose another.")


def _await(name: str, port: int, server: subprocess.Popen[bytes], logs: Path) -> None:
    patience = time.monotonic() + _PATIENCE
    while time.monotonic() < patience:
        if server.poll() is not None:
            _refuse_stopped({name: server}, logs)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.2)
    raise RefusedError(f"{name} did not answer on port {port}. See {logs / name.lower()}.log.")


def _refuse_stopped(servers: dict[str, subprocess.Popen[bytes]], logs: Path) -> None:
    for name, server in servers.items():
        if (code := server.poll()) is not None:
            log = logs / f"{name.lower()}.log"
            raise RefusedError(f"{name} stopped with exit code {code}. See {log}.")


def _stop(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
