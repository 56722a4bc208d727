"""Cells to dates and instants: ISO text or stored times, and nothing that has to be guessed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.sources.parsing import (
    Fault,
    Look,
    MistypedError,
    empty_cells,
    encoded,
    faults_by_look,
    is_text,
    matches,
)

FIRST, LAST = np.datetime64("1900-01-01"), np.datetime64("2200-01-01")
"""Daily closes are younger; years outside come from a wrong unit or a slip of the pen."""
_EPOCH, _EPOCH_ENDS = np.datetime64("1970-01-01"), np.datetime64("1971-01-01")
"""A holiday everywhere: as a date of a close it is a zero in disguise."""
_NEVER = pd.Timestamp("2200-01-01")

_DATE = r"^\d{4}-\d{2}-\d{2}"
_TIME = r"[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
_ISO_DATE = rf"{_DATE}\Z"
_ISO_UTC = rf"{_DATE}{_TIME}(?:Z|\+00:?00)\Z"
_PLAIN_UTC = r"^(?:19|20|21)\d{2}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$"
"""What nearly all instants look like, and what a whole column is parsed by at once."""

_WRITE_DATE = "Write ISO dates such as 2020-03-16, local to the market."
_WRITE_UTC = "Write the instant in UTC, such as 2020-03-16T20:30:00Z."
_CHECK_UNIT = "Check the unit: seconds, milliseconds and days are often confused."

_TIME_OF_DAY: Look = ("time_of_day", rf"{_DATE}{_TIME}", "carries a time of day", _WRITE_DATE)
_DATE_LOOKS: tuple[Look, ...] = (
    _TIME_OF_DAY,
    ("impossible_date", _ISO_DATE, "is no date between 1900 and 2200", _WRITE_DATE),
    ("epoch_unit", r"^-?\d{9,}(?:\.\d+)?$", "counts from an epoch", _WRITE_DATE),
    ("not_iso_date", r"", "is not an ISO date", _WRITE_DATE),
)
_INSTANT_LOOKS: tuple[Look, ...] = (
    ("epoch_unit", r"^-?\d{9,}(?:\.\d+)?$", "counts from an epoch", _WRITE_UTC),
    ("impossible_instant", _ISO_UTC, "is no instant between 1900 and 2200", _WRITE_UTC),
    ("naive_instant", rf"{_DATE}(?:{_TIME})?\Z", "names no time zone", _WRITE_UTC),
    ("not_utc", rf"{_DATE}{_TIME}\s*\S+$", "is in another zone than UTC", _WRITE_UTC),
    ("not_an_instant", r"", "is not an ISO instant", _WRITE_UTC),
)

Times = NDArray[Any]
"""Of datetime64[ns]; the runtime checker takes a unit for another type than ``np.datetime64``."""


def dates(
    column: pa.ChunkedArray, *, required: bool, latest: pd.Timestamp | None
) -> tuple[Times, list[Fault]]:
    """Calendar dates as tz-naive midnights.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of shape (row,)
        ISO text, dates, or naive timestamps at midnight.
    required : bool
        Whether an empty cell is a fault.
    latest : pandas.Timestamp or None
        Last date that is not in the future; None where the future is allowed.

    Returns
    -------
    tuple of array of shape (row,), datetime64[ns], and list of Fault
        Refused and empty cells are NaT.

    Raises
    ------
    MistypedError
        If the column holds numbers, or instants in a time zone.
    """
    kind = column.type
    if is_text(kind):
        values, faults = _from_text(column, _ISO_DATE, _DATE_LOOKS)
    elif pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None):
        times, faults = _from_storage(column)
        values = times.astype("datetime64[D]").astype("datetime64[ns]")
        rule, _, found, remedy = _TIME_OF_DAY
        timed = ~np.isnat(times) & (values != times)
        faults += _where(timed, rule, found, remedy)
    elif pa.types.is_null(kind):
        values, faults = np.full(len(column), np.datetime64("NaT"), "datetime64[ns]"), []
    else:
        what = "instants in a time zone" if pa.types.is_timestamp(kind) else str(kind)
        raise MistypedError(f"holds {what}, not dates")
    if required:
        faults += _empty(values, faults)
    faults += _where(values == _EPOCH, "epoch_unit", "is the start of the epoch", _CHECK_UNIT)
    if latest is not None:
        found = f"lies after today ({latest:%Y-%m-%d})"
        remedy = "Leave out what has not happened yet, and check the clock of this machine."
        faults += _where(values > latest.to_datetime64(), "future_date", found, remedy)
    return values, faults


def moments(
    column: pa.ChunkedArray, *, latest: pd.Timestamp
) -> tuple[pd.DatetimeIndex, list[Fault]]:
    """Instants at which something happened: as `instants`, and neither to come nor of 1970.

    Seconds that are read as milliseconds, or milliseconds as microseconds, all fall into January
    1970.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of shape (row,)
    latest : pandas.Timestamp
        Last date that is not in the future.
    """
    values, faults = instants(column, latest=_NEVER)
    times = values.tz_localize(None).to_numpy()
    epoch = (times >= _EPOCH) & (times < _EPOCH_ENDS)
    faults += _where(epoch, "epoch_unit", "lies at the start of the epoch", _CHECK_UNIT)
    found = f"lies after today ({latest:%Y-%m-%d})"
    remedy = "Leave out what has not happened yet, and check the unit and this machine's clock."
    future = times >= (latest + timedelta(days=1)).to_datetime64()
    return values, faults + _where(future, "future_instant", found, remedy)


def instants(
    column: pa.ChunkedArray, *, latest: pd.Timestamp
) -> tuple[pd.DatetimeIndex, list[Fault]]:
    """Unambiguous instants in UTC.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of shape (row,)
        Zoned timestamps, or ISO text that says UTC in every cell.
    latest : pandas.Timestamp
        A naive date; an instant after it comes from a wrong unit.

    Returns
    -------
    tuple of DatetimeIndex (UTC) of shape (row,) and list of Fault
        Refused cells are NaT.

    Raises
    ------
    MistypedError
        If the column holds numbers, dates or naive timestamps.
    """
    kind = column.type
    if is_text(kind):
        plain = None if pa.types.is_dictionary(kind) else _plain_utc(column)
        if plain is None:
            values, faults = _from_text(column, _ISO_UTC, _INSTANT_LOOKS)
        else:
            values, faults = plain, []
    elif pa.types.is_timestamp(kind) and kind.tz is not None:
        values, faults = _from_storage(column.cast(pa.timestamp(kind.unit, "UTC")))
    else:
        naive = pa.types.is_timestamp(kind)
        what = "instants without a time zone" if naive else str(kind)
        raise MistypedError(f"holds {what}, not instants in UTC")
    faults += _empty(values, faults)
    late = values > latest.to_datetime64()
    faults += _where(late, "epoch_unit", f"lies after {latest:%Y-%m-%d}", _CHECK_UNIT)
    return pd.DatetimeIndex(values).tz_localize("UTC"), faults


def _from_text(
    column: pa.ChunkedArray, pattern: str, looks: tuple[Look, ...]
) -> tuple[Times, list[Fault]]:
    """Times of the cells of one strict pattern; each distinct text is parsed once."""
    codes, uniques = encoded(column)
    plain = pd.Series(uniques, dtype=object).where(matches(uniques, pattern))
    parsed = pd.to_datetime(plain, format="ISO8601", utc=True, errors="coerce")
    times = parsed.dt.tz_localize(None).to_numpy("datetime64[ns]")
    times = np.where((times < FIRST) | (times > LAST), np.datetime64("NaT", "ns"), times)
    values = np.append(times, np.datetime64("NaT", "ns"))[codes]
    return values, faults_by_look(codes, uniques, np.isnat(times), looks)


def _plain_utc(column: pa.ChunkedArray) -> Times | None:
    """Times of a column of nothing but plain UTC instants; None where a cell is anything else."""
    plain = pc.match_substring_regex(column, _PLAIN_UTC)
    if plain.null_count or not pc.all(plain).as_py():
        return None
    try:
        times = column.cast(pa.timestamp("ns", "UTC")).to_numpy()
    except pa.ArrowInvalid:  # a date such as the 30th of February
        return None
    years = (times >= FIRST) & (times <= LAST)
    return times.astype("datetime64[ns]") if years.all() else None


def _from_storage(column: pa.ChunkedArray) -> tuple[Times, list[Fault]]:
    """Stored times as datetime64[ns]; a year that would not fit is a fault, not a wrap."""
    stored = column.to_numpy()
    wild = (stored < FIRST) | (stored > LAST)
    times = np.where(wild, np.datetime64("NaT"), stored).astype("datetime64[ns]")
    found = "lies outside the years 1900 to 2200"
    return times, _where(wild, "epoch_unit", found, _CHECK_UNIT)


def _empty(values: Times, faults: list[Fault]) -> list[Fault]:
    """The fault of the cells that hold no time for no other reason."""
    empty = np.isnat(values)
    for fault in faults:
        empty[fault.rows] = False
    return empty_cells(empty)


def _where(wrong: NDArray[np.bool_], rule: str, found: str, remedy: str) -> list[Fault]:
    """The fault of the cells that are wrong, if any."""
    rows = np.flatnonzero(wrong)
    return [Fault(rule, rows, found, remedy)] if rows.size else []
