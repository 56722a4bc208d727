"""What each part of the learned tail brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.options import (
    Alphas,
    AsOf,
    Data,
    End,
    Json,
    Models,
    Portfolios,
    Seed,
    SettingsFile,
    Start,
    Verbose,
    answer,
    guarded,
    names,
)

app = typer.Typer()


@app.command(epilog="Example: foreshock ablation --models linear --seeds 1 --every 2 --out ./parts")
@guarded
def ablation(
    data: Data = None,
    as_of: AsOf = None,
    start: Start = None,
    end: End = None,
    models: Models = None,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="Trainings of each row.")] = 3,
    every: Annotated[
        int, typer.Option("--every", metavar="YEARS", help="Years that each head serves.")
    ] = 1,
    without: Annotated[
        str | None,
        typer.Option("--without", metavar="LIST", help="Kinds of input to take away; all."),
    ] = None,
    foundation: Annotated[
        Path | None,
        typer.Option("--foundation", metavar="DIR", help="A Chronos-Bolt model, as one more row."),
    ] = None,
    portfolios: Portfolios = None,
    alphas: Alphas = None,
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where a copy goes.")
    ] = None,
    settings: SettingsFile = None,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Retrain with each part taken away, and print what it was worth; a killed one goes on."""
    from flows.ablating.variants import Asked
    from flows.settings import LEARNED, read_settings, state_root

    asked = Asked(
        models=names(models) or LEARNED,
        seeds=seeds,
        every=every,
        without=names(without),
        foundation=foundation,
    )
    request = read_settings(
        settings,
        data=data,
        as_of=as_of,
        start=start,
        end=end,
        portfolios=names(portfolios),
        alphas=alphas,
        seed=seed,
    )
    from flows.tracked import ready

    ready(verbose=verbose)
    from flows.ablating.ablate import ablate
    from flows.steps import Steps
    from flows.terminal import Terminal

    done = ablate(request, asked, root=state_root(), steps=Steps(Terminal()), out=out)
    if not answer(done, json):
        for line in _lines(done):
            typer.echo(line)


def _lines(done: Mapping[str, Any]) -> Iterator[str]:
    """The pooled rows against the bar and the default, at each level."""
    from flows.ablating.worth import worth_of
    from flows.wording import decimal, level, signed_percent

    if worth := worth_of(done):
        levels = " and ".join(level(alpha) for alpha in done["ran"]["alphas"])
        yield f"What each kind of data brings: FZ0 lost without it, at {levels}"
        kinds, said = (max(len(one[name]) for one in worth) for name in ("kind", "told"))
        for one in worth:
            lost = "  ".join(
                f"{signed_percent(row['relative'], 2):>7} (t {decimal(row['t_worst'], 1):>4})"
                for row in one["levels"]
            )
            yield f"  {one['kind']:<{kinds}}  {one['told']:<{said}}  {lost}  {one['verdict']}"
    wide = max(len(row["variant"]) for row in done["rows"])
    whole = [row for row in done["rows"] if row["window"] == "all" and row["asset_class"] is None]
    for alpha in done["ran"]["alphas"]:
        yield f"{level(alpha)}: FZ0 against {done['baseline']}, then against {done['claim']}"
        told: dict[str, list[str]] = {}
        for row in whole:
            if row["alpha"] == alpha:
                lowest, highest = (
                    signed_percent(row[f"relative_{end}"], 2) for end in ("lowest", "highest")
                )
                spread = f" [{lowest}, {highest}]" if row["seeds"] > 1 else ""
                told.setdefault(row["variant"], []).append(
                    f"{signed_percent(row['relative'], 2)}{spread} (t {decimal(row['t_worst'], 1)})"
                )
        for name, parts in told.items():
            yield f"  {name:<{wide}}  {'   '.join(parts)}"
    for reason in done["not_ran"]:
        yield f"Not in it: {reason}."
    yield done["page"]
