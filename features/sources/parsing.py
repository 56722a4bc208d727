"""Cells to numbers and texts: strictly, in whole columns, and never by guessing.

Every function takes one column and answers the values together with the cells it refused. A
refused cell costs its series; a column of the wrong type (``MistypedError``) costs the table.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.findings import Answer

LARGEST = 1e100
"""Beyond it a square, summed over a table, overflows: 1e308 is as useless as infinity."""

# (rule, how such a cell looks, what it is, remedy); of several looks the first match wins.
Look = tuple[str, str, str, str]

_NUMBER = r"^\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?i:nan|inf|infinity))\s*\Z"
_NUMBER_LOOKS: tuple[Look, ...] = (
    (
        "parentheses",
        r"^\s*\(.*\)\s*$",
        "is in parentheses",
        "Write negative numbers with a minus sign.",
    ),
    ("percent_sign", r"%", "has a percent sign", "Write the plain number, without its unit."),
    (
        "decimal_comma_or_thousands",
        r"\d[,'’_\s\xa0\u202f]\d",
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
        column = column.cast(pa.string())
    if not is_text(column.type):
        raise MistypedError(f"holds {column.type}, not text")
    codes, uniques = encoded(column)
    categories, order = np.unique(np.append(uniques, ""), return_inverse=True)
    values = pd.Categorical.from_codes(order[codes], categories=categories)
    return values, empty_cells(codes < 0) if required else []


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
    faults: list[Fault] = []
    if is_text(column.type):
        values, faults = _numbers_from_text(column)
    elif _is_numeric(column.type):
        values = np.array(column.cast(pa.float64(), safe=False).to_numpy())
    else:
        raise MistypedError(f"holds {column.type}, not numbers")
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
    if not len(column):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=object)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = pa.concat_arrays(column.unify_dictionaries().chunks)
    codes = whole.indices.fill_null(-1).to_numpy().astype(np.intp)
    uniques = np.array(whole.dictionary.to_pylist(), dtype=object)
    empty = np.flatnonzero(uniques == "")
    return np.where(np.isin(codes, empty), -1, codes) if empty.size else codes, uniques


def matches(uniques: NDArray[np.object_], pattern: str) -> NDArray[np.bool_]:
    """Which texts have a match of a regular expression somewhere."""
    find = re.compile(pattern, re.ASCII | re.DOTALL).search
    return np.fromiter((find(text) is not None for text in uniques), np.bool_, len(uniques))


def faults_by_look(
    codes: NDArray[np.intp],
    uniques: NDArray[np.object_],
    wrong: NDArray[np.bool_],
    looks: tuple[Look, ...],
) -> list[Fault]:
    """Faults of the cells whose distinct text is wrong, named by how that text looks."""
    faults: list[Fault] = []
    left = wrong & (uniques != "")
    for rule, pattern, found, remedy in looks:
        these = left.copy()
        these[left] = matches(uniques[left], pattern)
        if these.any():
            rows = np.flatnonzero(np.append(these, False)[codes])
            faults.append(Fault(rule, rows, found, remedy))
            left &= ~these
    return faults


def empty_cells(empty: NDArray[np.bool_]) -> list[Fault]:
    """The fault of the cells that hold nothing, if there are any."""
    rows = np.flatnonzero(empty)
    remedy = "Fill it in, or leave the row out."
    return [Fault("empty_cell", rows, "is empty", remedy)] if rows.size else []


def _is_numeric(kind: pa.DataType) -> bool:
    types = pa.types
    numeric = (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
    return any(is_of(kind) for is_of in numeric)


def _numbers_from_text(column: pa.ChunkedArray) -> tuple[NDArray[np.float64], list[Fault]]:
    """Text to float64; cells are looked at one distinct text at a time only if the cast fails."""
    if not pa.types.is_dictionary(column.type):
        with contextlib.suppress(pa.ArrowInvalid):
            return np.array(column.cast(pa.float64()).to_numpy()), []
    codes, uniques = encoded(column)
    plain = matches(uniques, _NUMBER)
    parsed = np.full(len(uniques) + 1, np.nan)  # the last one is for code -1
    parsed[:-1][plain] = [float(text) for text in uniques[plain]]
    return parsed[codes], faults_by_look(codes, uniques, ~plain, _NUMBER_LOOKS)
