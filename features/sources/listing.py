"""What the words of the ``instruments`` and release tables must mean, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from features.findings import Answer
from features.instruments import Kind, Move
from features.sources.parsing import Fault

MAX_LAG = 250
"""Sessions; a close that becomes known more than a year later is no input to a risk number."""
_CLOCK = r"^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$"
_VINTAGES = ("first", "revised", "")


def listing_faults(frame: pd.DataFrame) -> Iterator[tuple[str, Fault]]:
    """Faults of the ``instruments`` table, with the column each is found in.

    An unknown calendar is no fault: the sessions then come from the group that shares it.
    """
    yield from _outside(frame, "kind", get_args(Kind))
    yield from _outside(frame, "move", get_args(Move))
    yield from _clock(frame)
    if "lag_sessions" in frame:
        lag = frame["lag_sessions"].fillna(0.0).to_numpy(dtype=np.float64)
        allowed = (lag >= 0) & (lag <= MAX_LAG) & (lag == np.floor(lag))
        found, remedy = f"is not a whole number from 0 to {MAX_LAG}", "Count sessions."
        yield from _where(~allowed, "lag_sessions", "bad_lag", found, remedy)
    if {"listed_from", "listed_to"} <= set(frame.columns):
        reversed_life = frame["listed_from"] > frame["listed_to"]
        found, remedy = "lies before listed_from", "Swap the two dates, or correct one."
        yield from _where(reversed_life, "listed_to", "reversed_life", found, remedy)
    yield from _duplicates(frame)
    yield from _moves(frame)


def release_faults(frame: pd.DataFrame) -> Iterator[tuple[str, Fault]]:
    """Faults of a ``macro`` or ``news`` table beyond those of its cells."""
    if "vintage" in frame:
        yield from _outside(frame, "vintage", _VINTAGES)


def _clock(frame: pd.DataFrame) -> Iterator[tuple[str, Fault]]:
    if "close_time" in frame:
        text = frame["close_time"].astype(str)
        wrong = (text != "") & ~text.str.fullmatch(_CLOCK)
        found = "is not a clock time from 00:00 to 24:00"
        yield from _where(wrong, "close_time", "bad_close_time", found, "Write it as 16:00.")
    if "timezone" in frame:
        wrong = [not _is_zone(str(name)) for name in frame["timezone"]]
        remedy = "Use an IANA name such as America/New_York."
        yield from _where(wrong, "timezone", "unknown_timezone", "is not a time zone", remedy)


def _is_zone(name: str) -> bool:
    try:
        return not name or bool(ZoneInfo(name).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, "Europe"
        return False


def _duplicates(frame: pd.DataFrame) -> Iterator[tuple[str, Fault]]:
    """Rows of one name: the same row twice is a slip, two different ones contradict each other."""
    words = [name for name in frame.columns if name != "row"]
    distinct = frame.drop_duplicates(words)["instrument"]
    contradicting = frame["instrument"].isin(list(distinct[distinct.duplicated()]))
    yield from _where(
        contradicting,
        "instrument",
        "duplicate_instrument",
        "is described by rows that differ",
        "Keep one of them.",
    )
    yield from _where(
        frame.duplicated(words) & ~contradicting,
        "instrument",
        "repeated_instrument",
        "is described twice in the same words",
        "Keep one row; it was read once.",
        Answer.WARN,
    )


def _moves(frame: pd.DataFrame) -> Iterator[tuple[str, Fault]]:
    by_level = frame["kind"].isin(["rate", "spread"]) & (frame["move"] == "log")
    found = "is log, but a rate or spread moves by differences and may turn negative"
    remedy = "Set move to diff."
    yield from _where(by_level, "move", "log_move_of_rate", found, remedy, Answer.WARN)
    by_difference = (frame["kind"] == "fx") & (frame["move"] == "diff")
    found = "is diff, so that no book may hold this exchange rate"
    remedy = "Set move to log."
    yield from _where(by_difference, "move", "diff_move_of_fx", found, remedy, Answer.WARN)


def _outside(
    frame: pd.DataFrame, column: str, allowed: tuple[str, ...]
) -> Iterator[tuple[str, Fault]]:
    words = ", ".join(word for word in allowed if word)
    wrong = ~frame[column].isin([*allowed, ""])  # an empty required cell is reported as that
    found, remedy = "is not a known word", f"Use one of {words}."
    yield from _where(wrong, column, f"unknown_{column}", found, remedy)


def _where(
    wrong: ArrayLike,
    column: str,
    rule: str,
    found: str,
    remedy: str,
    answer: Answer = Answer.REJECT,
) -> Iterator[tuple[str, Fault]]:
    rows = np.flatnonzero(np.asarray(wrong, dtype=np.bool_))
    if rows.size:
        yield column, Fault(rule, rows, found, remedy, answer)
