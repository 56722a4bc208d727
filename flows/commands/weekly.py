"""The desk's flags, and the weekly session that looks back on them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.commands.person import Reason, User, authenticated, needed, opened_ledger
from flows.options import Json, answer, guarded

app = typer.Typer()


@app.command(epilog="Example: foreshock flag fx_carry 2020-03-16 --as ada --reason 'peg in doubt'")
@guarded
def flag(
    portfolio: Annotated[str | None, typer.Argument(help="Book or instrument.")] = None,
    session: Annotated[
        str | None, typer.Argument(metavar="[DATE]", help="Session that the call was for.")
    ] = None,
    reason: Reason = None,
    user: User = None,
    listed: Annotated[bool, typer.Option("--list", help="Show all flags instead.")] = False,
    json: Json = None,
) -> None:
    """Flag a bad call; it is judged by what came, and teaches the models or tests them."""
    rows = _listed() if listed else [_flagged(portfolio, session, reason, user)]
    if not answer({"schema": "foreshock.flags/1", "flags": rows}, json):
        for row in rows:
            typer.echo(_line(row))
        if not rows:
            typer.echo("No flags.")


@app.command(epilog="Example: foreshock session --week 2020-W12")
@guarded
def session(
    week: Annotated[
        str | None, typer.Option("--week", metavar="WEEK", help="ISO week; the last that is over.")
    ] = None,
    json: Json = None,
) -> None:
    """Hold the weekly calibration session: worst calls, flags judged and drawn, a page."""
    from flows.desk_settings import read_desk_settings
    from flows.weekly import weekly_session

    with opened_ledger() as (ledger, root):
        done = weekly_session(ledger, root, desk=read_desk_settings(), week=week)
    if not answer(done.as_dict(), json):
        for line in _told(done.as_dict()):
            typer.echo(line)


def _flagged(
    portfolio: str | None, session: str | None, reason: str | None, user: str | None
) -> dict[str, Any]:
    given = needed(**{"PORTFOLIO": portfolio, "DATE": session, "--reason": reason, "--as": user})
    from flows.desk_settings import read_desk_settings
    from flows.flags import FLAGGERS, record_flag

    rule = read_desk_settings().feedback
    with opened_ledger() as (ledger, _):
        person = authenticated(ledger, given["--as"])
        person.must_be(*FLAGGERS, to="flag a call")
        with ledger.transaction() as tx:
            made = record_flag(
                tx,
                actor=person.user,
                portfolio=given["PORTFOLIO"],
                session=given["DATE"],
                reason=given["--reason"],
                alpha=rule.alpha,
            )
    return made.as_dict() | {"right": None, "arm": None}


def _listed() -> list[dict[str, Any]]:
    from flows.week_review import told_flags

    with opened_ledger() as (ledger, _), ledger.reading() as tx:
        return told_flags(tx)


def _line(row: dict[str, Any]) -> str:
    verdict = {None: "not judged yet", True: "was right", False: "was not right"}[row["right"]]
    arm = f"{row['block']} is for {row['arm']}" if row["arm"] else f"{row['block']} is to be drawn"
    return (
        f"{row['seq']} {row['portfolio']} {row['date']} by {row['actor']}, {verdict}, {arm}: "
        f"{row['reason']}"
    )


def _told(done: dict[str, Any]) -> list[str]:
    from flows.weekly_page import learned_lines
    from flows.wording import percent, signed

    before = "" if done["fresh"] else f", held before on {done['at'][:10]}"
    lines = [f"Week {done['week']}{before}.", *learned_lines(done)]
    lines += [
        f"worst {call['portfolio']} {call['target']}: loss {percent(-call['pnl'], 2)}, VaR "
        f"{percent(call['var'], 2)}, FZ0 {signed(call['difference'], 2)} against GJR-FHS"
        f"{', flagged' if call['flagged'] else ''}"
        for call in done["worst"]
        if call["why"]
    ]
    lines += [f"judged {_line(one)}" for one in done["flags"]["judged"]]
    lines += [f"open {_line(one)}" for one in done["flags"]["open"]]
    lines += [f"drawn {one['block']}: {one['arm']}" for one in done["assignments"]]
    return [*lines, done["files"]["page"]]
