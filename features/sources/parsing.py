"""Cells to numbers and texts: strictly, in whole columns, and never by guessing.

Every function takes one column and answers the values together with the cells it refused. A
refused cell costs its series; a column of the wrong type (``MistypedError``) costs the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.findings import Answer

LARGEST = 1e100
"""Beyond it a square, summed over a table, overflows: 1e308 is as useless as infinity."""

# (rule, how such a cell looks, what it is, remedy); of several looks the first match wins.
Look = tuple[str, str, str, str]

_NUMBER = r"^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?i:nan|inf|infinity))$"
_NUMBER_LOOKS: tuple[Look, ...] = (
    ("parentheses", r"^\(.*\)$", "is in parentheses", "Write negative numbers with a minus sign."),
    ("percent_sign", r"%", "has a percent sign", "Write the plain number, without its unit."),
    (
        "decimal_comma_or_thousands",
        r"\d[,'_\s\x{a0}\x{202f}]\d",
        "has a decimal comma or a thousands separator",
        "Write 1234.5: a point for decimals and nothing between thousands.",
    ),
    (
        "not_a_number",
        r"",
        "is not a number",
        "Write a plain decimal number, or leave the cell empty where the value is missing.",
    ),
)


class MistypedError(ValueError):
    """A column whose type alone says that it cannot be what the table needs."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Cells of one column that break one rule.

    Attributes
    ----------
    rule : str
        Stable short name.
    rows : array of int
        Positions from 0.
    found : str
        What is wrong with such a cell: the words after the column's name.
    remedy : str
    answer : Answer
        What the series gets for it.
    """

    rule: str
    rows: NDArray[np.intp]
    found: str
    remedy: str
    answer: Answer = Answer.REJECT


def texts(column: pa.ChunkedArray, *, required: bool) -> tuple[pd.Categorical, list[Fault]]:
    """Text exactly as it stands: ``NA``, ``TRUE``, ``1E5`` and ``NULL`` are names like others.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of shape (row,)
    required : bool
        Whether an empty cell is a fault; otherwise it is the empty text.

    Returns
    -------
    tuple of Categorical of shape (row,) and list of Fault

    Raises
    ------
    MistypedError
        If the column does not hold text.
    """
    if pa.types.is_null(column.type):
        column = pc.cast(column, pa.string())
    if not is_text(column.type):
        raise MistypedError(f"holds {column.type}, not text")
    codes, uniques = encoded(column)
    categories, order = np.unique(np.append(uniques, ""), return_inverse=True)
    values = pd.Categorical.from_codes(order[codes], categories=categories)
    return values, empty_cells(column) if required else []


def numbers(column: pa.ChunkedArray) -> tuple[NDArray[np.float64], list[Fault]]:
    """Numbers in plain decimal or exponent notation; an empty cell or ``NaN`` is missing.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of shape (row,)
        Text or any numeric type.

    Returns
    -------
    tuple of array of shape (row,) and list of Fault
        Missing and refused cells are NaN.

    Raises
    ------
    MistypedError
        If the column holds neither text nor numbers.
    """
    kind = column.type
    faults: list[Fault] = []
    if is_text(kind):
        column, faults = _decimal(pc.cast(column, pa.string()))
    elif not _is_numeric(kind):
        raise MistypedError(f"holds {kind}, not numbers")
    values = np.array(pc.cast(column, pa.float64(), safe=False).to_numpy())
    huge = np.flatnonzero(np.abs(values) > LARGEST)
    if huge.size:
        values[huge] = np.nan
        found = "is infinite or as good as infinite"
        remedy = "Correct the source, or leave the cell empty where the value is missing."
        faults.append(Fault("not_finite", huge, found, remedy))
    return values, faults


def is_text(kind: pa.DataType) -> bool:
    """Whether a column type is text, dictionary-encoded or not."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(value) or pa.types.is_large_string(value)


def encoded(column: pa.ChunkedArray) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Codes into the distinct texts of a column; an empty cell has code -1."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if not len(column):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=object)
    whole = pa.concat_arrays(column.unify_dictionaries().chunks)
    codes = whole.indices.fill_null(-1).to_numpy().astype(np.intp)
    return codes, np.array(whole.dictionary.to_pylist(), dtype=object)


def matches(uniques: NDArray[np.object_], pattern: str) -> NDArray[np.bool_]:
    """Which texts match a regular expression (RE2 syntax) somewhere."""
    found = pc.match_substring_regex(pa.array(uniques, pa.string()), pattern)
    return found.to_numpy(zero_copy_only=False).astype(np.bool_)


def faults_by_look(
    codes: NDArray[np.intp],
    uniques: NDArray[np.object_],
    wrong: NDArray[np.bool_],
    looks: tuple[Look, ...],
) -> list[Fault]:
    """Faults of the cells whose distinct text is wrong, named by how that text looks."""
    faults: list[Fault] = []
    left = wrong.copy()
    for rule, pattern, found, remedy in looks:
        these = left & matches(uniques, pattern)
        if these.any():
            rows = np.flatnonzero(np.append(these, False)[codes])
            faults.append(Fault(rule, rows, found, remedy))
            left &= ~these
    return faults


def empty_cells(column: pa.ChunkedArray) -> list[Fault]:
    """The fault of the cells that hold nothing, if there are any."""
    empty = column.is_null().to_numpy()
    if is_text(column.type):
        empty |= pc.equal(pc.cast(column, pa.string()), "").fill_null(True).to_numpy()
    rows = np.flatnonzero(empty)
    remedy = "Fill it in, or leave the row out."
    return [Fault("empty_cell", rows, "is empty", remedy)] if rows.size else []


def _is_numeric(kind: pa.DataType) -> bool:
    types = pa.types
    return any(
        is_(kind) for is_ in (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
    )


def _decimal(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[Fault]]:
    """Text to float64; the regular expressions run only where the plain cast fails."""
    try:
        return pc.cast(column, pa.float64()), []
    except pa.ArrowInvalid:
        trimmed = pc.utf8_trim_whitespace(column)
        codes, uniques = encoded(trimmed)
        wrong = ~matches(uniques, _NUMBER)
        kept = pc.if_else(pc.match_substring_regex(trimmed, _NUMBER), trimmed, None)
        return pc.cast(kept, pa.float64()), faults_by_look(codes, uniques, wrong, _NUMBER_LOOKS)
