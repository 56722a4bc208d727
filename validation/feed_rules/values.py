"""Values: finite, of the sign the kind of move allows, and alive."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.findings import Answer
from validation.feed_rules.feed import Feed
from validation.feed_rules.rules import Breach, Rule, dated, several

LARGEST = 1e100
"""Squares of larger values overflow once they are summed."""
FLAT_RUN = 10
"""Sessions without any change before a series can be called flat."""
NEIGHBOURHOOD = 250
"""Observations before a run that say how the series ordinarily moves."""
BY_CHANCE = 1e-5
"""Probability below which a flat run, somewhere in the series, is no coincidence."""
PINNED = 0.0005
"""Ordinary move, as a share of the value, below which a peg or a floor holds the series."""

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


def not_finite(
    name: str, dates: pd.DatetimeIndex, values: Float[np.ndarray, " observation"]
) -> Iterator[Breach]:
    """Values no sum may meet: infinite, or so large that their squares are."""
    wrong = np.abs(values) > LARGEST
    if wrong.any():
        shown = dated(dates[wrong], values[wrong])
        found = (
            f"has {several(int(wrong.sum()), 'value')} infinite or as good as, first {shown[0]}."
        )
        yield Breach(NOT_FINITE, name, int(wrong.sum()), shown, found)


def flat(
    name: str, dates: pd.DatetimeIndex, values: Float[np.ndarray, " observation"]
) -> Iterator[Breach]:
    """A series that stands still.

    A run counts from ``FLAT_RUN`` equal observations on, where neither chance nor a peg explains
    it. Chance: in a series that repeated itself with share p before (a bill fund at zero rates),
    n observations hold k repeats in a row with probability about ``n p^k``. A peg: it hardly moved
    before (the koruna at its floor in 2017).
    """
    if len(values) >= FLAT_RUN and (values == values[0]).all():
        found = f"is {values[0]:.6g} on all of its {len(values)} dates."
        yield Breach(CONSTANT, name, len(values), dated(dates, values), found)
        return
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    ends = np.append(starts[1:], len(values))
    long = ends - starts >= FLAT_RUN
    still = [
        (start, end)
        for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True)
        if _stands_still(values, start, end)
    ]
    if still:
        cells = np.concatenate([np.arange(start + 1, end) for start, end in still])
        longest, first = max(end - start for start, end in still), dates[still[0][0]]
        found = f"stands still for up to {longest} sessions in a row, first from {first:%Y-%m-%d}."
        shown = dated(dates[cells], values[cells])
        yield Breach(FLAT, name, len(cells), shown, found, cells=dates[cells])


def _stands_still(values: Float[np.ndarray, " observation"], start: int, end: int) -> bool:
    """Whether a run of equal values is more than chance, or a peg, explains."""
    before = np.diff(values[max(start - NEIGHBOURHOOD, 0) : start + 1])
    moved = np.abs(before[before != 0])
    if not len(moved):
        return True
    if np.median(moved) < PINNED * abs(values[start]):
        return False
    repeats = 1 - len(moved) / len(before)
    if repeats == 0:
        return True
    return end - start >= 1 + math.log(BY_CHANCE / len(values)) / math.log(repeats)
