"""Whether a book of quantities can be valued: what is refused, and what is set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.findings import Answer, Finding
from features.positions import Position
from features.pricing_market import PricingMarket
from validation.feed_rules.books import NAMED_LIKE, NO_RISK, TWICE, UNKNOWN
from validation.feed_rules.rules import Breach, Rule, first_five

MOST_EXCLUDED = 0.005
"""Of the gross market value of a book: with more set aside its risk is another book's."""


def _rejects(name: str, expectation: str, remedy: str) -> Rule:
    return Rule(name, Answer.REJECT, expectation, remedy, excludes=True)


NO_QUANTITY = _rejects(
    "missing_quantity",
    "every position has a finite quantity",
    "Give the quantity: a missing one is never taken as zero.",
)
NO_CLOSE = _rejects(
    "missing_price", "every underlying has a close", "Add its close, or remove the position."
)
NO_CURVE = _rejects(
    "missing_curve",
    "every position has a curve to discount with",
    "Add it to curves, or repair it.",
)
NO_CREDIT = _rejects(
    "missing_spreads", "every issuer of a position has spreads", "Add it to credit, or repair it."
)
NO_VOLS = _rejects(
    "missing_volatilities",
    "every option's underlying has volatilities",
    "Add it to vols, or repair it.",
)
CURRENCY_GAP = _rejects(
    "currency_gap",
    "every currency has a rate to the base currency, directly or through one other",
    "Add the exchange rate to instruments and prices with kind fx.",
)
EXCLUDED = _rejects(
    "too_much_excluded",
    "at most 0.5% of the gross market value is set aside",
    "Repair or remove the positions that are named.",
)
MATURED = Rule(
    "matured",
    Answer.QUARANTINE,
    "every position is alive at the as-of",
    "Remove it, or correct its date.",
)
SIGN_FLIP = Rule(
    "sign_flip",
    Answer.QUARANTINE,
    "no quantity has the opposite sign of yesterday's",
    "Confirm the trade by leaving the position out for a day, or correct the sign.",
)


_TABLES = {
    NO_CLOSE.name: "prices",
    NO_CURVE.name: "curves",
    NO_CREDIT.name: "credit",
    NO_VOLS.name: "vols",
}
"""Where each rule looks: what was left out there may be why something is missing."""


@dataclass(frozen=True, slots=True)
class PositionVerdict:
    """What the gate answers to one book of quantities.

    Attributes
    ----------
    kept : tuple of Position
        To be valued; none where the book is rejected.
    quarantined : tuple of Position
        Set aside: their market value has to be stated, see `excluded_finding`.
    findings : tuple of Finding
    rejected : bool
    """

    kept: tuple[Position, ...]
    quarantined: tuple[Position, ...]
    findings: tuple[Finding, ...]
    rejected: bool


def judge_positions(
    name: str,
    positions: Sequence[Position],
    market: PricingMarket,
    *,
    base_currency: str,
    yesterday: Mapping[str, float] | None = None,
    left_out: Mapping[str, Sequence[str]] | None = None,
) -> PositionVerdict:
    """Judge a book of quantities before it is valued.

    Parameters
    ----------
    name : str
        Of the book.
    positions : sequence of Position
    market : PricingMarket
        Without the series that the gate left out.
    base_currency : str
    yesterday : mapping of instrument to quantity, optional
        The same book a session before.
    left_out : mapping of table to sequence of str, optional
        What the gate left out of the market, and why: a position that lacks something is told.

    Returns
    -------
    PositionVerdict
    """
    aside: dict[str, list[str]] = {}
    breaches = list(_book(name, positions, market, base_currency, left_out or {}))
    for rule, found, wrong in (
        (MATURED, "holds what has matured", lambda each: _matured(each, market)),
        (SIGN_FLIP, "turned from long to short or back", lambda p: _flipped(p, yesterday or {})),
    ):
        if names := [each.instrument for each in positions if wrong(each)]:
            aside[rule.name] = names
            breaches.append(_breach(rule, name, names, found))
    rejected = any(breach.rule.excludes for breach in breaches)
    gone = {each for names in aside.values() for each in names}
    return PositionVerdict(
        kept=() if rejected else tuple(p for p in positions if p.instrument not in gone),
        quarantined=tuple(p for p in positions if p.instrument in gone),
        findings=tuple(breach.finding(f"portfolios/{name}") for breach in breaches),
        rejected=rejected,
    )


def gross_size(position: Position, market: PricingMarket) -> float:
    """What a position that cannot be valued is about: its face, or its underlying's worth.

    In its own currency, not negative. A matured position has no model value; this bounds it.
    """
    if position.notional is not None:
        return abs(position.quantity * position.notional)
    if position.type == "future" and position.coupon is not None:  # a point of a bond's hundred
        return abs(position.quantity * 100.0 * (position.multiplier or 1.0))
    close = market.closes.get(position.underlying or position.instrument, float("nan"))
    return abs(position.quantity * close * (position.multiplier or 1.0))


def excluded_finding(
    name: str, excluded: float, gross: float, *, currency: str = ""
) -> Finding | None:
    """What is said of the value set aside, if there is any; a refusal above 0.5%.

    Parameters
    ----------
    name : str
        Of the book.
    excluded, gross : float
        Absolute market value set aside, and of the whole book with it, in the base currency.
    currency : str
        Its code, to be shown.
    """
    if not excluded > 0.0 and not np.isnan(excluded):
        return None
    share = excluded / gross if gross > 0.0 else 1.0
    size = f"{excluded:,.0f} of {gross:,.0f} {currency}".rstrip()
    found = f"has {size} gross market value set aside ({100 * share:.2f}%"
    if share <= MOST_EXCLUDED:
        stated = Rule("excluded_value", Answer.WARN, EXCLUDED.expectation, EXCLUDED.remedy)
        return Breach(stated, name, 1, (), f"{found}).").finding(f"portfolios/{name}")
    breach = Breach(EXCLUDED, name, 1, (), f"{found}, limit 0.5%).")
    return breach.finding(f"portfolios/{name}")


def _book(
    name: str,
    positions: Sequence[Position],
    market: PricingMarket,
    base: str,
    left_out: Mapping[str, Sequence[str]],
) -> Iterator[Breach]:
    if name in market.instruments:
        yield Breach(NAMED_LIKE, name, 1, (name,), "has the name of an instrument.")
    labels = [each.instrument for each in positions]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        yield _breach(TWICE, name, twice, "holds an instrument in more than one row")
    rules: tuple[tuple[Rule, str, Callable[[Position], bool]], ...] = (
        (NO_QUANTITY, "has positions without a finite quantity", _unsized),
        (UNKNOWN, "holds what instruments does not describe", lambda p: _unknown(p, market)),
        (NO_CLOSE, "holds what has no close", lambda p: _unpriced(p, market)),
        (NO_CURVE, "holds what no curve discounts", lambda p: _uncurved(p, market)),
        (NO_CREDIT, "depends on issuers without spreads", lambda p: _spreadless(p, market)),
        (NO_VOLS, "holds options without volatilities", lambda p: _flat(p, market)),
        (CURRENCY_GAP, f"cannot be converted to {base}", lambda p: _gap(p, market, base)),
    )
    for rule, found, wrong in rules:
        names = [
            f"{each.instrument} (row {each.row})" if each.row else each.instrument
            for each in positions
            if wrong(each)
        ]
        if names:
            gone = left_out.get(_TABLES.get(rule.name, ""), ())
            yield _breach(rule, name, names, found, gone=gone)
    if not any(each.quantity != 0.0 for each in positions):
        what = "only positions of quantity zero" if positions else "no position"
        found = f"holds {what}: a zero-risk state."
        yield Breach(NO_RISK, name, max(len(positions), 1), (), found)


def _price_of(position: Position) -> str:
    """Name of the price that a position depends on; empty where it depends on none."""
    if position.type in ("equity", "fx_spot"):
        return position.instrument
    of_bond = position.type == "future" and position.coupon is not None
    return "" if of_bond else position.underlying


def _unsized(position: Position) -> bool:
    return not np.isfinite(position.quantity)


def _unknown(position: Position, market: PricingMarket) -> bool:
    name = _price_of(position)
    return bool(name) and name not in market.instruments


def _unpriced(position: Position, market: PricingMarket) -> bool:
    name = _price_of(position)
    close = market.closes.get(name, float("nan"))
    return bool(name) and name in market.instruments and not np.isfinite(close)


def _uncurved(position: Position, market: PricingMarket) -> bool:
    if position.curve or position.float_index:
        named = {position.curve, position.float_index} - {""}
        if not named <= market.curves.keys():
            return True
        if position.curve:
            return False
    carried = position.type == "future" and position.coupon is None
    if position.type in ("equity", "fx_spot") or carried:
        return False
    own = [name for name in market.curves if name.startswith(position.currency)]
    return position.currency not in market.curves and len(own) != 1


def _spreadless(position: Position, market: PricingMarket) -> bool:
    owes = position.type in ("bond", "frn", "cds") and bool(position.issuer)
    return owes and position.issuer not in market.credit


def _flat(position: Position, market: PricingMarket) -> bool:
    return position.type == "option" and position.underlying not in market.surfaces


def _gap(position: Position, market: PricingMarket, base: str) -> bool:
    if position.currency == base:
        return False
    joined = {
        frozenset((name[:3], name[3:]))
        for name, each in market.instruments.items()
        if each.kind == "fx" and len(name) == 6 and name in market.closes
    }
    if frozenset((position.currency, base)) in joined:
        return False
    others = {currency for pair in joined for currency in pair}
    return not any(
        frozenset((position.currency, other)) in joined and frozenset((other, base)) in joined
        for other in others
    )


def _matured(position: Position, market: PricingMarket) -> bool:
    return position.ends is not None and position.ends <= market.as_of


def _flipped(position: Position, yesterday: Mapping[str, float]) -> bool:
    return yesterday.get(position.instrument, 0.0) * position.quantity < 0.0


def _breach(
    rule: Rule, name: str, what: list[str], found: str, *, gone: Sequence[str] = ()
) -> Breach:
    shown = first_five(what)
    why = f" The gate left out {'; '.join(first_five(gone))}." if gone else ""
    return Breach(rule, name, len(what), shown, f"{found}: {'; '.join(shown)}.{why}")
