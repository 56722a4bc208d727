"""Risk after the cost of getting out: what a book of weights loses while it is being sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from features.market import MarketData
from features.spreads import abdi_ranaldo_spread, corwin_schultz_spread, edge_spread
from features.volatility import ewma_volatility
from flows.risk.linear import held_places
from flows.scenario_sets.files import ScenarioSet
from models.liquidation import evenly, sessions_to_sell
from models.liquidity import Elasticity, Impact, Liquidity, fit_elasticity, liquidate
from models.measures import expected_shortfall, value_at_risk

HALF_LIFE = 10.0
"""Sessions of the volatility that spreads follow."""
USUAL = 63
"""Sessions over whose middle a usual spread and volume are read."""
PARTICIPATION = 0.1
"""Largest share of a day's volume that is ours."""


@dataclass(frozen=True, slots=True)
class HoldingLiquidity:
    """What a holding's own bars say of its liquidity.

    Attributes
    ----------
    spread : float
        Middle of the last `USUAL` sessions' estimates, as a fraction of price; the least of three.
    source : str
        Which estimator spoke: ``edge``, ``corwin_schultz`` or ``abdi_ranaldo``.
    volume : float
        Middle daily volume, in currency.
    volatility : float
        Daily, as of now.
    elasticity : Elasticity
    """

    spread: float
    source: str
    volume: float
    volatility: float
    elasticity: Elasticity


def holding_liquidity(market: MarketData, name: str) -> HoldingLiquidity | str:
    """Liquidity of one instrument from its daily bars, or why it cannot be told."""
    close = market.close[name]
    at = np.flatnonzero(close.notna().to_numpy())
    bars = {
        field: frame[name].to_numpy()[at] for field, frame in market.bars.items() if name in frame
    }
    if not {"high", "low", "open"} <= bars.keys():
        return "no open, high and low"
    closes = close.to_numpy(dtype=np.float64)[at]
    traded = bars.get("dollar_volume", bars.get("volume", np.full(len(at), np.nan)) * closes)
    if not np.isfinite(traded[-USUAL:]).any():
        return "no volume"
    returns = np.diff(closes, prepend=np.nan) / np.concatenate([[np.nan], closes[:-1]])
    returns[:1] = 0.0
    volatility = ewma_volatility(returns, half_life=HALF_LIFE)
    estimates = {
        "edge": edge_spread(bars["open"], bars["high"], bars["low"], closes),
        "corwin_schultz": corwin_schultz_spread(bars["high"], bars["low"]),
        "abdi_ranaldo": abdi_ranaldo_spread(bars["high"], bars["low"], closes),
    }
    usual = {
        source: float(np.nanmedian(spread[-USUAL:]))
        for source, spread in estimates.items()
        if np.isfinite(spread[-USUAL:]).any()
    }
    if not usual:
        return "no sound bars in the last quarter"
    # Where a spread is small each estimate is mostly noise, which none of them lets fall below
    # zero: the least of them is the nearest.
    source = min(usual, key=lambda one: usual[one])
    try:
        elasticity = fit_elasticity(_log(estimates[source]), _log(traded), _log(volatility))
    except ValueError as error:
        return str(error)
    return HoldingLiquidity(
        spread=usual[source],
        source=source,
        volume=float(np.nanmedian(traded[-USUAL:])),
        volatility=float(volatility[-1]),
        elasticity=elasticity,
    )


def liquidity_adjusted(
    book: Mapping[str, float],
    told: ScenarioSet,
    market: MarketData,
    *,
    value: float,
    alphas: Sequence[float],
) -> dict[str, Any]:
    """VaR and ES while a book is sold, after spread and impact, beside those without cost.

    Each holding is sold evenly over as many sessions as keep its sales to a tenth of its volume,
    at most the set's. Spread, volume and volatility move with each path's own volatility by powers
    fitted on the instrument's past.

    Parameters
    ----------
    book : mapping of instrument to weight
    told : ScenarioSet
    market : MarketData
    value : float
        Of the book, in the currency of the volumes.
    alphas : sequence of float

    Returns
    -------
    dict
        ``status`` computed, or why not; ``levels`` with VaR and ES with and without cost, as
        shares of value; ``positions`` with horizon, spread and cost of each.
    """
    found = {name: holding_liquidity(market, name) for name in book}
    if lacking := {name: why for name, why in found.items() if isinstance(why, str)}:
        return {"status": "; ".join(f"{name}: {why}" for name, why in lacking.items())}
    if not book:
        return {"status": "the book holds nothing"}
    known = [one for one in found.values() if isinstance(one, HoldingLiquidity)]
    weights = np.array(list(book.values()), dtype=np.float64)
    steps = told.moves.shape[1]
    sessions = sessions_to_sell(
        weights * value, np.array([one.volume for one in known]), participation=PARTICIPATION
    )
    within = np.minimum(sessions, steps)
    longest = int(within.max())
    moves = np.asarray(told.moves[:, :longest])[:, :, held_places(book, told)]
    returns = np.expm1(moves.astype(np.float64))
    liquidity = _along(known, returns)
    held = evenly(within, longest)
    sold = liquidate(returns * weights * value, weights * value, held, liquidity, impact=Impact())
    free = liquidate(
        returns * weights * value,
        weights * value,
        held,
        Liquidity(0.0 * liquidity.spread, liquidity.volatility, liquidity.volume),
        impact=Impact(temporary=0.0, permanent=0.0),
    )
    path_weights = None if told.weights is None else np.asarray(told.weights)
    with_cost, without = sold.pnl.sum(axis=1) / value, free.pnl.sum(axis=1) / value
    return {
        "status": "computed",
        "value": value,
        "participation": PARTICIPATION,
        "levels": [
            {
                "alpha": alpha,
                "var": value_at_risk(without, alpha=alpha, weights=path_weights),
                "es": expected_shortfall(without, alpha=alpha, weights=path_weights),
                "liquidity_adjusted_var": value_at_risk(
                    with_cost, alpha=alpha, weights=path_weights
                ),
                "liquidity_adjusted_es": expected_shortfall(
                    with_cost, alpha=alpha, weights=path_weights
                ),
            }
            for alpha in alphas
        ],
        "positions": _positions(
            book, known, sessions, steps, sold.exogenous, sold.endogenous, value
        ),
    }


def _along(
    known: Sequence[HoldingLiquidity], returns: Float[np.ndarray, "path step holding"]
) -> Liquidity:
    """Liquidity along each path: its volatility decays towards what the path itself does."""
    paths, steps, holdings = returns.shape
    start = np.array([one.volatility for one in known])
    keep = 0.5 ** (1.0 / HALF_LIFE)
    ratio = np.empty((paths, steps, holdings))
    variance = np.broadcast_to(start**2, (paths, holdings))
    for step in range(steps):
        variance = keep * variance + (1.0 - keep) * returns[:, step] ** 2
        ratio[:, step] = np.sqrt(variance) / start
    spread, volume = (
        np.array([getattr(one, name) for one in known]) for name in ("spread", "volume")
    )
    by_spread = np.array([one.elasticity.spread for one in known])
    by_volume = np.array([one.elasticity.volume for one in known])
    return Liquidity(spread * ratio**by_spread, start * ratio, volume * ratio**by_volume)


def _positions(
    book: Mapping[str, float],
    known: Sequence[HoldingLiquidity],
    sessions: Int[np.ndarray, " holding"],
    steps: int,
    exogenous: Float[np.ndarray, "path holding"],
    endogenous: Float[np.ndarray, "path holding"],
    value: float,
) -> list[dict[str, Any]]:
    return [
        {
            "position": name,
            "sessions": int(sessions[k]),
            "beyond_set": bool(sessions[k] > steps),
            "spread": one.spread,
            "spread_source": one.source,
            "mean_spread_cost": float(exogenous[:, k].mean()) / value,
            "mean_impact_cost": float(endogenous[:, k].mean()) / value,
        }
        for k, (name, one) in enumerate(zip(book, known, strict=True))
    ]


def _log(values: Float[np.ndarray, " session"]) -> Float[np.ndarray, " session"]:
    return np.log(
        values, out=np.full(len(values), np.nan), where=np.isfinite(values) & (values > 0)
    )
