"""Why a version says what it says of a book or an instrument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.options import AsOf, Data, Json, answer, guarded

app = typer.Typer()


@app.command(epilog="Example: foreshock explain --portfolio fx_carry --as-of 2024-08-05")
@guarded
def explain(
    portfolio: Annotated[
        str, typer.Option("--portfolio", metavar="NAME", help="Book or instrument.")
    ],
    version: Annotated[
        int | None,
        typer.Option("--version", metavar="N", help="By default the champion, else challenger."),
    ] = None,
    data: Data = None,
    as_of: AsOf = None,
    alpha: Annotated[
        float, typer.Option("--alpha", help="Confidence level: 0.95, 0.975, 0.99 and the like.")
    ] = 0.99,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is drawn.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the page and JSON go.")
    ] = None,
    json: Json = None,
) -> None:
    """Explain the last forecast: inputs, attention, holdings, seeds, what would change it."""
    from flows.settings import quiet_libraries, state_root

    root = state_root()
    quiet_libraries(root)
    import pandas as pd

    from flows.explaining.explain import STEPS, explanation_lines
    from flows.explaining.explain import explain as explained
    from flows.terminal import Terminal

    told = explained(
        portfolio,
        root=root,
        terminal=Terminal(total=STEPS),
        version=version,
        data=data,
        as_of=None if as_of is None else pd.Timestamp(as_of),
        alpha=alpha,
        seed=seed,
        out=out,
    )
    if not answer(told, json):
        for line in explanation_lines(told):
            typer.echo(line)
