"""Options that commands share, and what every command does around its work."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn, ParamSpec

import typer

from features.findings import UnreadableError
from flows.refusal import BlockedError, RefusedError

P = ParamSpec("P")

REFUSED, GATE, INTERRUPTED, TERMINATED = 2, 3, 130, 143
"""Exit codes; 0 is done and 1 a defect."""


def iso_date(text: str) -> date:
    """A date as an option takes it, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no ISO date such as 2024-12-31.") from error


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no list of numbers such as 0.975,0.99.") from error


Day = Annotated[date | None, typer.Option(parser=iso_date, metavar="DATE")]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Market directory; by default the bundled one."),
]
AsOf = Annotated[
    Any,
    typer.Option(
        "--as-of", parser=iso_date, metavar="DATE", help="Last date whose data may be used."
    ),
]
Start = Annotated[
    Any,
    typer.Option(
        "--start",
        parser=iso_date,
        metavar="DATE",
        help="First origin; by default 2015-01-01 or the first with 1,000 past sessions.",
    ),
]
End = Annotated[
    Any,
    typer.Option("--end", parser=iso_date, metavar="DATE", help="Last origin; default the as-of."),
]
Alphas = Annotated[
    Any,
    typer.Option(
        "--alphas", parser=_numbers, metavar="LIST", help="Confidence levels: 0.95,0.975,0.99."
    ),
]
Models = Annotated[
    str | None, typer.Option("--models", metavar="LIST", help="Models; by default all that apply.")
]
Portfolios = Annotated[
    str | None,
    typer.Option(
        "--portfolios", metavar="LIST", help="Books or instruments; by default all that apply."
    ),
]
Horizon = Annotated[int | None, typer.Option("--horizon", help="Sessions ahead.")]
RefitYears = Annotated[
    int | None,
    typer.Option("--refit-years", metavar="N", help="Years that each learned head serves."),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of training and simulation.")]
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help="YAML file of settings; options override it."),
]
Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="PATH", help="Write the answer as JSON; - is standard output."),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show what the libraries log.")]


def names(text: str | None) -> tuple[str, ...] | None:
    """Parts of a comma-separated list, or None where none was given."""
    return None if text is None else tuple(part.strip() for part in text.split(","))


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """A command whose failures are exit codes and one message, never a traceback.

    Only a defect shows where it happened.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        signal.signal(signal.SIGTERM, _terminate)
        try:
            code = command(*args, **kwargs) or 0
        except (RefusedError, UnreadableError) as refusal:
            complain(str(refusal))
            code = REFUSED
        except BlockedError as block:
            complain(str(block))
            code = GATE
        except KeyboardInterrupt:
            complain("Interrupted. Finished units are kept: the same command goes on from there.")
            code = INTERRUPTED
        except OSError as error:
            if error.filename is None:
                raise
            complain(f"{error.filename}: {error.strerror}. Make room or grant access, then repeat.")
            code = 1
        raise typer.Exit(code)

    return run


def answer(result: dict[str, Any], to: Path | None) -> bool:
    """Write a command's answer as JSON where it was asked for.

    Returns
    -------
    bool
        Whether standard output is taken, so that nothing else may be printed there.
    """
    if to is None:
        return False
    text = json.dumps(result, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"
    if str(to) == "-":
        typer.echo(text, nl=False)
        return True
    from flows.outputs import write_whole

    write_whole(to.absolute(), text.encode())
    return False


def complain(message: str) -> None:
    """Print a refusal or a failure on standard error."""
    typer.echo(message, err=True)


def _terminate(number: int, frame: object) -> NoReturn:
    del number, frame
    complain("Terminated. Finished units are kept: the same command goes on from there.")
    raise SystemExit(TERMINATED)
