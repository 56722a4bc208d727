"""Why a book of quantities made what it made since an earlier session, and what time will make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.market import MarketData
from features.pricing_market import PricingMarket, pricing_market
from features.sources.directory import read_market
from flows.refusal import RefusedError
from flows.risk.revalued import Quantities
from models.pnl_explain import carry, pnl_explain

QUOTES = {"curves": "curves", "credit": "spreads", "surfaces": "volatilities"}
"""Quotes of a pricing market, and what they are called."""
LARGEST = 12
"""Positions that are named, those with the largest P&L."""


def explained_since(
    book: Quantities, market: MarketData, directory: Path, since: pd.Timestamp | None
) -> dict[str, Any]:
    """P&L of today's positions since an earlier session, by cause.

    Parameters
    ----------
    book : Quantities
    market : MarketData
    directory : Path
        Market directory: the quotes of the earlier day are read from it.
    since : Timestamp, optional
        By default the session before the as-of.

    Returns
    -------
    dict
        ``status``; ``since``, ``total`` and ``parts`` by cause, which sum to it; ``positions``
        with the same of each; ``notes``: quotes that the earlier day lacks, which stand still.

    Raises
    ------
    RefusedError
        If ``since`` is no earlier session of the book.
    """
    if not book.held:
        return {"status": "the book holds nothing"}
    sessions = _sessions(book, market)
    earlier = sessions[sessions < market.as_of]
    if since is not None and since not in earlier:
        raise RefusedError(
            f"--since: {since:%Y-%m-%d} is no session before the as-of {market.as_of:%Y-%m-%d} on "
            f"which everything in the book has a close."
        )
    if not len(earlier):
        return {"status": "there is no earlier session of the book"}
    first = since if since is not None else earlier[-1]
    before, notes = _before(book.pricing, market, directory, pd.Timestamp(first))
    try:
        found = pnl_explain(book.held, before, book.pricing, base_currency=book.base)
    except ValueError as error:
        return {"status": f"not computable: {error}"}
    order = np.argsort(-np.abs(found.total), kind="stable")[:LARGEST]
    return {
        "status": "computed",
        "since": f"{first:%Y-%m-%d}",
        "total": float(found.total.sum()),
        "parts": {cause: float(pnl.sum()) for cause, pnl in found.parts.items()},
        "positions": [
            {
                "position": found.positions[k].instrument,
                "total": float(found.total[k]),
                "parts": {cause: float(pnl[k]) for cause, pnl in found.parts.items()},
            }
            for k in order
        ],
        "ended": list(found.ended),
        "notes": notes,
    }


def carried(book: Quantities, market: MarketData, *, horizon: int) -> dict[str, Any]:
    """What time alone makes of a book over a horizon, were the market to stand still.

    Scenarios move the market at once, so that this is in none of their numbers.

    Parameters
    ----------
    book : Quantities
    market : MarketData
    horizon : int
        Sessions; the weekday that many weekdays after the as-of is taken.

    Returns
    -------
    dict
        ``status``, ``to``, ``pnl`` and ``positions``, the largest first; ``ended`` by then.
    """
    to = market.as_of + horizon * pd.offsets.BDay()
    try:
        found = carry(book.held, book.pricing, to=to, base_currency=book.base)
    except ValueError as error:
        return {"status": f"not computable: {error}"}
    order = np.argsort(-np.abs(found.pnl), kind="stable")[:LARGEST]
    return {
        "status": "computed",
        "horizon": horizon,
        "to": f"{to:%Y-%m-%d}",
        "pnl": float(found.pnl.sum()),
        "positions": [
            {"position": found.positions[k].instrument, "pnl": float(found.pnl[k])} for k in order
        ],
        "ended": list(found.ended),
    }


def _sessions(book: Quantities, market: MarketData) -> pd.DatetimeIndex:
    """Dates on which every price that the book follows has a close."""
    prices = [one.name for one in book.priced.factors if one.name in market.close.columns]
    usable = market.close[prices].notna().all(axis=1)
    return pd.DatetimeIndex(market.close.index[usable])


def _before(
    today: PricingMarket, market: MarketData, directory: Path, date: pd.Timestamp
) -> tuple[PricingMarket, list[str]]:
    """The pricing market of an earlier day; what it lacks is today's, and said."""
    closes = market.close.loc[:date].ffill().iloc[-1]
    told = pricing_market(
        read_market(directory).tables,
        instruments=today.instruments,
        closes={name: float(closes[name]) for name in today.closes if name in closes.index}
        | {name: close for name, close in today.closes.items() if name not in closes.index},
        as_of=date,
    )
    notes: list[str] = []
    held: dict[str, Mapping[str, Any]] = {}
    for field, words in QUOTES.items():
        own, now = getattr(told, field), getattr(today, field)
        kept = {name: one for name, one in own.items() if name in now}
        if lacking := sorted(set(now) - set(kept)):
            notes.append(
                f"{words} of {', '.join(lacking)} have no quotes up to {date:%Y-%m-%d}: they "
                f"stand still"
            )
        held[field] = {**now, **kept}
    return replace(told, **held), notes
