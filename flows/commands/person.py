"""What commands of people share: the ledger of this state root, and who is asking."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.refusal import RefusedError

if TYPE_CHECKING:
    from flows.ledger.identity import Person
    from flows.ledger.ledger import Ledger

MODEL = "foreshock-tail"  # as `flows.tracking` registers it; importing that costs MLflow
SECRET = "FORESHOCK_SECRET"  # noqa: S105 - the name of a variable

User = Annotated[str | None, typer.Option("--as", metavar="USER", help="Who you are.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")]


@contextmanager
def opened_ledger() -> Generator[tuple[Ledger, Path], None, None]:
    """Ledger of the state root, and the root."""
    from flows.ledger.ledger import Ledger
    from flows.settings import state_root

    root = state_root()
    ledger = Ledger.open(root)
    try:
        yield ledger, root
    finally:
        ledger.close()


def authenticated(ledger: Ledger, user: str) -> Person:
    """Who asks, proved by the secret of ``FORESHOCK_SECRET`` or one typed at the prompt.

    Raises
    ------
    RefusedError
        If it is not theirs.
    """
    from flows.ledger.identity import authenticate

    secret = os.environ.get(SECRET) or typer.prompt(f"Secret of {user}", hide_input=True)
    with ledger.reading() as tx:
        return authenticate(tx, user, secret)


def needed(**given: Any) -> dict[str, Any]:
    """What was given, refused where a part is missing.

    Raises
    ------
    RefusedError
        If something is None, naming it.
    """
    if absent := [name for name, value in given.items() if value is None]:
        raise RefusedError(f"{', '.join(absent)}: missing. Give them, or see --help.")
    return given
