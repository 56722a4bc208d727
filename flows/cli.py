"""The command line: parses, calls one function, prints what came of it.

Nothing heavy is imported before a command runs, so that help answers at once; Prefect is paid for
by the commands that start tracked work.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands import (
    ablation,
    decide,
    desk,
    explain,
    operate,
    people,
    registry,
    replay,
    review,
    risk,
    scenarios,
    sessions,
    weekly,
)
from flows.options import (
    Alphas,
    AsOf,
    Data,
    End,
    Horizon,
    Json,
    Models,
    Portfolios,
    RefitYears,
    Seed,
    SettingsFile,
    Start,
    Verbose,
    answer,
    guarded,
    names,
)

if TYPE_CHECKING:
    from flows.settings import Settings

app = typer.Typer(
    name="foreshock",
    help="Tail-risk forecasts, examined on real crises and registered with their evidence.",
    epilog="First steps: `foreshock run` on the bundled market, then `foreshock ui`; your own data "
    "with `foreshock validate --data ./mine`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

RUN_REFIT_YEARS = 4
"""Years that a learned head serves in a plain `run`: trained each year, it would take twice as long
for a table that says little else. `backtest`, and a file of settings, decide for themselves."""

Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where the files go.")]


@app.command(epilog="Example: foreshock run --data ./mine --as-of 2024-12-31 --out ./report")
@guarded
def run(
    data: Data = None,
    as_of: AsOf = None,
    start: Start = None,
    alphas: Alphas = None,
    models: Models = None,
    portfolios: Portfolios = None,
    refit_years: RefitYears = None,
    seed: Seed = None,
    out: Out = None,
    settings: SettingsFile = None,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Validate, train, backtest on the crises, register, compare with the legacy, and report."""
    asked = _asked(
        settings,
        data=data,
        as_of=as_of,
        start=start,
        alphas=alphas,
        models=names(models),
        portfolios=names(portfolios),
        refit_years=refit_years if settings or refit_years else RUN_REFIT_YEARS,
        seed=seed,
    )
    from flows.tracked import ready

    ready(verbose=verbose)
    from flows.orchestration import run_flow

    done = run_flow(asked.model_dump(mode="json"), out=str(out) if out else None)
    if not answer(done, json):
        from flows.closing import closing_lines

        for line in closing_lines(done):
            typer.echo(line)


@app.command(epilog="Example: foreshock validate --data ./mine")
@guarded
def validate(data: Data = None, as_of: AsOf = None, json: Json = None) -> int:
    """Judge a market directory: exit code 2 if a series, table or book was rejected."""
    from flows.settings import state_root

    _quiet()
    import pandas as pd

    from features.sources.bundled import bundled_market
    from flows.feed_table import summarise
    from flows.ingest import exit_code, judged, write_feeds
    from flows.terminal import Terminal

    with Terminal().step("validate") as step:
        directory = data or bundled_market(state_root())
        verdicts = judged(directory, as_of=None if as_of is None else pd.Timestamp(as_of))
        step.summary = f"{len(verdicts.feeds)} feeds checked"
    written = write_feeds(verdicts)
    if not answer(verdicts.to_json(), json):
        from rich.console import Console

        console = Console(soft_wrap=True, highlight=False)
        for line in summarise(verdicts, written):
            console.print(line)
    return exit_code(verdicts)


@app.command(epilog="Example: foreshock train --model mlp --data ./mine")
@guarded
def train(
    model: Annotated[str, typer.Option("--model", help="linear, mlp, transformer or combined.")],
    data: Data = None,
    as_of: AsOf = None,
    alphas: Alphas = None,
    seed: Seed = None,
    settings: SettingsFile = None,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Train one model on everything up to the as-of and register the version."""
    asked = _asked(settings, data=data, as_of=as_of, alphas=alphas, seed=seed)
    from flows.tracked import ready

    ready(verbose=verbose)
    from flows.orchestration import train_flow

    done = train_flow(asked.model_dump(mode="json"), model)
    if not answer(done, json):
        typer.echo(f"{done['registered']} v{done['version']} ({model}), run {done['run']}")


@app.command(
    epilog="Example: foreshock backtest --models mlp,gjr_fhs --start 2019-01-01 --out ./mlp"
)
@guarded
def backtest(
    data: Data = None,
    as_of: AsOf = None,
    start: Start = None,
    end: End = None,
    models: Models = None,
    portfolios: Portfolios = None,
    alphas: Alphas = None,
    horizon: Horizon = None,
    refit_years: RefitYears = None,
    seed: Seed = None,
    out: Out = None,
    settings: SettingsFile = None,
    json: Json = None,
    verbose: Verbose = False,
) -> None:
    """Forecast walk-forward into a table; finished units of a killed backtest are not redone."""
    asked = _asked(
        settings,
        data=data,
        as_of=as_of,
        start=start,
        end=end,
        models=names(models),
        portfolios=names(portfolios),
        alphas=alphas,
        horizon=horizon,
        refit_years=refit_years,
        seed=seed,
    )
    from flows.tracked import ready

    ready(verbose=verbose)
    from flows.orchestration import backtest_flow

    done = backtest_flow(asked.model_dump(mode="json"), out=str(out) if out else None)
    if not answer(done, json):
        for name, reason in done["left_out"].items():
            typer.echo(f"left out {name}: {reason}")
        typer.echo(done["forecasts"])


@app.command(epilog="Example: foreshock score forecasts.parquet --baseline gjr_fhs --json all.json")
@guarded
def score(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Forecast table, CSV or Parquet.")],
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="MODEL", help="Model to beat.")
    ] = None,
    json: Json = None,
) -> None:
    """Judge any forecast table: every test, every window, against a baseline."""
    from flows.score import score as judge

    judge(file, baseline=baseline, json=json)


PANELS = (
    ("Scenarios and risk", risk.app),
    ("Scenarios and risk", scenarios.app),
    ("Scenarios and risk", explain.app),
    ("Scenarios and risk", ablation.app),
    ("Each session", sessions.app),
    ("Each session", desk.app),
    ("Each session", weekly.app),
    ("Versions and decisions", decide.app),
    ("Versions and decisions", review.app),
    ("Versions and decisions", registry.app),
    ("Running it", operate.app),
    ("Running it", people.app),
    ("Running it", replay.app),
)
"""Further commands, under the heading that help shows them by."""

for heading, part in PANELS:
    for known in (*part.registered_commands, *part.registered_groups):
        known.rich_help_panel = heading
    app.add_typer(part)


def _asked(settings: Path | None, **given: Any) -> Settings:
    from flows.settings import read_settings

    return read_settings(settings, **given)


def _quiet() -> None:
    from flows.settings import quiet_libraries, state_root

    quiet_libraries(state_root())
