"""Commands of whoever keeps it running: the pages, the deployments, and copies to fall back on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.options import Data, Json, Verbose, answer, guarded
from flows.page_access import LOOPBACK

app = typer.Typer()


@app.command(epilog="Example: foreshock ui --prefect-port 4300")
@guarded
def ui(
    mlflow_port: Annotated[int, typer.Option("--mlflow-port", help="Of the MLflow page.")] = 5000,
    prefect_port: Annotated[
        int, typer.Option("--prefect-port", help="Of the Prefect page.")
    ] = 4200,
    only: Annotated[
        Literal["mlflow", "prefect"] | None, typer.Option("--only", help="Open one of them.")
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host", help="Another than loopback is refused without FORESHOCK_PAGES_AUTH[_FILE]."
        ),
    ] = LOOPBACK,
) -> None:
    """Open the MLflow and Prefect pages, by default on this machine only, until Ctrl-C."""
    from flows.pages import serve_pages
    from flows.settings import quiet_libraries, state_root

    quiet_libraries(state_root())
    serve_pages(
        state_root(),
        mlflow_port=None if only == "prefect" else mlflow_port,
        prefect_port=None if only == "mlflow" else prefect_port,
        host=host,
    )


@app.command(epilog="Example: foreshock serve --data ./mine, while `foreshock ui` is open")
@guarded
def serve(data: Data = None, verbose: Verbose = False) -> None:
    """Run what falls due: the daily cycle, weekly session, retrains and waiting approvals."""
    import os

    from flows.desk_settings import read_desk_settings
    from flows.settings import quiet_libraries, state_root

    schedules = read_desk_settings().schedules
    quiet_libraries(state_root(), verbose=verbose)
    os.environ.setdefault("PREFECT_API_URL", f"http://{LOOPBACK}:4200/api")
    from flows.deploy import deployments, serve_deployments

    wanted = deployments(schedules, data=data)
    serve_deployments(wanted, zone=schedules.zone)


@app.command(epilog="Example: foreshock backup /backups/2026-11-24")
@guarded
def backup(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Directory to make.")],
    json: Json = None,
) -> None:
    """Copy ledger, MLflow database, artifacts and documents, each with its hash."""
    from flows.backup import backup as copy
    from flows.settings import state_root

    manifest = copy(state_root(), out)
    if not answer(manifest, json):
        typer.echo(f"{len(manifest['sha256'])} files in {out}")


@app.command(epilog="Example: FORESHOCK_HOME=./drill foreshock restore /backups/2026-11-24")
@guarded
def restore(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="What `backup` made.")],
    json: Json = None,
) -> None:
    """Make the state root from a backup, after every byte of it was checked."""
    from flows.backup import restore as bring_back
    from flows.settings import state_root

    manifest = bring_back(source, state_root())
    if not answer(manifest, json):
        typer.echo(f"{len(manifest['sha256'])} files of {manifest['at']} in {state_root()}")
