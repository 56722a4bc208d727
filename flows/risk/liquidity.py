"""Risk after the cost of getting out: what a book of weights loses while it is being sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from features.market import MarketData
from features.spreads import abdi_ranaldo_spread, corwin_schultz_spread, edge_spread
from features.volatility import ewma_volatility
from flows.risk.linear import held_places
from flows.scenario_sets.files import ScenarioSet
from models.liquidation import evenly, sessions_to_sell
from models.liquidity import Elasticity, Impact, Liquidity, fit_elasticity, liquidate
from models.liquidity_conventions import SPREAD_POWER, VOLUME_POWER
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
        Fitted on its past; the stated powers where that is too short.
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
    if not (np.isfinite(traded[-USUAL:]).any() and np.nanmedian(traded[-USUAL:]) > 0.0):
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
        if (np.nan_to_num(spread[-USUAL:]) > 0.0).any()
    }
    usual = {source: spread for source, spread in usual.items() if spread > 0.0}
    if not usual:
        return "no spread can be seen in the bars of the last quarter"
    # Where a spread is small each estimate is mostly noise, which none of them lets fall below
    # zero: the least of them is the nearest, unless it sees nothing at all.
    source = min(usual, key=lambda one: usual[one])
    try:
        elasticity = fit_elasticity(_log(estimates[source]), _log(traded), _log(volatility))
    except ValueError:  # too short a past
        elasticity = Elasticity(SPREAD_POWER, VOLUME_POWER)
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
    fitted on the instrument's past; where the set holds spreads and depths, by those.

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
        shares of value; ``positions`` with horizon, spread and cost of each; ``untold``, the
        holdings without bars and their weights: sold in one session at no cost.
    """
    if not book:
        return {"status": "the book holds nothing"}
    found = {name: holding_liquidity(market, name) for name in book}
    untold = {name: why for name, why in found.items() if isinstance(why, str)}
    if len(untold) == len(book):
        return {"status": "; ".join(f"{name}: {why}" for name, why in untold.items())}
    known = [one for one in found.values() if isinstance(one, HoldingLiquidity)]
    sold = [name for name, one in found.items() if isinstance(one, HoldingLiquidity)]
    weights = np.array([book[name] for name in sold], dtype=np.float64)
    steps = told.moves.shape[1]
    sessions = sessions_to_sell(
        weights * value, np.array([one.volume for one in known]), participation=PARTICIPATION
    )
    within = np.minimum(sessions, steps)
    longest = int(within.max())
    at = held_places({name: book[name] for name in sold}, told)
    returns = np.expm1(np.asarray(told.moves[:, :longest])[:, :, at].astype(np.float64))
    held = evenly(within, longest)
    out = liquidate(
        returns * weights * value,
        weights * value,
        held,
        _of_set(told, at, longest, known, _along(known, returns)),
        impact=Impact(),
    )
    rest = {name: book[name] for name in untold}
    first = np.asarray(told.moves[:, 0])[:, held_places(rest, told)]
    with_cost = out.pnl.sum(axis=1) / value + np.expm1(first) @ np.array(list(rest.values()))
    cost = (out.exogenous + out.endogenous).sum(axis=1) / value
    path_weights = None if told.weights is None else np.asarray(told.weights)
    return {
        "status": "computed",
        "value": value,
        "participation": PARTICIPATION,
        "levels": measured(with_cost + cost, with_cost, alphas=alphas, weights=path_weights),
        "positions": [
            {
                "position": name,
                "sessions": int(sessions[k]),
                "beyond_set": bool(sessions[k] > steps),
                "spread": one.spread,
                "spread_source": one.source if told.spread is None else "scenario set",
                "mean_spread_cost": float(out.exogenous[:, k].mean()) / value,
                "mean_impact_cost": float(out.endogenous[:, k].mean()) / value,
            }
            for k, (name, one) in enumerate(zip(sold, known, strict=True))
        ],
        "untold": [
            {"position": name, "why": why, "value": book[name]} for name, why in untold.items()
        ],
    }


def measured(
    without: Float[np.ndarray, " path"],
    with_cost: Float[np.ndarray, " path"],
    *,
    alphas: Sequence[float],
    weights: Float[np.ndarray, " path"] | None,
) -> list[dict[str, float]]:
    """VaR and ES of a sale with and without its costs, one row a level."""
    return [
        {
            "alpha": alpha,
            "var": value_at_risk(without, alpha=alpha, weights=weights),
            "es": expected_shortfall(without, alpha=alpha, weights=weights),
            "liquidity_adjusted_var": value_at_risk(with_cost, alpha=alpha, weights=weights),
            "liquidity_adjusted_es": expected_shortfall(with_cost, alpha=alpha, weights=weights),
        }
        for alpha in alphas
    ]


def _of_set(
    told: ScenarioSet,
    at: list[int],
    longest: int,
    known: Sequence[HoldingLiquidity],
    modelled: Liquidity,
) -> Liquidity:
    """Spread and depth of the set where it has them: drawn with the moves, not derived."""

    def drawn(
        array: NDArray[np.float32] | None, usual: Float[np.ndarray, " holding"] | float
    ) -> Float[np.ndarray, "path step holding"] | None:
        if array is None:
            return None
        return np.asarray(array[:, :longest])[:, :, at].astype(np.float64) * usual

    spread, volume = modelled.spread, modelled.volume
    if (own := drawn(told.spread, 1.0)) is not None:
        spread = np.where(np.isfinite(own), own, spread)
    if (own := drawn(told.depth, np.array([one.volume for one in known]))) is not None:
        volume = np.where(own > 0.0, own, volume)
    return Liquidity(spread, modelled.volatility, volume)


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


def _log(values: Float[np.ndarray, " session"]) -> Float[np.ndarray, " session"]:
    return np.log(
        values, out=np.full(len(values), np.nan), where=np.isfinite(values) & (values > 0)
    )
