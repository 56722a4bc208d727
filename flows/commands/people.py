"""Who may decide: accounts, their roles and secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.person import User, authenticated, needed, opened_ledger
from flows.options import Json, answer, guarded

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger

app = typer.Typer()
user = typer.Typer(help="Accounts: who may request, validate, approve.", no_args_is_help=True)
app.add_typer(user, name="user")

NEW_SECRET = "FORESHOCK_NEW_SECRET"  # noqa: S105 - the name of a variable

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the person.")]
By = Annotated[str | None, typer.Option("--as", metavar="ADMIN", help="The admin you are.")]


@user.command(
    epilog="Example: foreshock user add ada --role approver --as root. The first account needs no "
    "--as and is an admin's. Secrets are asked for, or read from FORESHOCK_SECRET (yours) and "
    "FORESHOCK_NEW_SECRET (the new one)."
)
@guarded
def add(
    name: Name,
    role: Annotated[
        str, typer.Option("--role", help="viewer, developer, validator, approver or admin.")
    ],
    by: By = None,
) -> None:
    """Make an account."""
    from flows.ledger.identity import add_user, users
    from flows.refusal import RefusedError

    with opened_ledger() as (ledger, _):
        with ledger.reading() as tx:
            first = not users(tx)
        if first and (role != "admin" or by is not None):
            raise RefusedError("--role: the first account is an admin's. Add --role admin alone.")
        actor = name if first else _admin(ledger, by)
        secret = _new_secret(name)
        with ledger.transaction() as tx:
            if first and users(tx):
                raise RefusedError("--as: missing; another was first. Ask that admin.")
            add_user(tx, name, role=role, secret=secret, actor=actor)
    typer.echo(f"{name} is {role}.")


@user.command(epilog="Example: foreshock user passwd ada --as ada")
@guarded
def passwd(name: Name, by: User = None) -> None:
    """Change a secret: your own, or as an admin anybody's."""
    from flows.ledger.identity import one_name, set_secret
    from flows.refusal import RefusedError

    given = needed(**{"--as": by})
    with opened_ledger() as (ledger, _):
        person = authenticated(ledger, given["--as"])
        if person.role != "admin" and person.user != one_name(name):
            raise RefusedError(f"--as: {person.user} may change their own secret. Ask an admin.")
        secret = _new_secret(name)
        with ledger.transaction() as tx:
            set_secret(tx, name, secret=secret, actor=person.user)
    typer.echo(f"{name} has a new secret.")


@user.command(name="disable", epilog="Example: foreshock user disable ada --as root")
@guarded
def disable_command(name: Name, by: By = None) -> None:
    """Let a person in no more; what they decided stands."""
    from flows.ledger.identity import disable

    with opened_ledger() as (ledger, _):
        actor = _admin(ledger, by)
        with ledger.transaction() as tx:
            disable(tx, name, actor=actor)
    typer.echo(f"{name} is disabled.")


@user.command(name="list")
@guarded
def list_command(json: Json = None) -> None:
    """Show every account."""
    from flows.ledger.identity import users

    with opened_ledger() as (ledger, _), ledger.reading() as tx:
        rows: list[dict[str, Any]] = users(tx)
    if not answer({"schema": "foreshock.users/1", "users": rows}, json):
        for row in rows:
            typer.echo(f"{row['user']:<24}{row['role']:<12}{'' if row['active'] else 'disabled'}")
        if not rows:
            typer.echo("No account yet. Make the first: foreshock user add NAME --role admin")


def _admin(ledger: Ledger, by: str | None) -> str:
    person = authenticated(ledger, needed(**{"--as": by})["--as"])
    person.must_be("admin", to="manage accounts")
    return person.user


def _new_secret(name: str) -> str:
    return os.environ.get(NEW_SECRET) or typer.prompt(
        f"New secret of {name}", hide_input=True, confirmation_prompt=True
    )
