"""The MLflow and Prefect pages, while the command runs: on loopback, or behind a password."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from flows.page_access import FILE, LOOPBACK, VARIABLE, Credentials, credentials, refuse_open
from flows.refusal import RefusedError
from flows.tracking import tracking_uri

_PATIENCE = 120.0  # a first start migrates two databases


@dataclass(frozen=True, slots=True)
class _Page:
    """A server: where it listens, and how it is started."""

    host: str
    port: int
    command: tuple[str, ...]
    environment: Mapping[str, str]


def serve_pages(
    root: Path, *, mlflow_port: int | None, prefect_port: int | None, host: str = LOOPBACK
) -> None:
    """Start the servers, say where they are, and stop all when interrupted.

    Without a password they listen on this machine only. With one (see `page_access`) both ask for
    it, wherever they listen.

    Parameters
    ----------
    root : Path
        State root.
    mlflow_port, prefect_port : int or None
        None leaves that page closed.
    host : str
        Address to listen on.

    Raises
    ------
    RefusedError
        If the address is not loopback and no password is set, a port is taken, or a server stops
        by itself.
    """
    known = credentials()
    refuse_open(host, known)
    root.mkdir(parents=True, exist_ok=True)
    logs = root / "pages"
    servers: dict[str, subprocess.Popen[bytes]] = {}
    with TemporaryDirectory(prefix="foreshock-pages-") as private:
        pages: dict[str, _Page] = {}
        if mlflow_port is not None:
            pages["MLflow"] = _mlflow(root, host, mlflow_port, known, Path(private))
        if prefect_port is not None:
            pages["Prefect"] = _prefect(host, prefect_port, known)
        for name, page in pages.items():
            _refuse_taken(name, page)
        logs.mkdir(exist_ok=True)
        try:
            _open(pages, servers, logs)
        finally:
            for server in servers.values():
                server.terminate()
            for server in servers.values():
                _stop(server)


def _open(
    pages: Mapping[str, _Page], servers: dict[str, subprocess.Popen[bytes]], logs: Path
) -> None:
    for name, page in pages.items():
        with (logs / f"{name.lower()}.log").open("wb") as log:
            servers[name] = subprocess.Popen(
                page.command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_without_credentials() | dict(page.environment),
            )
    for name, page in pages.items():
        _await(name, page, servers[name], logs)
        typer.echo(f"{name:<8}http://{page.host}:{page.port}")
    typer.echo(f"Ctrl-C stops {'both' if len(pages) > 1 else 'it'}.")
    while all(server.poll() is None for server in servers.values()):
        time.sleep(0.2)
    _refuse_stopped(servers, logs)


def _mlflow(root: Path, host: str, port: int, known: Credentials | None, private: Path) -> _Page:
    artifacts = (root / "artifacts").as_uri()
    options = ["--backend-store-uri", tracking_uri(root), "--default-artifact-root", artifacts]
    place = ["--host", host, "--port", str(port), "--workers", "1"]
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true"}
    if known is not None:
        # Its users are made anew at each start: a password that was changed must not go on opening.
        config = private / "basic_auth.ini"
        config.write_text(
            f"[mlflow]\ndefault_permission = NO_PERMISSIONS\n"
            f"database_uri = sqlite:///{private / 'users.db'}\n",
            encoding="utf-8",
        )
        options += ["--app-name", "basic-auth"]
        environment |= {
            "MLFLOW_AUTH_CONFIG_PATH": str(config),
            "MLFLOW_AUTH_ADMIN_USERNAME": known.user,
            "MLFLOW_AUTH_ADMIN_PASSWORD": known.password,
            "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(32),
        }
    return _Page(
        host, port, (sys.executable, "-m", "mlflow", "server", *options, *place), environment
    )


def _prefect(host: str, port: int, known: Credentials | None) -> _Page:
    command = (sys.executable, "-m", "prefect", "server", "start")
    environment: dict[str, str] = {}
    if known is not None:
        environment["PREFECT_SERVER_API_AUTH_STRING"] = known.text
        environment["PREFECT_API_AUTH_STRING"] = known.text  # it calls itself, too
    return _Page(host, port, (*command, "--host", host, "--port", str(port)), environment)


def _without_credentials() -> dict[str, str]:
    """What a server inherits: all but the password, which it gets in the form it understands."""
    return {name: value for name, value in os.environ.items() if name not in (VARIABLE, FILE)}


def _refuse_taken(name: str, page: _Page) -> None:
    if _answers(page):
        option = f"--{name.lower()}-port"
        raise RefusedError(f"{option}: {page.port} is taken on this machine. Choose another.")


def _answers(page: _Page) -> bool:
    everywhere = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - what to ask, not where to listen
    address = (everywhere.get(page.host, page.host), page.port)
    try:
        with socket.create_connection(address, timeout=1.0):
            return True
    except ConnectionRefusedError:
        return False
    except OSError as error:
        raise RefusedError(
            f"--host: {page.host} is no address of this machine ({error}). Leave it out."
        ) from error


def _await(name: str, page: _Page, server: subprocess.Popen[bytes], logs: Path) -> None:
    patience = time.monotonic() + _PATIENCE
    while time.monotonic() < patience:
        if server.poll() is not None:
            _refuse_stopped({name: server}, logs)
        if _answers(page):
            return
        time.sleep(0.2)
    raise RefusedError(f"{name} did not answer on port {page.port}. See {logs / name.lower()}.log.")


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
