"""Whether MLflow still says what the ledger says."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.person import opened_ledger
from flows.options import GATE, Json, answer, complain, guarded

app = typer.Typer()


@app.command(epilog="Example: foreshock reconcile --repair")
@guarded
def reconcile(
    repair: Annotated[
        bool, typer.Option("--repair", help="Set MLflow's aliases and tags right; on record.")
    ] = False,
    json: Json = None,
) -> int:
    """Name every difference between MLflow and the ledger; exit code 3 while one remains."""
    from flows.settings import quiet_libraries

    with opened_ledger() as (ledger, root):
        quiet_libraries(root)
        from flows.reconcile import SCHEMA
        from flows.reconcile import reconcile as compared

        found = compared(ledger, root, repair=repair)
    left = [one for one in found if not one.repaired]
    told = {"schema": SCHEMA, "differences": [one.as_dict() for one in found], "left": len(left)}
    if not answer(told, json):
        for one in found:
            if one.repaired:
                typer.echo(f"repaired  {one.text}")
        if not found:
            typer.echo("MLflow says what the ledger says.")
    for one in left:
        complain(one.text)
    return GATE if left else 0
