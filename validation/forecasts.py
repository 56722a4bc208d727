"""The forecast table: read from a file, refused as a whole where one row cannot be judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.findings import Answer, Finding, UnreadableError
from features.sources.csv_columns import csv_columns
from features.sources.files import ENDINGS, nearest, no_data, open_inside, refusal
from features.sources.parquet_columns import parquet_columns
from features.sources.parsing import Fault, MistypedError, is_text, numbers, texts
from features.sources.times import dates
from validation.forecast_rules import Rule, forecast_rules

DATES = ("origin", "target")
NAMES = ("portfolio", "model")
NUMBERS = ("alpha", "horizon", "var", "es", "pnl")
OPTIONAL = ("pit", "sigma")
REQUIRED = ("origin", "target", "portfolio", "model", "alpha", "horizon", "var", "es", "pnl")


def read_forecasts(path: Path) -> pd.DataFrame:
    """Forecast table of a CSV or Parquet file.

    Parameters
    ----------
    path : Path
        File with the columns ``origin, target, portfolio, model, alpha, horizon, var, es, pnl``
        and optionally ``pit, sigma``; others are not read, and named in
        ``attrs["ignored_columns"]``. An empty cell of ``pnl``, ``pit`` or ``sigma`` is unknown.

    Returns
    -------
    DataFrame
        As `check_forecasts` returns it, in the order of the file.

    Raises
    ------
    UnreadableError
        If the file, a column or a row cannot be judged: names file, row (from 1, not counting
        the header), rule, what was found and what to do.
    """
    file = path.resolve()
    if file.suffix not in ENDINGS:
        raise refusal(
            path.name,
            "file_type",
            f"ends in {file.suffix or 'nothing'!r}.",
            "Write the forecasts as .csv or .parquet.",
        )
    if not file.exists():
        raise refusal(path.name, "no_file", "does not exist.", "Check the path.")
    content, wanted = open_inside(file.parent, file), [*REQUIRED, *OPTIONAL]
    names, raw = (
        csv_columns(content, wanted, (*DATES, *NAMES))
        if file.suffix == ".csv"
        else parquet_columns(content, wanted)
    )
    ignored = [name for name in names if name not in wanted]
    _check_columns(path.name, names, others=ignored)
    columns = {name: _typed(path, name, raw[name]) for name in raw.column_names}
    table = check_forecasts(pd.DataFrame(columns, copy=False), source=path.name)
    table.attrs["ignored_columns"] = ignored
    return table


def check_forecasts(table: pd.DataFrame, *, source: str = "forecasts") -> pd.DataFrame:
    """The same forecasts, names as categories, once every row has passed every rule.

    Rows whose ES is not positive pass: FZ0 leaves them out and evidence counts them.

    Parameters
    ----------
    table : DataFrame
        Columns of a forecast table; dates are ``datetime64``, tz-naive, at midnight.
    source : str
        What to call the table in a refusal.

    Returns
    -------
    DataFrame
        Only the columns of a forecast table; ``alpha`` and the risk numbers float64, ``horizon``
        int64.

    Raises
    ------
    UnreadableError
        At the first rule that a row breaks.
    """
    _check_columns(source, list(table.columns), others=list(table.columns))
    if table.empty:
        raise no_data(source)
    optional = [name for name in OPTIONAL if name in table.columns]
    # pandas copies what is put into a frame, and a table may be large: it is made once, at the end
    columns = {name: table[name] for name in (*REQUIRED, *optional)}
    for name in DATES:
        if not np.issubdtype(columns[name].to_numpy().dtype, np.datetime64):
            raise _mistyped(source, name, f"holds {columns[name].dtype}, not naive dates")
    for name in NAMES:
        columns[name] = columns[name].astype("category").cat.remove_unused_categories()
    for name in (*NUMBERS, *optional):
        if not pd.api.types.is_numeric_dtype(columns[name]):
            raise _mistyped(source, name, f"holds {columns[name].dtype}, not numbers")
        columns[name] = columns[name].astype(np.float64, copy=False)
    checked = pd.DataFrame(columns, copy=False)
    for rule in forecast_rules(checked):
        if rule.broken.any():
            raise _broken(source, checked, rule)
    checked["horizon"] = checked["horizon"].astype(np.int64)
    return checked


def _check_columns(source: str, present: list[str], *, others: list[str]) -> None:
    for name in REQUIRED:
        if name not in present:
            raise refusal(
                source,
                "missing_column",
                f"has no column {name!r}{nearest(name, others)}.",
                f"It needs {', '.join(REQUIRED)}, separated by commas and named exactly so.",
                *others,
            )


def _typed(path: Path, name: str, column: pa.ChunkedArray) -> object:
    """Values of one column, unless one of its cells cannot be read."""
    try:
        if name in NAMES:
            values, faults = texts(column, required=True)
        elif name in DATES:
            values, faults = dates(column, required=True, latest=None)
        elif path.suffix == ".parquet" and is_text(column.type):
            raise MistypedError("holds text, not numbers")
        else:
            values, faults = numbers(column)
    except MistypedError as error:
        raise _mistyped(path.name, name, str(error)) from error
    for fault in faults:
        raise _unreadable_cell(path.name, name, column, fault)
    return values


def _mistyped(source: str, name: str, what: str) -> UnreadableError:
    remedy = "Write dates as dates without a time zone, names as text and numbers as numbers."
    return refusal(source, "mistyped_column", f"column {name} {what}.", remedy)


def _unreadable_cell(
    source: str, name: str, column: pa.ChunkedArray, fault: Fault
) -> UnreadableError:
    cells = column.take(pa.array(fault.rows[:5])).cast(pa.string(), safe=False).to_pylist()
    shown = [f"{name} {cell or 'empty'}"[:80] for cell in cells]
    return _refused(
        source, fault.rule, fault.rows, shown, f": the cell {fault.found}", fault.remedy
    )


def _broken(source: str, table: pd.DataFrame, rule: Rule) -> UnreadableError:
    rows = np.flatnonzero(rule.broken)
    shown = [_cells(table, int(row), rule.columns) for row in rows[:5]]
    return _refused(source, rule.name, rows, shown, f", but {rule.meaning}", rule.remedy)


def _cells(table: pd.DataFrame, row: int, columns: tuple[str, ...]) -> str:
    cells = {name: table[name].iloc[row] for name in columns}
    return ", ".join(
        f"{name} {cell:%Y-%m-%d}" if isinstance(cell, pd.Timestamp) else f"{name} {cell}"
        for name, cell in cells.items()
    )


def _refused(
    source: str, rule: str, rows: NDArray[np.intp], shown: list[str], found: str, remedy: str
) -> UnreadableError:
    examples = tuple(f"row {row + 1}: {cells}" for row, cells in zip(rows, shown, strict=False))
    others = f" ({len(rows):,} such rows)" if len(rows) > 1 else ""
    return UnreadableError(
        Finding(
            Answer.REJECT,
            rule,
            source,
            "",
            len(rows),
            examples,
            f"{examples[0]}{found}{others}.",
            remedy,
        )
    )
