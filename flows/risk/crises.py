"""The named crises replayed on a book as it is today, and what each holding made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.market import MarketData
from features.returns import book_history
from flows.refusal import RefusedError
from flows.risk.linear import Weights, compounded
from flows.risk.replay import Followed, followed
from flows.risk.revalued import Quantities
from models.attribution import mean_parts
from validation.crises import CATALOGUE, CrisisWindow


def crises_of(market: MarketData, book: Weights | Quantities) -> list[dict[str, Any]]:
    """The named crises on a book as it is today; see `crisis_losses` and `crisis_revaluations`."""
    if isinstance(book, Weights):
        return crisis_losses(market, book.weights)
    return crisis_revaluations(market, book)


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
        ten, gains positive, the holdings from the largest loss on, and the same by asset class;
        both sum to ``pnl``.
    """
    return [_replayed(market, book, crisis) for crisis in CATALOGUE] if book else []


def crisis_revaluations(market: MarketData, book: Quantities) -> list[dict[str, Any]]:
    """What a book of quantities would make of each crisis, if today's market moved as then.

    After each session of the crisis every position is revalued in full at today's levels moved by
    what had happened since the session before the crisis.

    Returns
    -------
    list of dict
        As `crisis_losses`, in the base currency; the worst session and the worst ten are changes
        of that value.
    """
    if not book.held:
        return []
    try:
        past = followed(book, market)
    except RefusedError as error:
        return [{**_named(crisis), "status": str(error)} for crisis in CATALOGUE]
    return [_revalued(market, past, crisis) for crisis in CATALOGUE]


def _revalued(market: MarketData, past: Followed, crisis: CrisisWindow) -> dict[str, Any]:
    told = _named(crisis)
    first, last = pd.Timestamp(crisis.first), pd.Timestamp(crisis.last)
    if market.as_of < first:
        return {**told, "status": f"lies after the as-of {market.as_of.date()}"}
    if late := past.late(first):
        return {**told, "status": f"{', '.join(late)} had no price before {first.date()}"}
    inside = np.flatnonzero((past.dates >= first) & (past.dates <= last))
    if len(inside) < 2:
        return {**told, "status": "the book has fewer than two sessions in it"}
    try:
        pnl = past.pnl([int(inside[0]) - 1] * len(inside), inside.tolist())
    except RefusedError as error:
        return {**told, "status": str(error)}
    path = np.concatenate([[0.0], pnl.sum(axis=1)])
    span = min(10, len(path) - 1)
    return {
        **told,
        "status": _covered(market, last, past.dates[inside[-1]]),
        "sessions": len(inside),
        "pnl": float(path[-1]),
        "worst_session": float(np.diff(path).min()),
        "worst_ten_sessions": float((path[span:] - path[:-span]).min()),
        **_shared(pnl[-1], past.book.positions, past.book.groups["asset_class"]),
    }


def _named(crisis: CrisisWindow) -> dict[str, Any]:
    return {"crisis": crisis.name, "title": crisis.title}


def _covered(market: MarketData, last: pd.Timestamp, reached: pd.Timestamp) -> str:
    return "covered" if market.as_of >= last else f"covered to {reached.date()}"


def _shared(
    pnl: Float[np.ndarray, " position"], names: Sequence[str], classes: Sequence[str]
) -> dict[str, Any]:
    """P&L by position and by asset class, the largest loss first."""
    return {
        "parts": [
            {"position": name, "pnl": each} for name, each in mean_parts(pnl[None], names).items()
        ],
        "classes": [
            {"asset_class": name, "pnl": each}
            for name, each in mean_parts(pnl[None], classes).items()
        ],
    }


def _replayed(
    market: MarketData, book: Mapping[str, float], crisis: CrisisWindow
) -> dict[str, Any]:
    told = _named(crisis)
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
    return {
        **told,
        "status": _covered(market, last, inside[-1]),
        "sessions": len(moves[0]),
        "pnl": float(parts.sum()),
        "worst_session": float((level[1:] / level[:-1]).min() - 1.0),
        "worst_ten_sessions": float((level[span:] / level[:-span]).min() - 1.0),
        **_shared(parts, list(book), [market.instruments[one].asset_class for one in book]),
    }
