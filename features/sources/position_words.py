"""What the words of a book of quantities must mean, and which cells each kind of position needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.findings import Answer
from features.positions import DAY_COUNTS, FREQUENCIES, RELEVANT, REQUIRED, WORDS
from features.sources.parsing import Fault

_EVERY = ("instrument", "quantity", "type", "currency", "row")


def position_faults(frame: pd.DataFrame) -> Iterator[tuple[str, Fault]]:
    """Faults of a book of quantities beyond those of its cells, with the column of each.

    Whether an instrument is known, alive and priced is the gate's to judge; here it is only
    whether the row says what its type needs, in words that have one meaning.
    """
    filled = {name: _filled(frame[name]) for name in frame.columns}
    kind = frame["type"].astype(str).to_numpy()
    for column, words in {**WORDS, "type": tuple(REQUIRED), "day_count": DAY_COUNTS}.items():
        if column in frame:
            wrong = ~frame[column].isin([*words, ""]).to_numpy()
            remedy = f"Use one of {', '.join(words)}."
            yield from _where(wrong, column, f"unknown_{column}", "is not a known word", remedy)
    if "frequency" in frame:
        wrong = filled["frequency"] & ~frame["frequency"].isin(FREQUENCIES).to_numpy()
        remedy = f"Give payments a year: {', '.join(str(each) for each in FREQUENCIES)}."
        yield from _where(wrong, "frequency", "bad_frequency", "is no such number", remedy)
    for name, needed in REQUIRED.items():
        of_type = kind == name
        for column in needed:
            empty = of_type & ~filled.get(column, np.zeros(len(frame), dtype=np.bool_))
            where = column if column in frame else "type"
            absent = f"is {name}, and there is no column {column}"
            found = f"is empty, and type {name} needs it" if column in frame else absent
            remedy = f"Fill in {column}; a {name} needs {', '.join(needed)}."
            yield from _where(empty, where, "missing_term", found, remedy)
        found, remedy = f"means nothing for a {name}", "Nothing to do if the type is right."
        used = (*_EVERY, *needed, *RELEVANT[name])
        for column, cells in filled.items():
            if column not in used:
                spare = of_type & cells
                yield from _where(spare, column, "irrelevant_term", found, remedy, Answer.WARN)


def _filled(column: pd.Series[Any]) -> NDArray[np.bool_]:
    return (column.notna() & (column.astype(object) != "")).to_numpy(dtype=np.bool_)


def _where(
    wrong: NDArray[np.bool_],
    column: str,
    rule: str,
    found: str,
    remedy: str,
    answer: Answer = Answer.REJECT,
) -> Iterator[tuple[str, Fault]]:
    rows = np.flatnonzero(wrong)
    if rows.size:
        yield column, Fault(rule, rows, found, remedy, answer)
