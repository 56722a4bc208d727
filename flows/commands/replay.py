"""The whole lifecycle on history: a demonstration, and the test of the system."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.options import Data, Json, answer, guarded, iso_date

app = typer.Typer()

FirstSession = Annotated[
    Any,
    typer.Option(
        "--start",
        parser=iso_date,
        metavar="DATE",
        help="First session; by default a year before the last.",
    ),
]
LastSession = Annotated[
    Any,
    typer.Option(
        "--end", parser=iso_date, metavar="DATE", help="Last session; by default the data's."
    ),
]


@app.command(
    epilog="Example: foreshock replay --start 2022-01-03 --end 2022-12-28, then open the page"
)
@guarded
def replay(
    data: Data = None,
    start: FirstSession = None,
    end: LastSession = None,
    json: Json = None,
) -> None:
    """Play every session of a span with retrains, planted faults and decisions; ends in a page."""
    from flows.settings import quiet_libraries, state_root

    quiet_libraries(state_root())
    import pandas as pd

    from flows.desk_settings import read_desk_settings
    from flows.replay.run import STEPS
    from flows.replay.run import replay as play
    from flows.terminal import Terminal

    done = play(
        root=state_root(),
        desk=read_desk_settings(),
        terminal=Terminal(total=STEPS),
        data=data,
        start=None if start is None else pd.Timestamp(start),
        end=None if end is None else pd.Timestamp(end),
    )
    if not answer(done.as_dict(), json):
        for fault in done.content["faults"]:
            if fault["planted"] is None:
                typer.echo(f"{fault['fault']}, not planted: nobody was in office")
                continue
            alarms = ", ".join(
                f"{kind} never" if delay is None else f"{kind} after {delay} sessions"
                for kind, delay in fault["alarms"].items()
            )
            typer.echo(f"{fault['fault']}, planted {fault['planted']}: {alarms}")
        typer.echo(f"{len(done.content['retrains'])} versions; look closer with")
        typer.echo(f"FORESHOCK_HOME={done.root} foreshock history")
        typer.echo(str(done.page))
