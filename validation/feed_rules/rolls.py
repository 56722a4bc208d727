"""Futures rolls: where an unadjusted front contract jumps to the next one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.findings import Answer
from validation.feed_rules.feed import Feed, standardised
from validation.feed_rules.rules import Breach, Rule, first_five, several

EXPIRIES = (3, 6, 9, 12)
"""Months in which listed bond, index and currency futures expire."""
FURTHEST = 10
"""Sessions before a contract's anchor day at which it may roll."""
FEWEST_EXPIRIES = 12
RECOGNISED = 2.0
"""Median unexplained move on the roll dates, in ordinary ones, from which they are rolls.

Unadjusted Bund, gilt and Treasury futures score 2.4 to 5.5 and give exactly their exchanges' dates;
series that do not roll pass it in about one three-year stretch of sixty, and are never asked."""
UNSHARED = 10.0
"""Ordinary moves in a single jump that no roll date and no other series explains."""
PEERS = 3

ROLL = Rule(
    "unadjusted_roll",
    Answer.WARN,
    "a futures series is adjusted for its rolls",
    "The realised P&L of these dates is left empty; supply a roll-adjusted series.",
)
STRAY = Rule(
    "unexplained_futures_jump",
    Answer.QUARANTINE,
    "a futures series makes no jump that neither a roll date nor another series explains",
    "The move into that date is not used; supply a roll-adjusted series.",
)
ROLL_RULES = (ROLL, STRAY)


def rolls(feed: Feed, moves: pd.DataFrame, futures: frozenset[str]) -> Iterator[Breach]:
    """Roll dates of an unadjusted futures series.

    The contract's anchor day and the number of sessions before it are read off the data: of all
    (anchor, sessions before) pairs the one whose dates carry the largest median unexplained
    move. If that median is ``RECOGNISED`` ordinary moves or more over at least twelve expiries, all
    its dates are rolls, whether they jumped or not: the rule never looks at the size of the
    move it flags, so that it cannot pick crisis days out of a backtest. Unexplained means:
    after regression on the series it moves most with, other futures left out.

    Parameters
    ----------
    feed : Feed
    moves : DataFrame (date, series)
        Moves of every series of the table.
    futures : frozenset of str
        Names that are futures themselves, and roll too.
    """
    unexplained = standardised(_residual(feed, moves.drop(columns=list(futures), errors="ignore")))
    dates = roll_dates(feed.dates, unexplained)
    if dates is not None:
        found = f"rolls on {several(len(dates), 'date')} unadjusted, last {dates[-1]:%Y-%m-%d}."
        yield Breach(ROLL, feed.name, len(dates), first_five(dates), found, moves=dates)
    alone = (np.abs(unexplained) >= UNSHARED) & (np.abs(feed.scores) >= UNSHARED)
    stray = feed.dates[alone] if dates is None else feed.dates[alone].difference(dates)
    if len(stray):
        count = several(len(stray), "date")
        found = f"jumps on {count} on which nothing else did, first {stray[0]:%Y-%m-%d}."
        yield Breach(STRAY, feed.name, len(stray), first_five(stray), found, moves=stray)


def roll_dates(
    sessions: pd.DatetimeIndex, unexplained: Float[np.ndarray, " session"]
) -> pd.DatetimeIndex | None:
    """Dates of the one (anchor, sessions before) pair that stands out; None if none does."""
    best, found = RECOGNISED, None
    ahead = pd.bdate_range(sessions[-1] + pd.Timedelta(days=1), periods=2 * FURTHEST)
    for days in _anchors(sessions):
        at = sessions.append(ahead).searchsorted(days)  # this month's anchor may lie ahead
        for before in range(FURTHEST + 1):
            position = at - before
            position = position[(position >= 0) & (position < len(sessions))]
            sizes = np.abs(unexplained[position])
            sizes = sizes[np.isfinite(sizes)]
            if len(sizes) >= FEWEST_EXPIRIES and (size := float(np.median(sizes))) >= best:
                best, found = size, sessions[position]
    return found


def _anchors(sessions: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, ...]:
    """Days from which exchanges count back to the last trading day, in each expiry month."""
    months = pd.period_range(sessions[0], sessions[-1], freq="M")
    months = months[months.month.isin(EXPIRIES)]
    first = months.to_timestamp()

    def third(weekday: int) -> pd.DatetimeIndex:
        return first + pd.to_timedelta((weekday - first.dayofweek) % 7 + 14, unit="D")

    month_end, tenth = (months + 1).to_timestamp(), first + pd.Timedelta(days=9)
    return month_end, tenth, third(2), third(4)


def _residual(feed: Feed, moves: pd.DataFrame) -> Float[np.ndarray, " session"]:
    """What the series the feed moves most with leave unexplained of its moves."""
    own = pd.Series(feed.moves, index=feed.dates)
    others = moves.reindex(feed.dates)
    scaled = (others / others.std()).clip(-5, 5)
    nearest = scaled.corrwith(own.clip(*own.quantile([0.01, 0.99]))).abs().nlargest(PEERS).index
    design = scaled[nearest].fillna(0.0).to_numpy()
    known = own.notna().to_numpy()
    weights, *_ = np.linalg.lstsq(design[known], own.to_numpy()[known], rcond=None)
    return own.to_numpy() - design @ weights
