"""What the words of the event tables must mean, row by row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from features.sources.event_tables import ORDER_KINDS, SIDES
from features.sources.parsing import Fault


def order_faults(frame: pd.DataFrame) -> Iterator[tuple[str, Fault]]:
    """Sides and kinds of ``orders`` that are no known word, with the column each is found in."""
    for column, words in (("side", SIDES), ("kind", ORDER_KINDS)):
        if column in frame:
            rows = np.flatnonzero(~frame[column].isin(words))
            known = ", ".join(word for word in words if word)
            if rows.size:
                remedy = f"Use one of {known}, or leave it empty."
                yield column, Fault(f"unknown_{column}", rows, "is not a known word", remedy)


def headline_faults(frame: pd.DataFrame) -> Iterator[tuple[str, Fault]]:
    """Labels of ``headlines`` outside -1 (bad) to 1 (good)."""
    if "label" in frame:
        rows = np.flatnonzero(frame["label"].abs() > 1.0)
        if rows.size:
            remedy = "Scale labels from -1 (bad) to 1 (good), and leave unlabelled cells empty."
            yield "label", Fault("bad_label", rows, "lies outside -1 to 1", remedy)
