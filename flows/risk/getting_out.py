"""Risk after the cost of getting out of a book of quantities, each position at its own pace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from features.market import MarketData
from flows.risk.liquidity import HALF_LIFE, PARTICIPATION, holding_liquidity, measured
from flows.risk.numbers import Outcomes
from flows.risk.revalued import Quantities
from flows.risk.set_aside import rate
from flows.scenario_sets.files import ScenarioSet
from models.liquidation import evenly, sessions_to_sell
from models.liquidity import Impact, Liquidity, liquidate
from models.position_liquidity import Sale, Traded, sales

BLOCK = 4096
"""Paths that are sold along at a time."""


def quantities_liquidity(
    book: Quantities,
    told: ScenarioSet,
    near: Outcomes,
    market: MarketData,
    *,
    alphas: Sequence[float],
) -> dict[str, Any]:
    """VaR and ES of a book of quantities while it is sold, after spread and impact.

    Each position is sold evenly over as many sessions as keep its sales to a tenth of what trades
    a day, at most the set's, and revalued in full at each. Half the spread is paid on what is
    sold; impact goes by the square root of the share of the day's volume, in standard deviations
    of the position's own P&L. Both are stressed along each path with the volatility of the series
    that the position follows most.

    Parameters
    ----------
    book : Quantities
    told : ScenarioSet
    near : Outcomes
        Of the book over one session.
    market : MarketData
        Whose bars tell of listed series.
    alphas : sequence of float

    Returns
    -------
    dict
        As `flows.risk.liquidity.liquidity_adjusted`, in the base currency. ``untold`` counts the
        positions that nothing is known of, with their market value: they are sold in one session
        at no cost.
    """
    found = sales(book.priced, _listed(book, market))
    at = [k for k, one in enumerate(found) if isinstance(one, Sale)]
    known = [one for one in found if isinstance(one, Sale)]
    if not known:
        return {"status": "nothing is known of what any position costs to sell"}
    traded = np.array([one.traded for one in known])
    volume = np.array([one.volume for one in known])
    steps = told.moves.shape[1]
    sessions = sessions_to_sell(traded, volume, participation=PARTICIPATION)
    within = np.minimum(sessions, steps)
    sold = _Sold(book, told, near, at, known, within)
    parts = [sold.block(start) for start in range(0, len(told.moves), BLOCK)]
    free, with_cost = (np.concatenate([one[k] for one in parts]) for k in (0, 1))
    spread, impact = (np.sum([one[k] for one in parts], axis=0) / len(told.moves) for k in (2, 3))
    values = book.priced.today()
    return {
        "status": "computed",
        "value": book.value,
        "participation": PARTICIPATION,
        "levels": measured(free, with_cost, alphas=alphas, weights=near.weights),
        "positions": [
            {
                "position": book.positions[place],
                "sessions": int(sessions[k]),
                "beyond_set": bool(sessions[k] > steps),
                "spread": 2.0 * one.half_spread / one.traded,
                "spread_source": one.source,
                "mean_spread_cost": float(spread[k]),
                "mean_impact_cost": float(impact[k]),
            }
            for k, (place, one) in enumerate(zip(at, known, strict=True))
        ],
        "untold": [
            {"position": book.positions[k], "why": one, "value": float(values[k])}
            for k, one in enumerate(found)
            if isinstance(one, str)
        ],
    }


class _Sold:
    """A book on its way out along the paths of a set."""

    def __init__(
        self,
        book: Quantities,
        told: ScenarioSet,
        near: Outcomes,
        at: list[int],
        known: Sequence[Sale],
        within: Int[np.ndarray, " position"],
    ) -> None:
        self.told, self.near, self.at, self.known = told, near, at, known
        self.within, self.longest = within, int(within.max())
        self.held = evenly(within, self.longest)
        self.deviation = near.pnl.std(axis=0)[at]
        self.drivers = _drivers(book, told, near, at)
        self.start = np.asarray(told.moves[:, 0])[:, self.drivers].std(axis=0, dtype=np.float64)
        # What is sold in one session is not priced again at the second.
        self.slow = [
            (
                np.flatnonzero(within >= step),
                book.of(tuple(book.held[at[k]] for k in np.flatnonzero(within >= step))),
            )
            for step in range(2, self.longest + 1)
        ]

    def block(self, start: int) -> tuple[Float[np.ndarray, " path"], ...]:
        """P&L of the book without and with costs, and both costs summed over the paths."""
        moves = np.asarray(self.told.moves[start : start + BLOCK, : self.longest])
        near = self.near.pnl[start : start + BLOCK]
        step_pnl = np.zeros((len(moves), self.longest, len(self.at)))
        step_pnl[:, 0] = near[:, self.at]
        before = near[:, self.at].copy()
        for step, (places, book) in enumerate(self.slow, start=2):
            total = moves[:, :step].sum(axis=1, dtype=np.float64)
            now = book.repriced(self.told.assets)(total)
            step_pnl[:, step - 1, places] = now - before[:, places]
            before[:, places] = now
        traded = np.array([one.traded for one in self.known])
        out = liquidate(step_pnl, traded, self.held, self._along(moves), impact=Impact())
        rest = near.sum(axis=1) - near[:, self.at].sum(axis=1)
        with_cost = out.pnl.sum(axis=1) + rest
        cost = (out.exogenous + out.endogenous).sum(axis=1)
        return with_cost + cost, with_cost, out.exogenous.sum(axis=0), out.endogenous.sum(axis=0)

    def _along(self, moves: Float[np.ndarray, "path step asset"]) -> Liquidity:
        """Liquidity on each path: volatility decays towards what the path itself does."""
        ratio = np.empty((len(moves), self.longest, len(self.at)))
        keep = 0.5 ** (1.0 / HALF_LIFE)
        square = np.ones((len(moves), len(self.at)))
        start = np.where(self.start > 0.0, self.start, 1.0)
        for step in range(self.longest):
            square = keep * square + (1.0 - keep) * (moves[:, step, self.drivers] / start) ** 2
            ratio[:, step] = np.sqrt(square)
        traded = np.array([one.traded for one in self.known])
        spread, volume, by_spread, by_volume = (
            np.array([getattr(one, name) for one in self.known])
            for name in ("half_spread", "volume", "spread_power", "volume_power")
        )
        return Liquidity(
            2.0 * spread / traded * ratio**by_spread,
            self.deviation / traded * ratio,
            volume * ratio**by_volume,
        )


def _listed(book: Quantities, market: MarketData) -> dict[str, Traded | str]:
    """What the bars of everything listed that the book holds, or is on, say."""
    names = {name for one in book.held for name in (one.instrument, one.underlying)}
    found: dict[str, Traded | str] = {}
    for name in sorted(names & set(market.instruments)):
        one = holding_liquidity(market, name)
        if isinstance(one, str):
            found[name] = one
            continue
        currency = market.instruments[name].currency
        worth = rate(currency, book.base, book.pricing.closes)
        if not np.isfinite(worth):
            found[name] = f"no rate between {currency} and {book.base} to tell its volume by"
            continue
        found[name] = Traded(
            one.spread,
            one.volume * worth,
            one.elasticity.spread,
            one.elasticity.volume,
            one.source,
        )
    return found


def _drivers(
    book: Quantities, told: ScenarioSet, near: Outcomes, at: Sequence[int]
) -> Int[np.ndarray, " position"]:
    """Series of the set that each position follows most over a session.

    That of its underlying where there is one, else by correlation.
    """
    place = {asset.instrument: k for k, asset in enumerate(told.assets)}
    moves = np.asarray(told.moves[:, 0], dtype=np.float64)
    away = moves - moves.mean(axis=0)
    away /= np.where((size := np.linalg.norm(away, axis=0)) > 0.0, size, 1.0)
    with_series = np.abs(away.T @ near.pnl)[:, list(at)]  # moves are centred, P&L need not be
    return np.array(
        [
            place.get(book.held[k].underlying or book.held[k].instrument, int(nearest))
            for k, nearest in zip(at, with_series.argmax(axis=0), strict=True)
        ],
        dtype=np.int64,
    )
