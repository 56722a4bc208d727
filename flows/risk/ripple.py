"""One issuer's default on a book of quantities: its bonds, its peers, and the market together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from features.positions import Position
from features.pricing_market import PricingMarket
from flows.refusal import RefusedError
from flows.scenario_sets.files import ScenarioSet
from models.contagion import Issuers, Ripple, copula_of, counterparties, ripple
from models.default_copula import DefaultCopula
from models.instruments.book import PricedBook, priced_book
from models.instruments.proxies import Proxy, Source, factor_scenarios
from models.portfolio import position_pnl

TENOR = 5.0
"""Years of the spreads that tell who may default."""
MARKET, SECTOR = 0.45, 0.45
"""Loadings of every issuer on the market and on its sector, for want of estimates: correlations of
0.2 between sectors and 0.4 within. The Basel formula for corporates has 0.12 to 0.24."""
FREEDOM = 4.0
OWED = 0.2
"""Share of capital that an issuer loses when all others of its counterparty group lose theirs."""
EQUITY_ON_SPREAD = -0.3
"""Log return of an equity for a rise of its issuer's log spread by one: the S&P 500's slope on the
high-yield spread was -0.29 by session and -0.35 by week, 2000 to 2014."""
LEFT = 0.01
"""Share of its price that a defaulted issuer's equity keeps; nothing would have no logarithm."""


def default_ripple(
    positions: Sequence[Position],
    pricing: PricingMarket,
    told: ScenarioSet,
    *,
    issuer: str,
    base: str,
    proxies: dict[str, Proxy],
) -> dict[str, Any]:
    """What a default does to every issuer, and to every position of a book.

    The issuer pays its recovery, spreads of the others follow the copula and what they are owed,
    equities follow their issuers' spreads, and everything else moves as far as it goes with a
    market that falls by what the default tells of it.

    Parameters
    ----------
    positions : sequence of Position
    pricing : PricingMarket
    told : ScenarioSet
        Says how prices and rates go with the equity market over its horizon.
    issuer : str
    base : str
        Currency of the P&L.
    proxies : mapping of factor, owner or group to Proxy

    Raises
    ------
    RefusedError
        If the issuer has no spreads, or the book cannot be valued.
    """
    try:
        issuers = issuers_of(pricing)
        one = ripple(
            issuers, _copula(issuers, pricing), defaulted=issuer, equity_on_spread=EQUITY_ON_SPREAD
        )
        book = priced_book(positions, pricing, base_currency=base)
        pnl = _revalued(book, told, one, proxies)
    except ValueError as error:
        raise RefusedError(f"--default: {error}") from error
    order = np.argsort(pnl, kind="stable")
    return {
        "issuer": issuer,
        "market": one.market,
        "assumptions": {
            "market_loading": MARKET,
            "sector_loading": SECTOR,
            "degrees_of_freedom": FREEDOM,
            "owed_within_group": OWED,
            "equity_on_log_spread": EQUITY_ON_SPREAD,
        },
        "issuers": [_row(one, pricing, at) for at in one.ranked],
        "pnl": float(pnl.sum()),
        "positions": [
            {"position": positions[at].instrument, "pnl": float(pnl[at])} for at in order
        ],
    }


def issuers_of(pricing: PricingMarket) -> Issuers:
    """Every issuer with spreads, with what its counterparty group owes it.

    Raises
    ------
    ValueError
        If there is none.
    """
    names = tuple(sorted(pricing.credit))
    if not names:
        raise ValueError("no issuer has spreads in credit. Add them to the market directory.")
    curves = [pricing.credit[name] for name in names]
    groups = [
        pricing.issuers[name].counterparty_group if name in pricing.issuers else ""
        for name in names
    ]
    return Issuers(
        names=names,
        spread=np.array([np.interp(TENOR, one.tenors, one.spreads) for one in curves]),
        recovery=np.array([one.recovery for one in curves]),
        exposure=counterparties(names, groups, share=OWED),
        tenor=TENOR,
    )


def market_moves(told: ScenarioSet, shift: float) -> Float[np.ndarray, "one asset"]:
    """Move of each asset of a set when its equities together move by ``shift`` deviations.

    The regression of each asset on the mean standardised move of all prices; what an asset does by
    itself is left at nothing.
    """
    total = told.moves.sum(axis=1, dtype=np.float64)
    total -= total.mean(axis=0)
    spread = total.std(axis=0)
    prices = [k for k, one in enumerate(told.assets) if one.kind == "price" and one.move == "log"]
    some = prices or list(range(len(told.assets)))
    market = (total[:, some] / np.where(spread[some] > 0, spread[some], 1.0)).mean(axis=1)
    size = float(market.std())
    if size == 0.0:
        return np.zeros((1, total.shape[1]))
    return (shift * (market @ total) / (len(market) * size))[None]


def _copula(issuers: Issuers, pricing: PricingMarket) -> DefaultCopula:
    sectors = [
        pricing.issuers[name].sector if name in pricing.issuers else name for name in issuers.names
    ]
    places = {sector: at for at, sector in enumerate(dict.fromkeys(sectors))}
    count = len(issuers.names)
    shape = DefaultCopula(
        np.full(count, 0.5),
        np.full(count, MARKET),
        np.full(count, SECTOR),
        np.array([places[sector] for sector in sectors]),
        freedom=FREEDOM,
    )
    return copula_of(issuers, shape)


def _revalued(
    book: PricedBook, told: ScenarioSet, one: Ripple, proxies: dict[str, Proxy]
) -> Float[np.ndarray, " position"]:
    """P&L of each position when everything has moved."""
    sources = [Source(asset.instrument, asset.move, asset.last_close) for asset in told.assets]
    moved = market_moves(told, one.market)
    scenarios = factor_scenarios(book.factors, sources, moved[:, None, :], proxies=proxies)
    widening = dict(zip(one.names, np.log(one.spread_after / one.spread_before), strict=True))
    equity = dict(zip(one.names, np.maximum(one.equity, np.log(LEFT)), strict=True))
    owner = {held.underlying or held.instrument: held.issuer for held in book.positions}
    for at, factor in enumerate(book.factors):
        if factor.group == "default" and factor.owner == one.defaulted:
            scenarios.moves[:, at] = 1.0
        elif factor.group == "credit":
            scenarios.moves[:, at] = widening[factor.owner]
        elif factor.group == "equity" and owner.get(factor.name) in equity:
            scenarios.moves[:, at] = equity[owner[factor.name]]
    return position_pnl(book, scenarios)[0]


def _row(one: Ripple, pricing: PricingMarket, at: int) -> dict[str, Any]:
    name = one.names[at]
    about = pricing.issuers.get(name)
    equity = float(one.equity[at])
    return {
        "issuer": name,
        "sector": about.sector if about else "",
        "probability_before": float(one.probability_before[at]),
        "probability_after": float(one.probability_after[at]),
        "spread_before": float(one.spread_before[at]),
        "spread_after": None if name == one.defaulted else float(one.spread_after[at]),
        "capital_lost": float(one.capital_lost[at]),
        "equity": float(np.expm1(equity)) if np.isfinite(equity) else LEFT - 1.0,
    }
