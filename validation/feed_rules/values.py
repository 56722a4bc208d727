"""Values: finite, of the sign the kind of move allows, and alive."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from features.findings import Answer
from validation.feed_rules.feed import Feed
from validation.feed_rules.rules import Breach, Rule, dated, several

LARGEST = 1e100
"""Squares of larger values overflow once they are summed."""
FLAT_RUN = 10
"""Sessions without any change before a series can be called flat."""
NEIGHBOURHOOD = 250
"""Observations on either side of a run that say how often the series repeats itself."""
BY_CHANCE = 1e-3
"""Probability below which a flat run, somewhere in the series, is no coincidence."""

NOT_FINITE = Rule(
    "not_finite",
    Answer.REJECT,
    "every close is a finite number",
    "Correct the source, or leave the cell empty where the value is missing.",
    excludes=True,
)
NOT_POSITIVE = Rule(
    "not_positive",
    Answer.REJECT,
    "a series with logarithmic moves stays above zero",
    "Correct the closes; a price that may turn negative needs move diff.",
    excludes=True,
)
NEGATIVE_PRICE = Rule(
    "negative_price",
    Answer.WARN,
    "a price that moves by differences may turn negative, and that is said",
    "Accepted, since its move is a difference.",
)
NEGATIVE_VOLATILITY = Rule(
    "negative_volatility",
    Answer.QUARANTINE,
    "a volatility stays above zero",
    "These values are not used; correct them at the source.",
)
CONSTANT = Rule(
    "constant",
    Answer.QUARANTINE,
    "a series is not one value throughout",
    "Left out; replace the frozen series.",
    excludes=True,
)
FLAT = Rule(
    "flat_line",
    Answer.QUARANTINE,
    "a series does not stand still for longer than chance allows",
    "The repeated closes are not used; deliver the true ones.",
)
VALUE_RULES = (NOT_FINITE, NOT_POSITIVE, NEGATIVE_PRICE, NEGATIVE_VOLATILITY, CONSTANT, FLAT)


def signs(feed: Feed) -> Iterator[Breach]:
    """Closes at or below zero, by the kind of move and of series."""
    instrument = feed.instrument
    below = feed.closes <= 0
    if not below.any() or instrument.kind in ("rate", "spread"):
        return  # a negative rate is a rate like any other
    dates, count = feed.dates[below], int(below.sum())
    shown = dated(dates, feed.closes[below])
    where = f"{several(count, 'close')} at or below zero, first {shown[0]}"
    if "volatility" in instrument.asset_class.lower():
        yield Breach(NEGATIVE_VOLATILITY, feed.name, count, shown, f"has {where}.", cells=dates)
    elif instrument.move == "log":
        found = f"has {where}, which a logarithmic move cannot reach."
        yield Breach(NOT_POSITIVE, feed.name, count, shown, found)
    else:
        yield Breach(NEGATIVE_PRICE, feed.name, count, shown, f"has {where}.")


def not_finite(name: str, dates: pd.DatetimeIndex, values: np.ndarray) -> Iterator[Breach]:
    """Values no sum may meet: infinite, or so large that their squares are."""
    wrong = np.abs(values) > LARGEST
    if wrong.any():
        shown = dated(dates[wrong], values[wrong])
        found = (
            f"has {several(int(wrong.sum()), 'value')} infinite or as good as, first {shown[0]}."
        )
        yield Breach(NOT_FINITE, name, int(wrong.sum()), shown, found)


def flat(name: str, dates: pd.DatetimeIndex, values: np.ndarray) -> Iterator[Breach]:
    """A series that stands still.

    A run counts from ``FLAT_RUN`` equal observations on, where it is longer than chance allows in
    a series that repeats itself as often as this one does around it (a bill fund at zero rates):
    with a share p of repeats, n observations hold k in a row with probability about ``n p^k``.
    """
    if len(values) >= FLAT_RUN and (values == values[0]).all():
        found = f"is {values[0]:.6g} on all of its {len(values)} dates."
        yield Breach(CONSTANT, name, len(values), dated(dates, values), found)
        return
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    ends = np.append(starts[1:], len(values))
    still = ends - starts >= FLAT_RUN
    long = [
        (start, end)
        for start, end in zip(starts[still].tolist(), ends[still].tolist(), strict=True)
        if end - start >= _longest_by_chance(values, start, end)
    ]
    if long:
        cells = np.concatenate([np.arange(start + 1, end) for start, end in long])
        longest, first = max(end - start for start, end in long), dates[long[0][0]]
        found = f"stands still for up to {longest} sessions in a row, first from {first:%Y-%m-%d}."
        shown = dated(dates[cells], values[cells])
        yield Breach(FLAT, name, len(cells), shown, found, cells=dates[cells])


def _longest_by_chance(values: np.ndarray, start: int, end: int) -> float:
    """Length beyond which chance is out for a run, given how often values repeat around it."""
    before, after = (
        values[max(start - NEIGHBOURHOOD, 0) : start + 1],
        values[end : end + NEIGHBOURHOOD],
    )
    repeats = [np.diff(part) == 0 for part in (before, after)]
    share = float(np.concatenate(repeats).mean()) if sum(map(len, repeats)) else 0.0
    if share <= 0:
        return 0.0
    return 1 + math.log(BY_CHANCE / len(values)) / math.log(min(share, 0.99))
