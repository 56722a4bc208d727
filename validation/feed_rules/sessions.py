"""Coverage: the expected sessions of a feed against the closes it has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.findings import Answer
from validation.feed_rules.feed import Feed
from validation.feed_rules.rules import Breach, Rule, first_five, several

FEWEST_SESSIONS = 250
"""No model is fitted on fewer."""

NO_CLOSES = Rule(
    "no_closes",
    Answer.REJECT,
    "a listed series has at least one close",
    "Fill the series in, set listed_from, or remove it: no data is not no risk.",
    excludes=True,
)
MISSING = Rule(
    "missing_sessions",
    Answer.REJECT,
    "at most 5% of the expected sessions of the listed life have no close",
    "Fill the dates in at the source, or correct calendar, listed_from and listed_to.",
    excludes=True,
)
GAPS = Rule(
    "gaps",
    Answer.IMPUTE,
    "every expected session has a close",
    "Filled from the other series, flagged, and never part of a realised P&L.",
)
LAST_GAP = Rule(
    "gap_at_last_date",
    Answer.QUARANTINE,
    "the latest expected session has a close",
    "Refused for the day and never filled forward: deliver the close, or set listed_to.",
)
ELSEWHERE = Rule(
    "outside_calendar",
    Answer.QUARANTINE,
    "no close lies outside the series' own calendar and listed life",
    "These closes are not used; correct the dates, the calendar or the listed life.",
)
SHORT = Rule(
    "short_history",
    Answer.REJECT,
    f"a series has at least {FEWEST_SESSIONS} closes",
    "No model is fitted on it; supply more history, or an approved proxy.",
)
QUARANTINED = Rule(
    "too_much_quarantined",
    Answer.QUARANTINE,
    "at most 5% of the expected sessions are missing or quarantined",
    "Left out until the quarantined closes are repaired.",
    excludes=True,
)
NOT_LISTED = Rule(
    "not_listed",
    Answer.WARN,
    "a series is listed by the as-of",
    "Nothing to do; it is left out until it is listed.",
    excludes=True,
)
SESSION_RULES = (NO_CLOSES, MISSING, GAPS, LAST_GAP, ELSEWHERE, SHORT, QUARANTINED, NOT_LISTED)


def over_limit(missing: int, expected: int) -> bool:
    """Whether more than 5% are missing, in integers: exactly 5% passes."""
    return 20 * missing > expected


def coverage(feed: Feed) -> Iterator[Breach]:
    """What the feed lacks, and what it has where nothing was expected."""
    name = feed.name
    if not len(feed.sessions) and feed.instrument.listed_from is not None:
        found = f"is listed from {feed.instrument.listed_from:%Y-%m-%d}, after the as-of."
        yield Breach(NOT_LISTED, name, 1, (), found)
        return
    if not len(feed.dates):
        shown = first_five(feed.sessions)
        yield Breach(NO_CLOSES, name, max(len(feed.sessions), 1), shown, "has no close at all.")
        return
    yield from _missing(feed)
    late = feed.behind
    if late > feed.instrument.lag_sessions:
        found = (
            f"has no close on its latest session {feed.sessions[-1]:%Y-%m-%d}; "
            f"its last is {several(late, 'session')} older ({feed.dates[-1]:%Y-%m-%d})."
        )
        yield Breach(LAST_GAP, name, late, first_five(feed.sessions[-late:]), found)
    if len(outside := feed.elsewhere):
        found = (
            f"has {several(len(outside), 'close')} outside its calendar "
            f"{feed.instrument.calendar or '(none given)'} or its listed life, "
            f"first {outside[0]:%Y-%m-%d}."
        )
        yield Breach(ELSEWHERE, name, len(outside), first_five(outside), found)
    if len(feed.dates) < FEWEST_SESSIONS:
        found = f"has {len(feed.dates)} closes, fewer than the {FEWEST_SESSIONS} a model needs."
        yield Breach(SHORT, name, len(feed.dates), (), found)


def _missing(feed: Feed) -> Iterator[Breach]:
    expected, missing = len(feed.sessions), feed.missing
    dates = feed.sessions[~feed.given]
    share = f"misses {missing / expected:.1%} of the sessions"
    life = f"{feed.sessions[0]:%Y-%m-%d}..{feed.sessions[-1]:%Y-%m-%d}"
    if over_limit(missing, expected):
        found = f"{share} {life} (limit 5%). Rejected; the {missing} dates are in feeds.json."
        yield Breach(MISSING, feed.name, missing, first_five(dates), found)
    elif inner := int(np.sum(~feed.given[: expected - feed.behind])):
        found = (
            f"{share} {life} ({missing} of {expected}, limit 5%); {several(inner, 'gap')} imputed."
        )
        yield Breach(GAPS, feed.name, inner, first_five(dates[:inner]), found)


def quarantined_too_much(feed: Feed, quarantined: int) -> Iterator[Breach]:
    """A feed whose coverage does not hold once its quarantined closes are taken out."""
    if over_limit(feed.missing + quarantined, len(feed.sessions)):
        found = (
            f"keeps {len(feed.sessions) - feed.missing - quarantined} of {len(feed.sessions)} "
            f"sessions once {quarantined} closes are quarantined (limit 95%)."
        )
        yield Breach(QUARANTINED, feed.name, quarantined, (), found)
