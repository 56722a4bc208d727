"""Books: what they hold, and whether the gate let it through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from features.findings import Answer
from features.instruments import Instrument
from validation.feed_rules.rules import Breach, Rule, first_five

NAMED_LIKE = Rule(
    "named_like_an_instrument",
    Answer.REJECT,
    "no book is named like an instrument",
    "Rename the file.",
    excludes=True,
)
UNKNOWN = Rule(
    "unknown_instrument",
    Answer.REJECT,
    "a book holds only instruments that are described",
    "Describe it in instruments and prices, or remove the position: it is never taken as zero.",
    excludes=True,
)
NO_WEIGHT = Rule(
    "missing_weight",
    Answer.REJECT,
    "every position has a finite weight",
    "Give the weight: a missing one is never taken as zero.",
    excludes=True,
)
TWICE = Rule(
    "duplicate_position",
    Answer.REJECT,
    "no instrument is held twice in one book",
    "Add the positions up into one row.",
    excludes=True,
)
RISK_FACTOR = Rule(
    "not_holdable",
    Answer.REJECT,
    "a book of weights holds prices and exchange rates with logarithmic moves",
    "Hold an instrument that trades on it; rates, spreads and diff moves are risk factors.",
    excludes=True,
)
REJECTED_FEED = Rule(
    "holds_a_rejected_feed",
    Answer.REJECT,
    "no holding was rejected",
    "Repair the feed, or remove the position.",
    excludes=True,
)
QUARANTINED_FEED = Rule(
    "holds_a_quarantined_feed",
    Answer.QUARANTINE,
    "no holding is quarantined as a whole",
    "Repair the feed, or remove the position.",
    excludes=True,
)
UNLISTED_FEED = Rule(
    "holds_an_unlisted_feed",
    Answer.WARN,
    "every holding is listed by the as-of",
    "Nothing to do; the book begins with its youngest holding.",
    excludes=True,
)
_LEFT_OUT = (REJECTED_FEED, QUARANTINED_FEED, UNLISTED_FEED)
NO_RISK = Rule(
    "zero_risk",
    Answer.WARN,
    "a book holds something",
    "Nothing to do if that is meant: its risk is stated as zero.",
)
BOOK_RULES = (NAMED_LIKE, UNKNOWN, NO_WEIGHT, TWICE, RISK_FACTOR, *_LEFT_OUT, NO_RISK)


def book(
    name: str,
    positions: pd.DataFrame,
    *,
    instruments: Mapping[str, Instrument],
    excluded: Mapping[str, tuple[Answer, str]],
) -> Iterator[Breach]:
    """Every rule of one book of weights.

    Parameters
    ----------
    name : str
    positions : DataFrame
        Columns instrument, weight, row.
    instruments : mapping of name to Instrument
        Everything that is described, refused or not.
    excluded : mapping of instrument to answer and reason
        Feeds the gate left out; a book that holds one gets the same answer.
    """
    held = positions["instrument"].astype(str)
    if name in instruments:
        yield Breach(NAMED_LIKE, name, 1, (name,), "has the name of an instrument.")
    unknown = [each for each in held if each not in instruments and each not in excluded]
    if unknown:
        yield _breach(UNKNOWN, name, unknown, "holds what instruments does not describe")
    weightless = positions["weight"].isna().to_numpy()
    if weightless.any():
        rows = [
            f"row {row}: {each}"
            for row, each in zip(positions["row"][weightless], held[weightless], strict=True)
        ]
        yield _breach(NO_WEIGHT, name, rows, "has positions without a weight")
    if len(twice := list(held[held.duplicated()].unique())):
        yield _breach(TWICE, name, twice, "holds an instrument in more than one row")
    factors = [each for each in held if each in instruments and not instruments[each].holdable]
    if factors:
        yield _breach(RISK_FACTOR, name, factors, "holds risk factors that nobody can hold")
    left_out = {each: excluded[each] for each in held if each in excluded}
    for rule in _LEFT_OUT:
        gone = [
            f"{each}, which {why}"
            for each, (answer, why) in left_out.items()
            if answer is rule.answer
        ]
        if gone:
            yield _breach(rule, name, gone, "holds what the gate left out")
    if not (positions["weight"].fillna(1.0) != 0).any():
        what = "no position" if positions.empty else "only positions of weight zero"
        yield Breach(NO_RISK, name, max(len(positions), 1), (), f"holds {what}: a zero-risk state.")


def _breach(rule: Rule, name: str, what: list[str], found: str) -> Breach:
    shown = first_five(what)
    return Breach(rule, name, len(what), shown, f"{found}: {'; '.join(shown).removesuffix('.')}.")
