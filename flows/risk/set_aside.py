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
    finding = excluded_finding(name, sizes[0], sum(sizes), currency=base) if aside else None
    if finding is None:
        return ()
    told = f"{name} {finding.message.removesuffix('.')}: {', '.join(map(_named, aside))}."
    if finding.answer is Answer.REJECT:
        raise RefusedError(f"portfolio: {told} {finding.remedy}")
    return (told,)


def _named(position: Position) -> str:
    end = position.ends
    return position.instrument if end is None else f"{position.instrument} (ended {end:%Y-%m-%d})"


def rate(currency: str, base: str, closes: Mapping[str, float]) -> float:
    """What one unit of a currency is worth in another, directly or through one third; else NaN."""
    if (direct := _direct(currency, base, closes)) is not None:
        return direct
    for pair in closes:
        for third in (pair[:3], pair[3:]):
            legs = _direct(currency, third, closes), _direct(third, base, closes)
            if len(pair) == 6 and legs[0] is not None and legs[1] is not None:
                return legs[0] * legs[1]
    return float("nan")


def _direct(one: str, other: str, closes: Mapping[str, float]) -> float | None:
    if one == other:
        return 1.0
    if (straight := closes.get(one + other)) is not None:
        return straight
    inverse = closes.get(other + one)
    return None if inverse is None else 1.0 / inverse
