"""What the desk decides: a person's number, and the release of a held one."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.person import Reason, User, authenticated, needed, opened_ledger
from flows.options import Json, answer, guarded
from flows.refusal import RefusedError

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

app = typer.Typer()


@app.command(
    epilog="Example: foreshock override fx_carry --alpha 0.99 --var 0.03 --es 0.04 --as ada "
    "--reason 'vote tomorrow'"
)
@guarded
def override(
    portfolio: Annotated[str | None, typer.Argument(help="Book or instrument.")] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", help="Confidence level: 0.99.")] = None,
    var: Annotated[float | None, typer.Option("--var", help="Loss as a fraction: 0.03.")] = None,
    es: Annotated[float | None, typer.Option("--es", help="Loss as a fraction: 0.04.")] = None,
    reason: Reason = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="Date (its end) or instant, UTC; 1 weekday."),
    ] = None,
    user: User = None,
    listed: Annotated[bool, typer.Option("--list", help="Show all overrides instead.")] = False,
    json: Json = None,
) -> None:
    """Put your VaR and ES in place of the model's for a while, or list what was put."""
    rows = _listed() if listed else [_overridden(portfolio, alpha, var, es, reason, until, user)]
    if not answer({"schema": "foreshock.overrides/1", "overrides": rows}, json):
        for row in rows:
            typer.echo(_line(row))
        if not rows:
            typer.echo("No overrides.")


@app.command(epilog="Example: foreshock release 812 --as ada --reason 'the peg broke'")
@guarded
def release(
    hold: Annotated[int, typer.Argument(help="Number of the hold, as the alert says it.")],
    user: User = None,
    reason: Reason = None,
    json: Json = None,
) -> None:
    """Approve the model's numbers of a book that the guardrail holds."""
    given = needed(**{"--as": user, "--reason": reason})
    from flows.holds import release as released

    with _deciding(given["--as"]) as (tx, person):
        ended = released(tx, hold, approver=person, reason=given["--reason"])
    if not answer({"schema": "foreshock.release/1", "holds": ended, "by": person}, json):
        typer.echo(f"Released: the model's number is published for holds {_joined(ended)}.")


def _overridden(
    portfolio: str | None,
    alpha: float | None,
    var: float | None,
    es: float | None,
    reason: str | None,
    until: str | None,
    user: str | None,
) -> dict[str, Any]:
    given = needed(
        **{
            "PORTFOLIO": portfolio,
            "--alpha": alpha,
            "--var": var,
            "--es": es,
            "--reason": reason,
            "--as": user,
        }
    )
    ends = None if until is None else _instant(until)
    from flows.desk_settings import read_desk_settings
    from flows.holds import end_overridden
    from flows.overrides import record_override

    rule = read_desk_settings().override
    with _deciding(given["--as"]) as (tx, person):
        made = record_override(
            tx,
            actor=person,
            portfolio=given["PORTFOLIO"],
            alpha=given["--alpha"],
            var=given["--var"],
            es=given["--es"],
            reason=given["--reason"],
            until=ends,
            rule=rule,
        )
        end_overridden(tx, portfolio=made.portfolio, alpha=made.alpha, actor=person)
        return made.as_dict(tx.now, verdict=None)


@contextmanager
def _deciding(user: str) -> Generator[tuple[Transaction, str], None, None]:
    """One transaction of a person who may decide for the desk, and their name."""
    with opened_ledger() as (ledger, _):
        person = authenticated(ledger, user)
        person.must_be("approver", to="decide for the desk")
        with ledger.transaction() as tx:
            yield tx, person.user


def _listed() -> list[dict[str, Any]]:
    from flows.overrides import overrides

    with opened_ledger() as (ledger, _), ledger.reading() as tx:
        right = {row["override"]: bool(row["right"]) for row in tx.rows("override_verdict")}
        return [one.as_dict(tx.now, verdict=right.get(one.seq)) for one in overrides(tx)]


def _line(row: dict[str, Any]) -> str:
    verdict = {None: "", True: ", was right", False: ", was not right"}[row["right"]]
    return (
        f"{row['override']} {row['portfolio']} {row['alpha']:g}: VaR {row['var']:.4%}, ES "
        f"{row['es']:.4%} by {row['actor']}, {row['state']}, until {row['expires']}{verdict}: "
        f"{row['reason']}"
    )


def _instant(text: str) -> datetime:
    """A date is its end, an instant without a zone is UTC."""
    try:
        if len(text) == len("2024-12-31"):
            return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(
            f"--until: {text!r} is no date or instant such as 2024-12-31 or 2024-12-31T18:00."
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _joined(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)
