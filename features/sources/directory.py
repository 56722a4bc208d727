"""Reads a market directory: CSV or Parquet tables to typed frames, refusing what is ambiguous.

Reading decides only what a cell, a row or a file says. Whether the values make sense over time
(gaps, duplicates, order, jumps) is the feed gate's to judge.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path

import pandas as pd

from features.findings import Answer, Finding, UnreadableError
from features.sources.event_tables import EVENTS
from features.sources.files import ENDINGS, RawFile, nearest, open_inside, refusal
from features.sources.frames import column_names, typed_frame, without_series
from features.sources.lobster import lobster_files, stacked
from features.sources.tables import BOOK, OPTIONAL, POSITIONS, REQUIRED, Table

_BOOKS = "portfolios/"
_TABLES = (*REQUIRED, *OPTIONAL, *EVENTS)


@dataclass(frozen=True, slots=True)
class TableIdentity:
    """What was read: a file's name, the hash of its bytes and its number of rows.

    Attributes
    ----------
    file : str
        Path relative to the market directory.
    sha256 : str
    rows : int
        Data rows; 0 where the file could not be read.
    """

    file: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class RawMarket:
    """A market directory as it was read, before anything is judged over time.

    A series with a refused cell is absent from its frame and named in ``findings``.

    Attributes
    ----------
    directory : Path
    tables : mapping of table to DataFrame
        ``instruments`` and ``prices``, and of ``macro``, ``news``, ``curves``, ``credit``,
        ``vols``, ``dividends``, ``issuers``, ``intraday``, ``quotes``, ``orders`` and
        ``headlines`` those that have a readable file; LOBSTER's files add to quotes and orders.
        Columns as in the table, absent optional columns left out; text columns categorical,
        numbers float64, dates tz-naive datetime64[ns], ``time`` and ``available_at`` UTC. Every
        frame has ``row``, the 1-based number of the row in its file: the header and blank lines
        are not counted.
    portfolios : mapping of book to DataFrame
        Books of weights: columns instrument, weight, row. An empty book has no rows.
    findings : tuple of Finding
    identity : mapping of table, or ``portfolios/NAME``, to TableIdentity
    snapshot : str
        SHA-256 of the sorted identities: the same snapshot means the same input.
    positions : mapping of book to DataFrame
        Books of quantities: the columns of ``POSITIONS`` that are present, and row.
    """

    directory: Path
    tables: Mapping[str, pd.DataFrame]
    portfolios: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]
    identity: Mapping[str, TableIdentity]
    snapshot: str
    positions: Mapping[str, pd.DataFrame] = field(default_factory=dict[str, pd.DataFrame])


def read_market(directory: Path, *, today: pd.Timestamp | None = None) -> RawMarket:
    """Read every table of a market directory.

    Parameters
    ----------
    directory : Path
        Holds ``instruments`` and ``prices``, optionally ``macro``, ``news`` and
        ``portfolios/NAME``, each as ``.csv`` or ``.parquet``.
    today : pandas.Timestamp, optional
        The last date that is not in the future; by default the date it is now in the time zone
        furthest ahead.

    Returns
    -------
    RawMarket

    Raises
    ------
    UnreadableError
        If a required table is missing or unreadable. An unreadable optional table or book is
        left out and is a REJECT finding.
    """
    root = directory.absolute()
    if not (root.is_dir() and os.access(root, os.R_OK | os.X_OK)):
        raise refusal(
            str(directory),
            "no_directory",
            "is not a directory that can be read.",
            "Give the directory that holds instruments and prices.",
        )
    latest = today or pd.Timestamp.now("Etc/GMT-14").normalize().tz_localize(None)
    frames: dict[str, pd.DataFrame] = {}
    quantities: dict[str, pd.DataFrame] = {}
    findings: list[Finding] = []
    identity: dict[str, TableIdentity] = {}
    for key, table in _expected(root):
        try:
            file = _only_file(root, key)
            content = file.sha256()
            _refuse_copy(file.name, content, identity.values())
            identity[key] = TableIdentity(file.name, content, 0)
            shape = POSITIONS if table is BOOK and _of_quantities(file) else table
            typed = typed_frame(shape, file, latest=latest)
        except UnreadableError as error:
            if table in REQUIRED:
                raise
            findings.append(error.finding)
            continue
        identity[key] = TableIdentity(file.name, content, typed.rows)
        (quantities if shape is POSITIONS else frames)[key] = typed.frame
        findings += typed.findings
    findings += _with_books(root, frames, identity, latest)
    findings += _strays(root, list(identity.values()))
    frames["prices"] = _described(frames["prices"], findings)
    return RawMarket(
        directory=root,
        tables={key: frame for key, frame in frames.items() if not key.startswith(_BOOKS)},
        portfolios={
            key.removeprefix(_BOOKS): frame
            for key, frame in frames.items()
            if key.startswith(_BOOKS)
        },
        findings=tuple(findings),
        identity=identity,
        snapshot=_snapshot(identity),
        positions={key.removeprefix(_BOOKS): frame for key, frame in quantities.items()},
    )


def _expected(root: Path) -> Iterator[tuple[str, Table]]:
    """The tables to read, required ones always, the others where there is a file."""
    for table in REQUIRED:
        yield table.name, table
    for table in (*OPTIONAL, *EVENTS):
        if _candidates(root, table.name):
            yield table.name, table
    if (root / _BOOKS).is_dir():
        for name in sorted({path.stem for path in _files(root / _BOOKS)}):
            yield _BOOKS + name, BOOK


def _of_quantities(file: RawFile) -> bool:
    """Whether a book says units held; one that gives weights is a book of weights."""
    names = column_names(file, "instrument")
    return "quantity" in names and "weight" not in names


def _with_books(
    root: Path,
    frames: dict[str, pd.DataFrame],
    identity: dict[str, TableIdentity],
    latest: pd.Timestamp,
) -> list[Finding]:
    """Adds the order books of LOBSTER's files to quotes and orders; what was wrong with them."""
    found = lobster_files(root, latest=latest)
    identity |= {name: TableIdentity(name, content, rows) for name, content, rows in found.read}
    for table, more in (("quotes", found.quotes), ("orders", found.orders)):
        if more:
            frames[table] = stacked([*([frames[table]] if table in frames else []), *more])
    return found.findings


def _files(folder: Path) -> list[Path]:
    """The files of a folder that look like tables, by name."""
    files = (path for path in folder.iterdir() if path.suffix in ENDINGS)
    return sorted(path for path in files if not path.name.startswith("."))


def _candidates(root: Path, key: str) -> list[Path]:
    """The files that may hold one table. A dangling link is one: it is refused, not ignored."""
    paths = (root / f"{key}{ending}" for ending in ENDINGS)
    return [path for path in paths if path.exists() or path.is_symlink()]


def _only_file(root: Path, key: str) -> RawFile:
    paths = _candidates(root, key)
    if not paths:
        others = nearest(f"{key}.csv", [path.name for path in root.iterdir()])
        raise refusal(
            f"{key}.csv",
            "missing_table",
            f"is not there, nor is {key}.parquet{others}.",
            "Every market directory needs instruments and prices.",
        )
    if len(paths) > 1:
        names = [path.name for path in paths]
        raise refusal(
            f"{key}.csv",
            "ambiguous_table",
            f"stands beside {names[1]}; which one counts is not guessed.",
            "Keep one of them.",
            *names,
        )
    return open_inside(root, paths[0])


def _refuse_copy(name: str, sha256: str, read: Iterable[TableIdentity]) -> None:
    for other in read:
        if other.sha256 == sha256:
            raise refusal(
                name,
                "duplicate_file",
                f"has the same content as {other.file}.",
                "One of the two is a copy under a wrong name: remove it.",
            )


def _strays(root: Path, read: list[TableIdentity]) -> Iterator[Finding]:
    """Files that look like tables and are none."""
    known = {identity.file for identity in read} | {
        f"{table.name}{ending}" for table in _TABLES for ending in ENDINGS
    }
    for path in _files(root):
        if path.name in known:
            continue
        try:
            _refuse_copy(path.name, open_inside(root, path).sha256(), read)
        except UnreadableError as error:
            yield error.finding
            continue
        names = [table.name for table in _TABLES]
        message = f"is no table of a market directory{nearest(path.stem, names)}."
        remedy = "Rename it if it should be read."
        yield Finding(Answer.WARN, "unused_table", path.name, "", 1, (), message, remedy)


def _described(prices: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """Prices without the series whose description was refused."""
    refused = {
        finding.series
        for finding in findings
        if finding.answer is Answer.REJECT and finding.table.startswith("instruments.")
    }
    return without_series(prices, "instrument", refused)


def _snapshot(identity: Mapping[str, TableIdentity]) -> str:
    """Hash of what was read: names of tables, contents and row counts, in a fixed order."""
    rows = sorted((key, *astuple(table)) for key, table in identity.items())
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
