"""Positions that the gate set aside: how much of a book the number does not speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from features.findings import Answer
from features.positions import Position
from features.pricing_market import PricingMarket
from flows.refusal import RefusedError
from validation.positions import excluded_finding, gross_size


def stated(
    name: str,
    kept: Sequence[Position],
    aside: Sequence[Position],
    pricing: PricingMarket,
    *,
    base: str,
) -> tuple[str, ...]:
    """What is said of the positions set aside; nothing where there are none.

    Parameters
    ----------
    name : str
        Of the book.
    kept, aside : sequence of Position
    pricing : PricingMarket
    base : str
        Currency in which sizes are compared.

    Raises
    ------
    RefusedError
        If they are more than half a percent of the book.
    """
    sizes = [
        sum(gross_size(one, pricing) * rate(one.currency, base, pricing.closes) for one in part)
        for part in (aside, kept)
    ]
    finding = excluded_finding(name, sizes[0], sum(sizes)) if aside else None
    if finding is None:
        return ()
    if finding.answer is Answer.REJECT:
        raise RefusedError(f"{finding.message} {finding.remedy}")
    return (finding.message,)


def rate(currency: str, base: str, closes: Mapping[str, float]) -> float:
    """What one unit of a currency is worth in another; NaN where no close says so."""
    if currency == base:
        return 1.0
    if (direct := closes.get(currency + base)) is not None:
        return direct
    return 1.0 / closes.get(base + currency, float("nan"))
