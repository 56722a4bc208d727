"""The life of a version, as a validator reads it: from raw files to today. Reads only the ledger.

Nothing heavy is imported here: a thousand versions are listed in well under a second.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flows.clock import instant_text
from flows.version_rows import (
    Reign,
    Row,
    brief_rows,
    open_findings,
    reigns,
    rows_of,
    standing_vetoes,
)

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

SCHEMA = "foreshock.history/1"

_TOLD_ELSEWHERE = ("tables", "snapshot", "snapshot_sha256", "weights", "weights_sha256", "evidence")
"""Keys of a manifest that the other chapters tell."""

Entry = dict[str, Any]
Chapter = dict[str, Any]


def versions(tx: Transaction, model: str) -> list[dict[str, Any]]:
    """Every version of a model with its state today, oldest first.

    Returns
    -------
    list of dict
        ``number, name, as_of, recorded, cause, state``, ``gates`` (passed of judged),
        ``open_findings`` and ``reigns`` (how often it was champion).
    """
    office = reigns(tx, model)
    gates: dict[int, dict[str, bool]] = defaultdict(dict)
    for row in brief_rows(tx, "gate", "version", "name", "passed"):
        gates[row["version"]][row["name"]] = bool(row["passed"])
    closed = {row["finding"] for row in brief_rows(tx, "finding_closed", "finding")}
    findings: dict[int, int] = defaultdict(int)
    for row in brief_rows(tx, "finding", "version"):
        findings[row["version"]] += row["seq"] not in closed
    lifted = {row["veto"] for row in tx.rows("unveto")}
    vetoed = {row["version"] for row in tx.rows("veto") if row["seq"] not in lifted}
    asked = open_requests(tx)
    return [
        {
            "number": row["number"],
            "name": row["name"],
            "as_of": row["as_of"],
            "recorded": str(row["at"]),
            "cause": row["cause"],
            "state": _state(
                row["seq"],
                office,
                vetoed=row["seq"] in vetoed,
                asked=row["seq"] in asked,
                gates=gates[row["seq"]],
            ),
            "gates": f"{sum(gates[row['seq']].values())} of {len(gates[row['seq']])}",
            "open_findings": findings[row["seq"]],
            "reigns": sum(reign.version == row["seq"] for reign in office),
        }
        for row in brief_rows(tx, "version", "number", "name", "as_of", "cause", model=model)
    ]


def life(tx: Transaction, version: Row) -> dict[str, Any]:
    """Everything the ledger knows of one version, in chapters.

    Parameters
    ----------
    tx : Transaction
    version : dict
        Its ledger row.

    Returns
    -------
    dict
        ``model, number, name, state, today`` and ``chapters``: ``title`` and ``entries``, each
        with ``text``, and where there are ``at``, ``actor``, ``seq``, ``sha256``.
    """
    rows = rows_of(tx, version)
    office = reigns(tx, version["model"])
    gates = {row["name"]: bool(row["passed"]) for row in rows["gate"]}
    snapshot = tx.last("snapshot", sha256=version["snapshot_sha256"])
    state = _state(
        version["seq"],
        office,
        vetoed=bool(standing_vetoes(rows)),
        asked=version["seq"] in open_requests(tx),
        gates=gates,
    )
    chapters = [
        _chapter("Raw files", _files(snapshot)),
        _chapter("Made with", [_snapshot(version, snapshot), *_made(version)]),
        _chapter("Version", _version(version)),
        _chapter("Evidence", [_file(row) for row in rows["evidence"]]),
        _chapter("Gates", [_gate(row) for row in rows["gate"]]),
        _chapter("Requests, approvals and vetoes", _decisions(rows)),
        _chapter("Champion", _office(office, version["seq"])),
        _chapter("Overrides, holds and flags", _desk(rows)),
        _chapter("Alerts", [_alert(row) for row in rows["alert"]]),
        _chapter("Findings", _findings(rows)),
        _chapter("Documents", _documents(rows)),
        _chapter("Today", [_today(rows, state)]),
    ]
    return {
        "schema": SCHEMA,
        "model": version["model"],
        "number": version["number"],
        "name": version["name"],
        "state": state,
        "today": instant_text(tx.now),
        "manifest_sha256": version["manifest_sha256"],
        "chapters": chapters,
    }


def open_requests(tx: Transaction) -> set[int]:
    """Versions somebody asks to promote, not yet approved and not expired."""
    answered = {row["request"] for row in tx.rows("approval")}
    now = instant_text(tx.now)
    return {
        row["version"]
        for row in tx.rows("request")
        if row["action"] == "promote" and row["seq"] not in answered and str(row["expires"]) > now
    }


def _state(
    seq: int, office: list[Reign], *, vetoed: bool, asked: bool, gates: Mapping[str, bool]
) -> str:
    """One word or few for what a version is today; the first that holds."""
    if office and office[-1].version == seq:
        return "champion"
    if vetoed:
        return "vetoed"
    if asked:
        return "promotion requested"
    if any(reign.version == seq for reign in office):
        return "former champion"
    if not gates:
        return "not judged"
    return "gates passed" if all(gates.values()) else "gates not passed"


def _files(snapshot: Row | None) -> list[Entry]:
    tables = {} if snapshot is None else _plain(snapshot["tables"])
    return [
        _entry(f"{name}{_rows(found)}", sha256=_digest(found)) for name, found in _pairs(tables)
    ]


def _snapshot(version: Row, snapshot: Row | None) -> Entry:
    told = "snapshot" if snapshot is None else f"snapshot to {snapshot['as_of']}"
    return _entry(told, snapshot, sha256=version["snapshot_sha256"])


def _pairs(tables: Any) -> Iterable[tuple[str, Any]]:
    """Name and identity of each table, whether they came as a mapping or as a list."""
    if isinstance(tables, Mapping):
        return sorted(tables.items())
    return [(str(one.get("file", one.get("table"))), one) for one in tables]


def _digest(found: Any) -> str:
    if isinstance(found, Mapping):
        return str(found["sha256"])
    return str(found if isinstance(found, str) else found[0])


def _rows(found: Any) -> str:
    if isinstance(found, Mapping):
        count = found.get("rows")
    else:
        count = None if isinstance(found, str) else found[1]
    return "" if count is None else f", {count:,} rows"


def _made(version: Row) -> list[Entry]:
    return [
        _entry(f"{name}: {_short(value)}")
        for name, value in sorted(_plain(version["manifest"]).items())
        if name not in _TOLD_ELSEWHERE
    ]


def _version(version: Row) -> list[Entry]:
    told = f"version {version['number']} ({version['name']}): data to {version['as_of']}"
    return [
        _entry("weights", sha256=version["weights_sha256"]),
        _entry("manifest", sha256=version["manifest_sha256"]),
        _entry(told, version),
        _entry(f"cause: {version['cause']}"),
    ]


def _decisions(rows: Mapping[str, list[Row]]) -> list[Entry]:
    told = [
        _entry(f"{row['action']} requested: {row['reason']} (until {row['expires']})", row)
        for row in rows["request"]
    ]
    told += [
        _entry(f"request {row['request']} approved: {row['requester']} had asked", row)
        for row in rows["approval"]
    ]
    told += [_entry(f"veto: {row['reason']}", row) for row in rows["veto"]]
    told += [_entry(f"veto {row['veto']} lifted", row) for row in rows["unveto"]]
    told += [
        _entry(f"{row['cause']} to generation {row['generation']}: {row['reason']}", row)
        for row in rows["champion"]
    ]
    return sorted(told, key=lambda entry: entry["seq"])


def _office(office: list[Reign], seq: int) -> list[Entry]:
    return [
        _entry(
            f"{reign.cause}, generation {reign.generation}: "
            f"{_day_and_time(reign.since)} to {_day_and_time(reign.until) or 'today'}"
        )
        for reign in office
        if reign.version == seq
    ]


def _day_and_time(instant: str) -> str:
    return instant[: len("2020-03-16T20:00")]


def _desk(rows: Mapping[str, list[Row]]) -> list[Entry]:
    right = {row["override"]: row["right"] for row in rows["override_verdict"]}
    ended = {row["hold"]: row["outcome"] for row in rows["hold_end"]}
    told = [
        _entry(
            f"override of {row['portfolio']} at {row['alpha']:g} to VaR {row['var']:.4g}, "
            f"ES {row['es']:.4g} until {row['expires']}: {row['reason']} "
            f"({_verdict(right.get(row['seq']))})",
            row,
        )
        for row in rows["override"]
    ]
    told += [
        _entry(
            f"{row['measure']} of {row['portfolio']} held: {row['value']:.4g} against a norm of "
            f"{row['norm']:.4g}; published {row['published']:.4g} "
            f"({ended.get(row['seq'], 'open')})",
            row,
        )
        for row in rows["hold"]
    ]
    told += [
        _entry(f"{row['portfolio']} on {row['date']} flagged: {row['reason']}", row)
        for row in rows["flag"]
    ]
    return sorted(told, key=lambda entry: entry["seq"])


def _verdict(right: object) -> str:
    if right is None:
        return "not yet judged"
    return "it was right" if right else "it was not right"


def _findings(rows: Mapping[str, list[Row]]) -> list[Entry]:
    closed = {row["finding"]: row for row in rows["finding_closed"]}
    told: list[Entry] = []
    for row in rows["finding"]:
        end = closed.get(row["seq"])
        state = f"closed by {end['actor']} at {end['at']}: {end['text']}" if end else "open"
        about = f"{row['severity']}, {row['owner']} until {row['due']}: {row['text']} ({state})"
        told.append(_entry(about, row))
    return told


def _documents(rows: Mapping[str, list[Row]]) -> list[Entry]:
    """The latest of each document, with how many there were before."""
    latest = {row["name"]: row for row in rows["document"]}
    counts: dict[str, int] = defaultdict(int)
    for row in rows["document"]:
        counts[row["name"]] += 1
    return [
        _entry(f"{name}, state {counts[name]}", row, sha256=row["sha256"])
        for name, row in sorted(latest.items())
        if name.endswith(".json")
    ]


def _gate(row: Row) -> Entry:
    value = "no evidence" if row["value"] is None else f"{row['value']:.4g}"
    told = "passed" if row["passed"] else "NOT passed"
    return _entry(f"{row['name']}: {value} against {row['threshold']:.4g}, {told}", row)


def _alert(row: Row) -> Entry:
    return _entry(f"{row['severity']} {row['kind']}, {row['subject']}: {row['message']}", row)


def _file(row: Row) -> Entry:
    return _entry(str(row["name"]), row, sha256=row["sha256"])


def _today(rows: dict[str, list[Row]], state: str) -> Entry:
    waiting = len(open_findings(rows))
    noun = "finding" if waiting == 1 else "findings"
    return _entry(f"{state}; {waiting} open {noun}")


def _entry(text: str, row: Row | None = None, *, sha256: str = "") -> Entry:
    entry: Entry = {"text": text}
    if row is not None:
        entry |= {"at": str(row["at"]), "actor": row["actor"], "seq": row["seq"]}
    return entry | ({"sha256": sha256} if sha256 else {})


def _chapter(title: str, entries: list[Entry]) -> Chapter:
    return {"title": title, "entries": entries}


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
