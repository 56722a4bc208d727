"""The risk of a book: one page in the morning."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.options import Alphas, AsOf, Data, Json, Seed, answer, guarded

app = typer.Typer()


@app.command(epilog="Example: foreshock risk --portfolio sixty_forty --value 50e6")
@guarded
def risk(
    portfolio: Annotated[str, typer.Option("--portfolio", metavar="NAME", help="A book.")],
    scenarios: Annotated[
        Path | None,
        typer.Option("--scenarios", metavar="DIR", help="A set; by default one is drawn."),
    ] = None,
    data: Data = None,
    as_of: AsOf = None,
    alphas: Alphas = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Generator of a set that is drawn; fhs.")
    ] = None,
    paths: Annotated[int | None, typer.Option("--paths", help="Of it; 50000.")] = None,
    horizon: Annotated[
        int | None, typer.Option("--horizon", help="Of it, in sessions; 10.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="Currency of a book of quantities; USD.")
    ] = None,
    value: Annotated[
        float | None, typer.Option("--value", help="Of a book of weights: what it costs to sell.")
    ] = None,
    loss: Annotated[
        float | None, typer.Option("--loss", help="Share of value, for reverse stress; 0.05.")
    ] = None,
    tilt: Annotated[
        bool, typer.Option("--tilt", help="Weight the paths to the learned tail as well.")
    ] = False,
    add: Annotated[
        str | None,
        typer.Option(
            "--add", metavar="TRADES", help="Try out SPY=0.1,TLT=-0.1: weights, or quantities."
        ),
    ] = None,
    stress: Annotated[
        Path | None,
        typer.Option("--stress", metavar="FILE", help="Tell the book under this stress as well."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            formats=["%Y-%m-%d"],
            help="Explain a book of quantities' P&L since; its last session.",
        ),
    ] = None,
    default: Annotated[
        str | None,
        typer.Option("--default", metavar="ISSUER", help="What its default would do to the book."),
    ] = None,
    herding: Annotated[
        int | None,
        typer.Option(
            "--herding",
            metavar="FUNDS",
            help="What if so many funds hold the book: sharing our model, or not.",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Tell it under basel_2019, eu_2027 or uk_2028_draft as well.",
        ),
    ] = None,
    hypothetical: Annotated[
        Path | None,
        typer.Option(
            "--hypothetical",
            metavar="FILE",
            help="The desk's own P&L, CSV of date and pnl, for the profile's attribution.",
        ),
    ] = None,
    proxies: Annotated[
        Path | None,
        typer.Option(
            "--proxies",
            metavar="FILE",
            help="What stands in for factors: factor, proxy, beta, reason.",
        ),
    ] = None,
    research: Annotated[bool, typer.Option("--research", help="Accept an UNOFFICIAL set.")] = False,
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Files go there.")
    ] = None,
    json: Json = None,
) -> None:
    """VaR, ES, contributions, stress and liquidity of a book on one set of scenarios."""
    from flows.risk.request import risk_request, trades
    from flows.settings import quiet_libraries, state_root

    request = risk_request(
        portfolio=portfolio,
        data=data,
        as_of=as_of,
        scenarios=scenarios,
        model=model,
        paths=paths,
        horizon=horizon,
        alphas=alphas,
        base=base,
        value=value,
        loss=loss,
        tilt=tilt,
        add=trades(add),
        stress=stress,
        since=None if since is None else since.date(),
        default=default,
        herding=herding,
        profile=profile,
        hypothetical=hypothetical,
        proxies=proxies,
        research=research,
        seed=seed,
    )
    quiet_libraries(state_root())
    from flows.risk.run import risk as computed
    from flows.steps import Steps
    from flows.terminal import Terminal

    told = computed(request, root=state_root(), steps=Steps(Terminal(total=3)), out=out)
    if not answer(told, json):
        for line in _lines(told):
            typer.echo(line)


def _lines(told: dict[str, Any]) -> list[str]:
    from flows.risk.page import amount_in, headline
    from flows.risk.sentences import sentences
    from flows.wording import level, printable

    amount = amount_in(told["unit"])
    lines = [printable(headline(told))]
    lines += [
        f"  {level(row['alpha']):>6}  {row['horizon']:>2} sessions  VaR {amount(row['var'])}  "
        f"ES {amount(row['es'])}"
        for row in told["levels"]
    ]
    lines += [printable(line) for line in sentences(told)]
    if told["hold"]:
        lines.append("HOLD: the models do not support each other; the higher number counts.")
    if told["zero_risk"]:
        lines.append("It holds nothing: a zero-risk state.")
    lines += [f"LEFT OUT {printable(line)}" for line in told["excluded"]]
    lines += [f"STALE {printable(line)}" for line in told["stale"]]
    return [*lines, told["page"]]
