"""What people decide about versions: request, approve, promote, veto, roll back, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.person import MODEL, Reason, User, authenticated, needed, opened_ledger
from flows.options import Json, answer, complain, guarded

if TYPE_CHECKING:
    from pathlib import Path

    from flows.ledger.champions import Champion
    from flows.ledger.ledger import Ledger

app = typer.Typer()

Version = Annotated[int, typer.Argument(metavar="VERSION", help="Number of the version.")]
Request = Annotated[int, typer.Argument(metavar="REQUEST", help="Number of the request.")]


@app.command(
    epilog="Example: foreshock request 7 --as dan --reason 'better in every crisis but one'"
)
@guarded
def request(version: Version, user: User = None, reason: Reason = None, json: Json = None) -> None:
    """Ask that a version become champion; a second person approves it."""
    from flows.desk_settings import read_desk_settings
    from flows.ledger.decisions import request_promotion

    given = needed(**{"--as": user, "--reason": reason})
    rule = read_desk_settings().decision
    with opened_ledger() as (ledger, _):
        person = authenticated(ledger, given["--as"])
        with ledger.transaction() as tx:
            asked = request_promotion(
                tx, version, model=MODEL, requester=person, reason=given["--reason"], rule=rule
            )
    _told_request(asked, json)


@app.command(epilog="Example: foreshock unveto 7 --as vera --reason 'the feed was at fault'")
@guarded
def unveto(version: Version, user: User = None, reason: Reason = None, json: Json = None) -> None:
    """Ask that a veto be lifted; a second person approves it."""
    from flows.desk_settings import read_desk_settings
    from flows.ledger.decisions import request_unveto

    given = needed(**{"--as": user, "--reason": reason})
    rule = read_desk_settings().decision
    with opened_ledger() as (ledger, _):
        person = authenticated(ledger, given["--as"])
        with ledger.transaction() as tx:
            asked = request_unveto(
                tx, version, model=MODEL, requester=person, reason=given["--reason"], rule=rule
            )
    _told_request(asked, json)


@app.command(epilog="Example: foreshock approve 812 --as ada --reason 'read the report'")
@guarded
def approve(asked: Request, user: User = None, reason: Reason = None, json: Json = None) -> None:
    """Approve what another person asked for; your secret is asked for again."""
    from flows import waiting
    from flows.ledger.decisions import approve as approved

    given = needed(**{"--as": user})
    with opened_ledger() as (ledger, root):
        person = authenticated(ledger, given["--as"])
        with ledger.transaction() as tx:
            approval = approved(tx, asked, approver=person, reason=reason or "")
            lifted = tx.last("unveto", approval=approval) is not None
        behind = _mirrored(ledger, root) if lifted else None
    told = {"request": asked, "approval": approval, "by": person.user}
    woken = waiting.tell(asked)
    if not answer({"schema": "foreshock.approval/1", "run": woken} | told, json):
        typer.echo(f"Request {asked} is approved by {person.user}.")
        typer.echo(woken)
    if behind is not None:
        complain(behind)


@app.command(epilog="Example: foreshock promote 812 --as ada")
@guarded
def promote(asked: Request, user: User = None, json: Json = None) -> None:
    """Make the version of an approved request champion; exit code 3 says what speaks against."""
    from flows.ledger.decisions import promote as promoted

    given = needed(**{"--as": user})
    with opened_ledger() as (ledger, root):
        person = authenticated(ledger, given["--as"])
        with ledger.transaction() as tx:
            now = promoted(tx, root, asked, actor=person)
        behind = _mirrored(ledger, root)
    _told_champion(now, behind, json)


@app.command(epilog="Example: foreshock veto 7 --as vera --reason 'ES too low in gilts'")
@guarded
def veto(version: Version, user: User = None, reason: Reason = None, json: Json = None) -> None:
    """Forbid a version; the champion leaves office at once."""
    from flows.ledger.decisions import veto as vetoed

    given = needed(**{"--as": user, "--reason": reason})
    with opened_ledger() as (ledger, root):
        person = authenticated(ledger, given["--as"])
        with ledger.transaction() as tx:
            now = vetoed(tx, version, model=MODEL, actor=person, reason=given["--reason"])
        behind = _mirrored(ledger, root)
    _told_champion(now, behind, json)


@app.command(epilog="Example: foreshock rollback --as ada --reason 'e-process alarm in fx_carry'")
@guarded
def rollback(
    to: Annotated[
        int | None, typer.Option("--to", metavar="VERSION", help="Which former champion.")
    ] = None,
    user: User = None,
    reason: Reason = None,
    json: Json = None,
) -> None:
    """Return to the champion before, or to an older one."""
    from flows.ledger.champions import roll_back

    given = needed(**{"--as": user, "--reason": reason})
    with opened_ledger() as (ledger, root):
        person = authenticated(ledger, given["--as"])
        with ledger.transaction() as tx:
            now = roll_back(tx, MODEL, actor=person, reason=given["--reason"], to=to)
        behind = _mirrored(ledger, root)
    _told_champion(now, behind, json)


@app.command(epilog="Example: foreshock stop --as ada --reason 'numbers nobody can explain'")
@guarded
def stop(user: User = None, reason: Reason = None, json: Json = None) -> None:
    """Emergency stop: from now on the desk sees the fallback, GJR-FHS."""
    from flows.ledger.champions import stop as stopped

    given = needed(**{"--as": user, "--reason": reason})
    with opened_ledger() as (ledger, root):
        person = authenticated(ledger, given["--as"])
        with ledger.transaction() as tx:
            now = stopped(tx, MODEL, actor=person, reason=given["--reason"])
        behind = _mirrored(ledger, root)
    _told_champion(now, behind, json)


def _told_request(asked: int, json: Path | None) -> None:
    from flows import waiting

    waits = waiting.ask(asked)
    if not answer({"schema": "foreshock.request/1", "request": asked, "run": waits}, json):
        typer.echo(f"Request {asked} waits for a second person: foreshock approve {asked}")
        typer.echo(waits)


def _mirrored(ledger: Ledger, root: Path) -> str | None:
    """What MLflow's aliases lack to follow a decision; where nothing tracks, nothing is loaded."""
    if not (root / "mlflow.db").is_file():
        return None
    from flows.settings import quiet_libraries

    quiet_libraries(root)
    from flows.reconcile import mirror

    return mirror(ledger, root)


def _told_champion(now: Champion, behind: str | None, json: Path | None) -> None:
    told: dict[str, Any] = {"schema": "foreshock.champion/1", "champion": now.as_dict()}
    if not answer(told | {"mirror": behind or "in step"}, json):
        typer.echo(f"{now.model}: {now}.")
    if behind is not None:
        complain(behind)
