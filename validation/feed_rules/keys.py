"""Keys: one row a date and series, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.findings import Answer
from validation.feed_rules.rules import Breach, Rule, first_five, several

REPEATED = Rule(
    "repeated_rows",
    Answer.WARN,
    "no date of a series is given twice with the same value",
    "Repeated rows were read once; remove them at the source.",
)
CONFLICTING = Rule(
    "conflicting_rows",
    Answer.QUARANTINE,
    "no date of a series is given twice with different values",
    "Keep the right row of each date; until then neither is used.",
)
UNSORTED = Rule(
    "unsorted",
    Answer.WARN,
    "the dates of a series ascend",
    "The rows were sorted; sort them at the source.",
)
UNLISTED = Rule(
    "unlisted",
    Answer.REJECT,
    "every series is described in instruments",
    "Describe it in instruments (asset_class, currency, kind, move), or remove its rows.",
    excludes=True,
)
KEY_RULES = (REPEATED, CONFLICTING, UNSORTED)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A table with one row a key, and what had to be done to make it so.

    Attributes
    ----------
    rows : DataFrame
        Sorted by series and date; the value is NaN where rows of one key contradict each other.
    breaches : tuple of Breach
    """

    rows: pd.DataFrame
    breaches: tuple[Breach, ...]


def key(frame: pd.DataFrame, *, series: str, value: str, of: tuple[str, ...] = ()) -> Keyed:
    """One row for each date of each series.

    Parameters
    ----------
    frame : DataFrame
        Columns ``date``, ``series`` (categorical), ``value`` and ``row``, in file order.
    series, value : str
        Names of the column of the series and of the column that carries the observation.
    of : tuple of str
        Further columns of the key: a value that was published anew is another observation.

    Returns
    -------
    Keyed
    """
    names = frame[series].cat.categories
    codes = frame[series].cat.codes.to_numpy()
    dates = frame["date"].to_numpy()
    breaches = list(_unsorted(frame, codes, dates, names))
    others = [pd.factorize(frame[name], sort=True)[0] for name in reversed(of)]
    order = np.lexsort((*others, dates, codes))
    same = np.ones(len(order), dtype=bool)
    for column in (codes, dates, *others):
        same[1:] &= column[order][1:] == column[order][:-1]
    same[:1] = False
    rows = frame.iloc[order].reset_index(drop=True)
    if same.any():
        shared = same | np.append(same[1:], False)
        group = np.cumsum(~same)[shared]
        again = rows.loc[shared, [series, "date", value]].assign(group=group)
        numbers = again.groupby("group")[value]
        conflict = numbers.transform("nunique").gt(1) | (
            numbers.transform("count").ne(numbers.transform("size"))
            & numbers.transform("count").gt(0)
        )
        rows.loc[conflict.index[conflict], value] = np.nan
        breaches += _duplicates(again, conflict, series, value)
        rows = rows[~same].reset_index(drop=True)
    return Keyed(rows=rows, breaches=tuple(breaches))


def unlisted(names: Iterable[str], known: Iterable[str]) -> Iterator[Breach]:
    """Series of prices that instruments does not describe."""
    for name in sorted(set(names) - set(known)):
        found = "has prices but no row in instruments, so that its kind of move is unknown."
        yield Breach(UNLISTED, name, 1, (name,), found)


def _unsorted(
    frame: pd.DataFrame, codes: np.ndarray, dates: np.ndarray, names: pd.Index
) -> Iterator[Breach]:
    order = np.argsort(codes, kind="stable")
    back = (codes[order][1:] == codes[order][:-1]) & (dates[order][1:] < dates[order][:-1])
    late = np.sort(order[1:][back])
    for code in np.unique(codes[late]):
        mine = late[codes[late] == code]
        rows = [f"row {frame['row'].iloc[at]}" for at in mine[:5]]
        found = f"has {several(len(mine), 'row')} dated before the row above, first {rows[0]}."
        yield Breach(UNSORTED, str(names[code]), len(mine), tuple(rows), found)


def _duplicates(
    again: pd.DataFrame, conflict: pd.Series, series: str, value: str
) -> Iterator[Breach]:
    for rule, rows in ((CONFLICTING, again[conflict]), (REPEATED, again[~conflict])):
        for name, mine in rows.groupby(series, observed=True):
            dates = pd.DatetimeIndex(mine["date"].unique())
            how = "different values" if rule is CONFLICTING else "the same value"
            count = several(len(dates), "date")
            found = f"has {count} given more than once with {how}, first {dates[0]:%Y-%m-%d}."
            shown = first_five(
                f"{date:%Y-%m-%d}: " + ", ".join(f"{number:.6g}" for number in numbers)
                for date, numbers in mine.groupby("date")[value]
            )
            cells = dates if rule is CONFLICTING else pd.DatetimeIndex([])
            yield Breach(rule, str(name), len(dates), shown, found, cells=cells)
