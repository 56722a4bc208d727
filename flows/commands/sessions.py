"""What a session did: its numbers and alarms, the shadow beside them, and a retrain by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.person import opened_ledger
from flows.options import (
    Alphas,
    AsOf,
    Data,
    Json,
    Portfolios,
    Seed,
    SettingsFile,
    Start,
    Verbose,
    answer,
    guarded,
    names,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

app = typer.Typer()


@app.command(epilog="Example: foreshock monitor --data ./mine")
@guarded
def monitor(
    data: Data = None, as_of: AsOf = None, json: Json = None, verbose: Verbose = False
) -> None:
    """Do the session of an as-of, if it was not done, and show its numbers and alarms."""
    done = _session(data, as_of, verbose)
    if answer(done, json):
        return
    from flows.alerts import open_alerts
    from flows.session_text import monitor_lines

    with opened_ledger() as (ledger, _), ledger.reading() as tx:
        alerts = open_alerts(tx)
    _print(monitor_lines(done["as_of"], done, alerts))


@app.command(epilog="Example: foreshock shadow --data ./mine --json shadow.json")
@guarded
def shadow(
    data: Data = None, as_of: AsOf = None, json: Json = None, verbose: Verbose = False
) -> None:
    """Do the session of an as-of, if it was not done, and show the challenger beside the desk."""
    done = _session(data, as_of, verbose)
    told = {"schema": "foreshock.shadow/1", "as_of": done["as_of"], "shadow": done["shadow"]}
    if answer(told, json):
        return
    from flows.session_text import shadow_lines

    _print(shadow_lines(done["as_of"], done))


@app.command(
    epilog="Example: foreshock retrain --data ./mine --reason 'a new desk', then foreshock request"
)
@guarded
def retrain(
    data: Data = None,
    as_of: AsOf = None,
    start: Start = None,
    alphas: Alphas = None,
    portfolios: Portfolios = None,
    seed: Seed = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Written on the version.")
    ] = None,
    settings: SettingsFile = None,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Train and judge a challenger; the champion stays until two people promote another."""
    from flows.settings import read_settings
    from flows.tracked import ready

    asked = read_settings(
        settings,
        data=data,
        as_of=as_of,
        start=start,
        alphas=alphas,
        portfolios=names(portfolios),
        seed=seed,
    )
    ready(verbose=verbose)
    from flows.session_flows import retrain_flow

    done = retrain_flow(
        settings=asked.model_dump(mode="json", exclude_none=True),
        trigger="hand",
        evidence={"reason": reason} if reason else None,
    )
    if not answer(done, json):
        made = "made now" if done["fresh"] else f"made before, because of {done['cause']}"
        typer.echo(f"version {done['version']} of {done['as_of']}, {made}: {done['report']}")
        typer.echo(f"next: foreshock request {done['version']} --as YOU --reason WHY")


def _session(data: Path | None, as_of: Any, verbose: bool) -> dict[str, Any]:
    from flows.tracked import ready

    ready(verbose=verbose)
    from flows.session_flows import daily_flow

    return daily_flow(
        data=None if data is None else str(data),
        as_of=None if as_of is None else str(as_of),
    )


def _print(lines: Iterable[RenderableType]) -> None:
    from rich.console import Console

    console = Console(soft_wrap=False, highlight=False)
    for line in lines:
        console.print(line)
