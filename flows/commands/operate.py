"""Commands of whoever keeps it running: the pages, and the deployments with their schedules."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from flows.options import Data, Verbose, guarded
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
