"""The named crises replayed on a book as it is today, and what each holding made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from features.market import MarketData
from features.returns import book_history
from flows.risk.linear import compounded
from validation.crises import CATALOGUE, CrisisWindow


def crisis_losses(market: MarketData, book: Mapping[str, float]) -> list[dict[str, Any]]:
    """What a book of weights would have made of each crisis that the market's prices reach.

    Parameters
    ----------
    market : MarketData
    book : mapping of instrument to weight

    Returns
    -------
    list of dict
        One a crisis of the catalogue, in order of time. ``status`` is ``covered``, or says why the
        crisis cannot be replayed; else ``pnl`` over the window, the worst session and the worst
        ten, gains positive, and the holdings from the largest loss on; they sum to ``pnl``.
    """
    return [_replayed(market, book, crisis) for crisis in CATALOGUE] if book else []


def _replayed(
    market: MarketData, book: Mapping[str, float], crisis: CrisisWindow
) -> dict[str, Any]:
    told: dict[str, Any] = {"crisis": crisis.name, "title": crisis.title}
    first, last = pd.Timestamp(crisis.first), pd.Timestamp(crisis.last)
    if market.as_of < first:
        return {**told, "status": f"lies after the as-of {market.as_of.date()}"}
    listed = {name: market.close[name].first_valid_index() for name in book}
    late = [name for name, since in listed.items() if since is None or since >= first]
    if late:
        return {**told, "status": f"{', '.join(late)} had no price before {first.date()}"}
    dates = book_history(market, book, name="replayed book").dates
    inside = dates[(dates >= first) & (dates <= last)]
    if len(inside) < 2:
        return {**told, "status": "the book has fewer than two sessions in it"}
    start = dates[dates < first][-1:] if (dates < first).any() else inside[:1]
    closes = market.close.loc[start.append(inside).unique(), list(book)].to_numpy(dtype=np.float64)
    moves = np.diff(np.log(closes), axis=0)[None]
    weights = np.array(list(book.values()), dtype=np.float64)
    parts = compounded(moves, weights)[0]
    growth = np.cumprod(1.0 + np.expm1(moves[0]) @ weights)
    level = np.concatenate([[1.0], growth])
    span = min(10, len(level) - 1)
    order = np.argsort(parts, kind="stable")
    names = list(book)
    return {
        **told,
        "status": "covered" if market.as_of >= last else f"covered to {inside[-1].date()}",
        "sessions": len(moves[0]),
        "pnl": float(parts.sum()),
        "worst_session": float((level[1:] / level[:-1]).min() - 1.0),
        "worst_ten_sessions": float((level[span:] / level[:-span]).min() - 1.0),
        "parts": [{"position": names[k], "pnl": float(parts[k])} for k in order],
    }
