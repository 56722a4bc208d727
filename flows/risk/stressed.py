"""Stressed calibration: the twelve months that were worst for a book, as far as history reaches.

Not every factor has a history back to the crisis that counts. Those that do are the reduced set;
its ES in the worst months is scaled by what the full set's ES is over the reduced set's today.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.market import MarketData
from flows.risk.ladder import Lens, ladder, worst_months
from models.base import Asset
from validation.internal_models import InternalModelRule


def stressed_calibration(
    lens: Lens,
    assets: Sequence[Asset],
    market: MarketData,
    rule: InternalModelRule,
    *,
    places: Sequence[int],
) -> dict[str, Any]:
    """ES of the worst twelve months that the reduced set reaches, scaled to the full set.

    The reduced set is that of the earliest start, from the rule's on, whose current ES reaches the
    rule's share of the full set's.

    Parameters
    ----------
    lens : Lens
    assets : sequence of Asset
        In the order of the axis ``asset``.
    market : MarketData
    rule : InternalModelRule
    places : sequence of int
        Assets that move the book.

    Returns
    -------
    dict
        ``status`` computed, or why not; the months, the reduced set, and each ES.

    References
    ----------
    Basel Committee (2019), *Minimum capital requirements for market risk*, MAR33.5 to MAR33.7.
    """
    names = [assets[k].instrument for k in places]
    if unknown := [name for name in names if name not in market.close.columns]:
        return {"status": f"{', '.join(unknown)} has no history in this market"}
    if not names:
        return {"status": "no series of the set moves the book"}
    since = pd.Timestamp(rule.stressed_since)
    begins = {
        name: max(pd.Timestamp(market.close[name].first_valid_index()), since) for name in names
    }

    def es_now(some: Sequence[str]) -> float:
        moves, _ = past_moves(assets, market, some, over=rule.base_horizon)
        return ladder(lens, moves[-rule.window :], rule).es() if len(moves) >= rule.window else 0.0

    full = es_now(names)
    if full <= 0.0:
        return {
            "status": f"fewer than {rule.window} moves over {rule.base_horizon} sessions are known "
            f"of everything the book depends on, or it lost nothing in them"
        }
    reduced, current = names, full
    for start in sorted(set(begins.values())):
        reduced = [name for name in names if begins[name] <= start]
        current = es_now(reduced)
        if current >= rule.reduced_share * full:
            break
    first = max(begins[name] for name in reduced)
    moves, dates = past_moves(assets, market, reduced, over=rule.base_horizon, since=first)
    found = ladder(lens, moves, rule)
    worst = worst_months(found)
    stressed = found.es(slice(worst, worst + rule.window))
    return {
        "status": "computed",
        "since_required": rule.stressed_since,
        "since": f"{first.date()}",
        "first": f"{dates[worst].date()}",
        "last": f"{dates[worst + rule.window - 1].date()}",
        "full_current": full,
        "reduced_current": current,
        "reduced_share": current / full,
        "share_required": rule.reduced_share,
        "reduced_stressed": stressed,
        "scaled": stressed * max(full / current, 1.0),
        "reduced": reduced,
        "left_out": [name for name in names if name not in reduced],
    }


def past_moves(
    assets: Sequence[Asset],
    market: MarketData,
    names: Sequence[str],
    *,
    over: int,
    since: pd.Timestamp | None = None,
) -> tuple[Float[np.ndarray, "date asset"], pd.DatetimeIndex]:
    """Moves over so many sessions that came to pass, overlapping; of all other assets none.

    Sessions are the dates on which each of the names has a close of its own: none is filled in.

    Parameters
    ----------
    assets : sequence of Asset
        Their ``move`` says how moves are measured.
    market : MarketData
    names : sequence of str
    over : int
        Sessions of a move.
    since : pandas.Timestamp, optional

    Returns
    -------
    moves : array of shape (date, asset)
    dates : DatetimeIndex of shape (date,)
        On which each move ended.
    """
    own = market.close[list(names)].mask(market.imputed[list(names)])
    closes = own.loc[since:].dropna() if since is not None else own.dropna()
    found = np.zeros((max(len(closes) - over, 0), len(assets)))
    for k, asset in enumerate(assets):
        if asset.instrument not in names:
            continue
        path = closes[asset.instrument].to_numpy(dtype=np.float64)
        path = np.log(path) if asset.move == "log" else path
        found[:, k] = path[over:] - path[:-over] if len(found) else 0.0
    return found, pd.DatetimeIndex(closes.index[over:])
