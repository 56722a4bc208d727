"""Scenario sets: made with papers, and checked against them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.options import GATE, REFUSED, AsOf, Data, Json, Seed, Verbose, answer, guarded, names
from flows.refusal import RefusedError

app = typer.Typer()

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="A scenario set.")]


@app.command(
    epilog="Example: foreshock scenarios --model flow --paths 50000 --horizon 10 --out ./set"
)
@guarded
def scenarios(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="A new directory, for all but a list."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="fhs (default), gaussian, copula, flow, diffusion or vae."),
    ] = None,
    paths: Annotated[int | None, typer.Option("--paths", help="Joint draws; 50000.")] = None,
    horizon: Annotated[
        int | None, typer.Option("--horizon", help="Sessions of each, 1 to 60; 10.")
    ] = None,
    stress: Annotated[
        str | None,
        typer.Option(
            "--stress",
            metavar="FILE|NAME",
            help="YAML file, a past crisis such as covid_2020, or `list` for every name.",
        ),
    ] = None,
    instruments: Annotated[
        str | None,
        typer.Option("--instruments", metavar="LIST", help="By default all with enough history."),
    ] = None,
    data: Data = None,
    as_of: AsOf = None,
    seed: Seed = None,
    no_audit: Annotated[
        bool, typer.Option("--no-audit", help="Skip the test for memorisation: research only.")
    ] = False,
    research: Annotated[
        bool, typer.Option("--research", help="An UNOFFICIAL set is no failure.")
    ] = False,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="ADDRESS",
            help="Draw on a running Dask cluster, tcp://127.0.0.1:8786; the same bits.",
        ),
    ] = None,
    json: Json = None,
    verbose: Verbose = False,
) -> int:
    """Generate joint futures of a market, examined and signed; 3 if risk may not use them."""
    from flows.scenario_sets.named_stresses import LIST, SCHEMA, listed, listed_lines, stress_of
    from flows.scenario_sets.request import scenario_request
    from flows.tracked import ready

    if stress == LIST:
        if not answer({"schema": SCHEMA, "stresses": listed()}, json):
            for line in listed_lines():
                typer.echo(line)
        return 0
    if out is None:
        raise RefusedError("--out: names no directory. Give a new one: --out ./set.")
    request = scenario_request(
        data=data,
        as_of=as_of,
        model=model,
        paths=paths,
        horizon=horizon,
        instruments=names(instruments),
        seed=seed,
        audit=not no_audit,
    )
    if stress is not None:
        stress_of(stress)
    if engine is not None:
        from flows.scenario_sets.workers import connected

        with connected(engine):  # refused before anything is fitted
            pass
    ready(verbose=verbose)
    from flows.orchestration import scenarios_flow

    done = scenarios_flow(
        request.model_dump(mode="json"),
        out=str(out),
        stress=stress,
        engine=engine,
    )
    if not answer({k: v for k, v in done.items() if k != "lines"}, json):
        for line in done["lines"]:
            typer.echo(line)
    return GATE if done["unofficial"] and not research else 0


@app.command(epilog="Example: foreshock verify ./set --replay 3")
@guarded
def verify(
    directory: Directory,
    replay: Annotated[
        int, typer.Option("--replay", metavar="N", help="Draw N chunks again and compare.")
    ] = 0,
    json: Json = None,
) -> int:
    """Check every file of a scenario set against its signed manifest: 0 intact, 2 not."""
    from flows.scenario_sets.redraw import redrawn
    from flows.scenario_sets.verify import stamp
    from flows.scenario_sets.verify import verify as checked
    from flows.settings import state_root

    found = checked(directory, root=state_root())
    faults = found.faults
    if replay > 0 and not faults:
        faults = redrawn(directory, found.manifest, chunks=replay)
    if not answer({**found.as_dict(), "faults": list(faults), "replayed": replay}, json):
        for fault in faults:
            typer.echo(fault, err=True)
        if not faults:
            count = len(found.manifest["subject"])
            again = f", {replay} chunks drawn again alike" if replay > 0 else ""
            sha = found.manifest["sha256"][:12]
            typer.echo(f"intact: {count} files, {sha}{again}. {stamp(found)}")
    return REFUSED if faults else 0
