"""Jumps: prints that revert, splits, changes of unit, and crashes, which are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from features.findings import Answer
from validation.feed_rules.feed import Feed
from validation.feed_rules.rules import Breach, Rule, first_five, several

EXTREME = 20.0
"""Ordinary moves in one move that is said aloud."""
SPIKE = 15.0
"""Ordinary moves in a print that is held back where it reverts; below ``EXTREME``, because the
size of an ordinary move is itself uncertain by several percent."""
LEFT_OVER = 0.25
"""Share of a print that may remain after the next session for it to count as reverted."""
SHARED = 5.0
"""Ordinary moves that other series must make on the same date to corroborate one."""
SHARED_BY = 0.1
"""Share of the other series that must do so (at least two of them)."""

SPLITS = (2, 3, 4, 5, 7, 8, 10, 20)
UNITS = (100, 1000, 10000)
NEAR, NEAR_WITH_TURNOVER = 0.03, 0.10
"""Distance in log price from a factor that still is near; wider where turnover can confirm it."""
BUSY = 3.0
"""Turnover over its median of the sessions before, from which a jump is news and no split."""
NEAR_UNIT = 0.3
"""Distance in log price from a change of unit: ordinary moves are small beside a factor of 100."""

SPIKES = Rule(
    "reverting_print",
    Answer.QUARANTINE,
    f"no move of {SPIKE:.0f} times the ordinary one reverts at the next session",
    "Held back until a second source agrees; correct the print if it is wrong.",
)
SPLIT = Rule(
    "split",
    Answer.QUARANTINE,
    "no close jumps by a factor that looks like a split",
    "Adjust the earlier closes if it is a split; the move into that date is not used.",
)
UNIT = Rule(
    "unit",
    Answer.REJECT,
    "no close jumps by a factor of 100 or more, as a change of unit does",
    "Bring the whole series into one unit.",
    excludes=True,
)
CRASH = Rule(
    "extreme_move",
    Answer.WARN,
    f"moves beyond {EXTREME:.0f} times the ordinary one are named",
    "Kept: a crash looks like this. Check it against a second source.",
)
JUMP_RULES = (SPIKES, SPLIT, UNIT, CRASH)


class Crowd:
    """How many series made an unusual move on each date: what tells a crash from a bad print."""

    def __init__(self, feeds: Mapping[str, Feed]) -> None:
        self._feeds = feeds

    @cached_property
    def _moved(self) -> pd.Series:
        dates = [feed.dates[np.abs(feed.scores) >= SHARED] for feed in self._feeds.values()]
        return pd.Series(np.concatenate([np.asarray(each) for each in dates])).value_counts()

    @cached_property
    def _alive(self) -> pd.Series:
        dates = [feed.dates[np.isfinite(feed.scores)] for feed in self._feeds.values()]
        return pd.Series(np.concatenate([np.asarray(each) for each in dates])).value_counts()

    def corroborates(self, dates: pd.DatetimeIndex) -> Bool[np.ndarray, " date"]:
        """Whether enough other series moved unusually on a date on which one of them did."""
        others = self._moved.reindex(dates, fill_value=0).to_numpy() - 1
        alive = self._alive.reindex(dates, fill_value=0).to_numpy() - 1
        return others >= np.maximum(2, SHARED_BY * alive)


def jumps(feed: Feed, crowd: Crowd) -> Iterator[Breach]:
    """Every unusual move of a feed, each named once.

    A print that reverts is told from a crash by what follows it and by what the others did:
    it is held back where the next session takes back three quarters of the move while the
    other series stood still. Where it is the last session there is, nothing follows yet and it
    is kept. A price that moves by differences and is at or below zero is exempt: ordinary moves
    measured on positive prices say nothing about it.
    """
    if len(feed.closes) < 2:
        return
    spikes = _reverting(feed, crowd)
    after = np.append(False, spikes[:-1])
    loose = ~spikes & ~after  # moves that no print explains
    factor = _factors(feed)
    units = _near(factor, UNITS, NEAR_UNIT) & (np.abs(feed.scores) >= SPIKE)
    yield from _units(feed, units)
    spikes &= ~units
    yield from _spikes(feed, spikes)
    split = loose & ~units & _split_like(feed, factor)
    yield from _splits(feed, split, factor)
    yield from _crashes(feed, loose & ~units & ~split & (np.abs(feed.scores) >= EXTREME))


def _reverting(feed: Feed, crowd: Crowd) -> Bool[np.ndarray, " observation"]:
    moves, following = feed.moves, np.append(feed.moves[1:], np.nan)
    spikes = (np.abs(feed.scores) >= SPIKE) & (
        np.abs(moves + following) <= LEFT_OVER * np.abs(moves)
    )
    spikes &= feed.closes > 0 if feed.instrument.kind == "price" else True
    if spikes.any():
        at = np.flatnonzero(spikes)
        spikes[at] = ~crowd.corroborates(feed.dates[at])
    return spikes


def _factors(feed: Feed) -> Float[np.ndarray, " observation"]:
    """Logarithm of each close over the one before, whatever the kind of move; NaN across zero."""
    closes = np.where(feed.closes > 0, feed.closes, np.nan)
    return np.diff(np.log(closes), prepend=np.nan)


def _near(
    factor: Float[np.ndarray, " observation"], whole: tuple[int, ...], within: float | np.ndarray
) -> Bool[np.ndarray, " observation"]:
    distance = np.abs(np.abs(factor)[:, None] - np.log(whole)[None, :]).min(axis=1)
    return distance <= within


def _split_like(
    feed: Feed, factor: Float[np.ndarray, " observation"]
) -> Bool[np.ndarray, " observation"]:
    """Jumps near a split's factor, unless turnover says that the market was there.

    A split leaves turnover alone: half the price, twice the shares. A crash to half the price
    (Apple on 2000-09-29) does not.
    """
    if feed.instrument.move != "log" or feed.instrument.kind not in ("price", "fx"):
        return np.zeros(len(factor), dtype=bool)
    turnover = pd.Series(feed.turnover[feed.given])
    usual = turnover.rolling(60, min_periods=10).median().shift()
    busy = (turnover / usual).to_numpy()
    within = np.where(np.isfinite(busy), NEAR_WITH_TURNOVER, NEAR)
    unusual = np.abs(feed.scores) >= SHARED
    return _near(factor, SPLITS, within) & unusual & ~(busy >= BUSY)


def _spikes(feed: Feed, where: Bool[np.ndarray, " observation"]) -> Iterator[Breach]:
    if where.any():
        dates = feed.dates[where]
        shown = _described(feed, where)
        found = f"has {several(len(dates), 'print')} taken back at the next session: {shown[0]}."
        yield Breach(SPIKES, feed.name, len(dates), shown, found, cells=dates)


def _splits(
    feed: Feed, where: Bool[np.ndarray, " observation"], factor: Float[np.ndarray, " observation"]
) -> Iterator[Breach]:
    if not where.any():
        return
    dates = feed.dates[where]
    proposed = [_nearest_split(value) for value in factor[where]]
    shown = first_five(
        f"{date:%Y-%m-%d}: {np.exp(value):.4g} times the close before, factor {text}"
        for date, value, text in zip(dates, factor[where], proposed, strict=True)
    )
    found = f"has {several(len(dates), 'jump')} near a split's factor: {shown[0]}."
    remedy = f"If it is a split, multiply the closes before {dates[0]:%Y-%m-%d} by {proposed[0]}."
    yield Breach(
        SPLIT, feed.name, len(dates), shown, found, moves=dates, remedy=f"{remedy} {SPLIT.remedy}"
    )


def _nearest_split(factor: float) -> str:
    whole = min(SPLITS, key=lambda k: abs(abs(factor) - np.log(k)))
    return str(whole) if factor > 0 else f"1/{whole}"


def _units(feed: Feed, where: Bool[np.ndarray, " observation"]) -> Iterator[Breach]:
    if where.any():
        shown = _described(feed, where)
        found = f"has {several(int(where.sum()), 'jump')} by a factor of 100 or more: {shown[0]}."
        yield Breach(UNIT, feed.name, int(where.sum()), shown, found)


def _crashes(feed: Feed, where: Bool[np.ndarray, " observation"]) -> Iterator[Breach]:
    if where.any():
        shown = _described(feed, where)
        count = several(int(where.sum()), "move")
        found = f"has {count} beyond {EXTREME:.0f} times the ordinary one: {shown[0]}."
        yield Breach(CRASH, feed.name, int(where.sum()), shown, found)


def _described(feed: Feed, where: Bool[np.ndarray, " observation"]) -> tuple[str, ...]:
    """Dates with the closes around each jump."""
    at = np.flatnonzero(where)
    return first_five(
        f"{feed.dates[t]:%Y-%m-%d}: {feed.closes[t - 1]:.6g} to {feed.closes[t]:.6g} "
        f"({feed.scores[t]:+.0f} ordinary moves)"
        for t in at[:5]
    )
