"""What of the market behind a number is not of today; while there is any, the number is STALE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from features.positions import Position
from features.pricing_market import PricingMarket
from flows.ingest import Ingested

RULES = ("stale", "stopped")
"""What the gate says of bars within the day that end too early."""


def stale(
    found: Ingested,
    book: Mapping[str, float] | None,
    positions: tuple[Position, ...],
    *,
    base: str,
) -> list[str]:
    """What a book depends on that is older than the as-of, in words; nothing where all is of today.

    Parameters
    ----------
    found : Ingested
    book : mapping of instrument to weight, or None
    positions : tuple of Position
        Of a book of quantities.
    base : str
        Currency it is valued in: its exchange rates count too.

    Returns
    -------
    list of str
        Closes that are behind their own calendar, bars within the day that ended over an hour
        before the close, and curves, spreads and volatilities quoted on an earlier weekday.
    """
    prices = list(book) if book is not None else _prices(found, positions, base)
    said = [*_closes(found, prices)]
    said += [
        f"{one.series}: {one.message}"
        for one in found.verdicts.findings
        if one.rule in RULES and one.table.startswith("intraday") and one.series in prices
    ]
    if positions and found.verdicts.pricing is not None:
        said += _quotes(found.verdicts.pricing, positions)
    return said


def _closes(found: Ingested, names: list[str]) -> Iterator[str]:
    close = found.market.close
    for name in names:
        if name in close.columns and (last := close[name].last_valid_index()) is not None:
            missed = int((found.market.sessions[name] > last).sum())
            if missed:
                ago = "1 session" if missed == 1 else f"{missed} sessions"
                yield f"{name}: last close {last.date()}, {ago} ago"


def _prices(found: Ingested, positions: tuple[Position, ...], base: str) -> list[str]:
    """Every price and exchange rate that positions are valued with."""
    owned = {name for one in positions for name in (one.instrument, one.underlying)}
    pairs = {name for one in positions for name in (one.currency + base, base + one.currency)}
    return [name for name in found.market.instruments if name in owned | pairs]


def _quotes(pricing: PricingMarket, positions: tuple[Position, ...]) -> Iterator[str]:
    """Curves, spreads and surfaces of an earlier weekday."""
    currencies = {one.currency for one in positions}
    named = {name for one in positions for name in (one.curve, one.float_index)}
    issuers = {one.issuer for one in positions}
    underlyings = {one.underlying for one in positions if one.type == "option"}
    dated = {
        **{
            f"curve {name}": one.date
            for name, one in pricing.curves.items()
            if name in named or name[:3] in currencies
        },
        **{f"spreads of {k}": one.date for k, one in pricing.credit.items() if k in issuers},
        **{
            f"volatilities of {k}": one.date
            for k, one in pricing.surfaces.items()
            if k in underlyings
        },
    }
    for name, date in dated.items():
        if weekdays := _weekdays(date, pricing.as_of):
            ago = "1 weekday" if weekdays == 1 else f"{weekdays} weekdays"
            yield f"{name}: last quoted {date.date()}, {ago} ago"


def _weekdays(first: pd.Timestamp, last: pd.Timestamp) -> int:
    """Weekdays after one date up to another: a weekend makes nothing old."""
    return len(pd.bdate_range(first + pd.Timedelta(days=1), last))
