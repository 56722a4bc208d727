"""What validators and examiners ask: findings, documents, and the history of a version."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.person import MODEL, User, authenticated, needed, opened_ledger
from flows.options import GATE, Json, answer, complain, guarded
from flows.refusal import RefusedError

if TYPE_CHECKING:
    from flows.documents import Written
    from flows.ledger.ledger import Ledger

app = typer.Typer()

Version = Annotated[int | None, typer.Argument(metavar="VERSION", help="Number of the version.")]


@app.command(
    epilog="Example: foreshock finding 3 --severity high --owner dan --due 2026-12-01 "
    "--text 'ES too low in gilts' --as vera"
)
@guarded
def finding(
    version: Version = None,
    severity: Annotated[
        str | None, typer.Option("--severity", help="low, medium or high; high blocks promotion.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who has to act.")] = None,
    due: Annotated[str | None, typer.Option("--due", metavar="DATE", help="Until when.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="What was found, or done.")] = None,
    close: Annotated[
        int | None, typer.Option("--close", metavar="FINDING", help="Close it instead.")
    ] = None,
    user: User = None,
    json: Json = None,
) -> None:
    """Record a finding against a version, close one, or list those of a version."""
    from flows.findings import close_finding, findings_of, record_finding
    from flows.version_rows import version_row

    if close is None and severity is None:
        number = needed(VERSION=version)["VERSION"]
        with opened_ledger() as (ledger, _), ledger.reading() as tx:
            found = findings_of(tx, version_row(tx, MODEL, number))
        if not answer({"schema": "foreshock.findings/1", "findings": found}, json):
            for one in found:
                typer.echo(_finding_line(one))
            if not found:
                typer.echo(f"Version {number} has no finding.")
        return
    with opened_ledger() as (ledger, _):
        if close is not None:
            given = needed(**{"--text": text, "--as": user})
            who = _person(ledger, given["--as"], "validator")
            with ledger.transaction() as tx:
                close_finding(tx, close, actor=who, text=given["--text"])
            told, done = close, "closed"
        else:
            given = needed(
                **{"VERSION": version, "--owner": owner, "--due": due, "--text": text, "--as": user}
            )
            until = _day(given["--due"])
            who = _person(ledger, given["--as"], "validator")
            with ledger.transaction() as tx:
                told = record_finding(
                    tx,
                    given["VERSION"],
                    model=MODEL,
                    actor=who,
                    severity=severity or "",
                    owner=given["--owner"],
                    due=until,
                    text=given["--text"],
                )
            done = "recorded"
    if not answer({"schema": "foreshock.finding/1", "finding": told, "state": done}, json):
        typer.echo(f"Finding {told} {done} by {who}.")


@app.command(
    epilog="Example: foreshock documents 3 --field validation-report.opinion "
    "--value 'fit for use' --as vera"
)
@guarded
def documents(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="Number of the version.")],
    field: Annotated[
        str | None, typer.Option("--field", help="DOCUMENT.FIELD that waits for a person.")
    ] = None,
    value: Annotated[str | None, typer.Option("--value", help="What you say there.")] = None,
    user: User = None,
    json: Json = None,
) -> int:
    """Write a version's sixteen documents, or fill a field; exit code 3 if one is missing."""
    from flows.desk_settings import read_desk_settings
    from flows.documents import state_field, write_documents

    desk = read_desk_settings().model_dump(mode="json")
    with opened_ledger() as (ledger, root):
        if field is None:
            if value is not None:
                raise RefusedError("--value: says what and not where. Add --field.")
            seen = _configurations(ledger, root, version)
            done = write_documents(
                ledger, root, version, model=MODEL, actor="system", desk=desk, seen=seen
            )
        else:
            given = needed(**{"--value": value, "--as": user})
            person = authenticated(ledger, given["--as"])
            done = state_field(
                ledger,
                root,
                version,
                model=MODEL,
                field=field,
                value=given["--value"],
                user=person.user,
                role=person.role,
                desk=desk,
            )
    if not answer(_told(done, version), json):
        for line in _document_lines(done):
            typer.echo(line)
    if done.missing:
        complain(f"Version {version} may not be promoted: missing {', '.join(done.missing)}.")
    return GATE if done.missing else 0


@app.command(epilog="Example: foreshock history 3 --picture lineage.svg")
@guarded
def history(
    version: Version = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Walk the chain and hash every file, or a version's with its tables; 3 on a "
            "fault.",
        ),
    ] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.svg", help="Draw the lineage.")
    ] = None,
    json: Json = None,
) -> int:
    """Show a version's life from raw files to today, or every version with its state."""
    if picture is not None and version is None:
        raise RefusedError("--picture: shows one version. Name it: foreshock history VERSION.")
    with opened_ledger() as (ledger, root):
        if verify:
            return _verified(ledger, root, version, json)
        from flows.history import life, versions
        from flows.history_text import life_lines, version_lines
        from flows.version_rows import version_row

        with ledger.reading() as tx:
            if version is None:
                every = versions(tx, MODEL)
                found: dict[str, Any] = {"schema": "foreshock.versions/1", "versions": every}
                lines = version_lines(every)
            else:
                found = life(tx, version_row(tx, MODEL, version))
                lines = life_lines(found)
    if picture is not None:
        from flows.history_picture import render_picture
        from flows.outputs import write_whole

        write_whole(picture.absolute(), render_picture(found).encode())
    if not answer(found, json):
        for line in [*lines, *([f"picture  {picture}"] if picture else [])]:
            typer.echo(line)
    return 0


def _verified(ledger: Ledger, root: Path, number: int | None, json: Path | None) -> int:
    from flows.history_check import check_history
    from flows.version_rows import version_row

    with ledger.reading() as tx:
        version = None if number is None else version_row(tx, MODEL, number)
    done = check_history(ledger, root, version=version)
    told = {"entries": done.entries, "files": done.files, "faults": list(done.faults)}
    if not answer({"schema": "foreshock.verify/1"} | told, json):
        typer.echo(f"{done.entries:,} entries and {done.files:,} files checked.")
    for fault in done.faults:
        complain(fault)
    if not done.faults and json is None:
        typer.echo("The chain holds, and every file is the one that was recorded.")
    return GATE if done.faults else 0


def _person(ledger: Ledger, user: str, role: str) -> str:
    person = authenticated(ledger, user)
    person.must_be(role, to="make or close findings")
    return person.user


def _configurations(ledger: Ledger, root: Path, number: int) -> int | None:
    """Configurations the tracking store has seen; None where it cannot tell."""
    from flows.document_inputs import plain
    from flows.version_rows import version_row

    with ledger.reading() as tx:
        manifest = plain(version_row(tx, MODEL, number)["manifest"])
    digest, revision = manifest.get("settings_sha256"), manifest.get("revision")
    if digest is None or revision is None or not (root / "mlflow.db").is_file():
        return None
    from flows.settings import quiet_libraries
    from flows.tracking import configurations_seen

    quiet_libraries(root)
    return configurations_seen(root, settings_digest=digest, revision=revision)


def _told(done: Written, version: int) -> dict[str, Any]:
    return {
        "schema": "foreshock.documents/1",
        "version": version,
        "directory": str(done.directory),
        "changed": list(done.changed),
        "missing": list(done.missing),
        "pending": list(done.pending),
    }


def _document_lines(done: Written) -> list[str]:
    waiting = [name for name in done.pending if name not in done.missing]
    return [
        f"{len(done.changed)} of 16 documents written anew",
        *(f"missing  {name} (blocks promotion)" for name in done.missing),
        *(f"pending  {name}" for name in waiting),
        str(done.directory),
    ]


def _finding_line(one: dict[str, Any]) -> str:
    state = "open" if one["closed"] is None else f"closed by {one['closed']['actor']}"
    about = f"{one['finding']} {one['severity']}, {one['owner']} until {one['due']}, {state}"
    return f"{about}: {' '.join(one['text'].split())}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(f"--due: {text!r} is no ISO date such as 2026-12-01.") from error
