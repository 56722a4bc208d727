"""One file to one typed frame: every column by its content, every refused cell to a finding."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from features.findings import Answer, Finding
from features.sources.csv_columns import csv_columns
from features.sources.event_words import headline_faults, order_faults
from features.sources.files import RawFile, nearest, no_data, refusal
from features.sources.listing import listing_faults, release_faults
from features.sources.parquet_columns import parquet_columns
from features.sources.parsing import Fault, MistypedError, numbers, texts
from features.sources.position_words import position_faults
from features.sources.tables import INSTRUMENTS, Content, Table
from features.sources.times import dates, instants, moments

_MEANING: Mapping[str, Callable[[pd.DataFrame], Iterable[tuple[str, Fault]]]] = {
    "instruments": listing_faults,
    "macro": release_faults,
    "news": release_faults,
    "positions": position_faults,
    "orders": order_faults,
    "headlines": headline_faults,
}
_FURTHEST_RELEASE = timedelta(days=366)
"""A known release may lie ahead, but not by years: that is a wrong unit."""
_DISTINCT = ("number", "moment")
"""Contents that seldom repeat: nothing is gained by looking at each distinct text once."""
_MAY_LIE_AHEAD = ("listed_from", "listed_to", "maturity", "expiry", "ex_date")


class TypedFrame(NamedTuple):
    """A table as it was read.

    Attributes
    ----------
    frame : DataFrame
        The table's columns that are present, in the table's order, and ``row``: the number of
        the row in its file, from 1, counting neither the header nor blank lines.
    rows : int
        Data rows of the file, refused ones included.
    findings : list of Finding
    """

    frame: pd.DataFrame
    rows: int
    findings: list[Finding]


def typed_frame(table: Table, file: RawFile, *, latest: pd.Timestamp) -> TypedFrame:
    """Typed columns of a file, without the series that have a refused cell.

    Parameters
    ----------
    table : Table
        What the file should hold.
    file : RawFile
    latest : pandas.Timestamp
        Last date that is not in the future.

    Returns
    -------
    TypedFrame

    Raises
    ------
    UnreadableError
        If a column is missing or of the wrong type, or a row names no series.
    """
    content = table.columns
    if file.name.endswith(".parquet"):
        names, raw = parquet_columns(file, list(content))
    else:
        repetitive = {name for name, kind in content.items() if kind not in _DISTINCT}
        names, raw = csv_columns(file, list(content), repetitive)
    findings = _check_columns(table, file.name, names)
    rows = raw.num_rows
    if rows == 0 and not table.may_be_empty:
        raise no_data(file.name)
    columns: dict[str, object] = {}
    cells: dict[str, pa.ChunkedArray] = {}
    faults: list[tuple[str, Fault]] = []
    for name, kind in content.items():
        if name not in raw.column_names:
            continue
        try:
            required = name in table.required and name not in table.blank
            columns[name], found = _typed(raw[name], kind, required, name, latest)
            if found or table.name in _MEANING:
                cells[name] = raw[name]  # to be shown as they stand
            raw = raw.drop_columns([name])  # millions of quotes are not held twice
        except MistypedError as error:
            remedy = f"Store {name} as {'instant' if kind == 'moment' else kind}."
            raise refusal(
                file.name, "mistyped_column", f"column {name} {error}.", remedy
            ) from error
        faults += [(name, fault) for fault in found]
    columns["row"] = np.arange(1, rows + 1)
    if table.series in table.optional:
        columns[table.series] = _named(columns.get(table.series), table.name, rows)
    frame = pd.DataFrame(columns, copy=False)
    _check_series(table, file.name, faults)
    if table.name in _MEANING:
        faults += _MEANING[table.name](frame)
    findings += _findings(table, file.name, frame, cells, faults)
    return TypedFrame(_survivors(table, frame, findings), rows, findings)


def column_names(file: RawFile, key: str) -> list[str]:
    """Every column of a file, found by reading one of them.

    Raises
    ------
    UnreadableError
        As `typed_frame`, where the file is no table at all.
    """
    if file.name.endswith(".parquet"):
        return parquet_columns(file, [key])[0]
    return csv_columns(file, [key], {key})[0]


def without_series(frame: pd.DataFrame, column: str, refused: Collection[str]) -> pd.DataFrame:
    """The frame without the rows of some series, and without their names as categories."""
    if not refused:
        return frame
    kept = frame.loc[~frame[column].isin(list(refused))].reset_index(drop=True)
    names = pd.Categorical(kept[column]).remove_unused_categories()
    return kept.assign(**{column: names})


def _typed(
    column: pa.ChunkedArray, kind: Content, required: bool, name: str, latest: pd.Timestamp
) -> tuple[object, list[Fault]]:
    if kind == "text":
        return texts(column, required=required)
    if kind == "date":
        return dates(column, required=required, latest=None if name in _MAY_LIE_AHEAD else latest)
    if kind == "moment":
        return moments(column, latest=latest)
    if kind == "instant":
        return instants(column, latest=latest + _FURTHEST_RELEASE)
    return numbers(column)


def _named(given: object, name: str, rows: int) -> pd.Categorical:
    """Series of each row; rows that name none are of one series, called like the table."""
    if not isinstance(given, pd.Categorical):
        return pd.Categorical.from_codes(np.zeros(rows, dtype=np.int8), categories=[name])
    return pd.Categorical([text or name for text in np.asarray(given, dtype=object)])


def _check_columns(table: Table, file: str, names: list[str]) -> list[Finding]:
    """Refuse a file that lacks a required column; warn of columns that are not used."""
    extra = [name for name in names if name not in table.columns]
    for name in table.required:
        if name not in names:
            why = next((table.explained[other] for other in extra if other in table.explained), "")
            needs = f"It needs {', '.join(table.required)}, separated by commas and named so."
            message = f"has no column {name!r}{nearest(name, extra)}."
            raise refusal(file, "missing_column", message, why or needs, *extra)
    if not extra:
        return []
    absent = [name for name in table.optional if name not in names]
    hint = next((f"{name!r}{close}" for name in extra if (close := nearest(name, absent))), "")
    message = f"has {len(extra)} columns that are not used: {', '.join(extra[:5])}."
    remedy = f"Check the spelling of {hint}." if hint else "Nothing to do if that is meant."
    shown = tuple(extra[:5])
    return [Finding(Answer.WARN, "extra_column", file, "", len(extra), shown, message, remedy)]


def _check_series(table: Table, file: str, faults: list[tuple[str, Fault]]) -> None:
    for name, fault in faults:
        if name == table.series:
            rows = [f"row {row + 1}" for row in fault.rows[:5]]
            raise refusal(
                file,
                "unnamed_series",
                f"does not say whose row it is: {name} {fault.found} in {len(fault.rows)} rows, "
                f"first in {rows[0]}.",
                fault.remedy,
                *rows,
            )


def _findings(
    table: Table,
    file: str,
    frame: pd.DataFrame,
    cells: Mapping[str, pa.ChunkedArray],
    faults: Iterable[tuple[str, Fault]],
) -> Iterator[Finding]:
    """One finding for each series, column and rule, with its first cells as they stand."""
    for name, fault in faults:
        series = frame[table.series].iloc[fault.rows].astype(str)
        for owner, at in sorted(series.groupby(series).indices.items()):
            rows = fault.rows[at]
            first = cells[name].take(pa.array(rows[:5])).cast(pa.string(), safe=False).to_pylist()
            shown = tuple(
                f"row {row + 1}: {cell or 'empty'}"[:80]
                for row, cell in zip(rows, first, strict=False)
            )
            where = shown[0] if len(rows) == 1 else f"{len(rows)} rows, first {shown[0]}"
            message = f"{name} {fault.found} ({where})."
            yield Finding(
                fault.answer, fault.rule, file, owner, len(rows), shown, message, fault.remedy
            )


def _survivors(table: Table, frame: pd.DataFrame, findings: Iterable[Finding]) -> pd.DataFrame:
    rejected = {finding.series for finding in findings if finding.answer is Answer.REJECT}
    kept = without_series(frame, table.series, rejected)
    if table is not INSTRUMENTS:
        return kept
    # The same words twice were warned of, and contradicting ones are gone by now.
    return kept.loc[~kept.duplicated(table.series)].reset_index(drop=True)
