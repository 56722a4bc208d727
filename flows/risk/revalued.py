"""A book of quantities on a scenario set: every position revalued in full on every path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.positions import Position
from features.pricing_market import PricingMarket
from flows.refusal import RefusedError
from flows.risk.linear import check_horizon
from flows.risk.numbers import Outcomes
from flows.scenario_sets.files import ScenarioSet
from models.instruments.book import PricedBook, priced_book
from models.instruments.proxies import Proxy, Source, factor_scenarios
from models.portfolio import asset_class, position_pnl

BLOCK = 8192
"""Paths whose factor moves are held together."""


@dataclass(frozen=True, slots=True)
class Revalued:
    """A book of quantities, what it is worth, and what it makes of each path.

    Attributes
    ----------
    book : PricedBook
    value : float
        Today, in the base currency.
    outcomes : Outcomes
        In the base currency.
    notes : tuple of str
        Which factors moved by a stand-in, and which were held.
    """

    book: PricedBook
    value: float
    outcomes: Outcomes
    notes: tuple[str, ...]


def revalued(
    positions: Sequence[Position],
    pricing: PricingMarket,
    told: ScenarioSet,
    *,
    horizon: int,
    base: str,
    proxies: Mapping[str, Proxy] | None = None,
) -> Revalued:
    """Revalue a book on the first ``horizon`` steps of a set; the market moves at once.

    Parameters
    ----------
    positions : sequence of Position
        As the gate let them through.
    pricing : PricingMarket
    told : ScenarioSet
    horizon : int
        At most the set's.
    base : str
        Currency of the answer.
    proxies : mapping of factor, owner or group to Proxy, optional

    Raises
    ------
    RefusedError
        If a position cannot be priced, or a factor has no scenario and may not be held.
    """
    check_horizon(told, horizon)
    sources = [Source(one.instrument, one.move, one.last_close) for one in told.assets]
    parts: list[np.ndarray] = []
    notes: tuple[str, ...] = ()
    try:
        book = priced_book(positions, pricing, base_currency=base)
        for start in range(0, len(told.moves), BLOCK):
            moves = np.asarray(told.moves[start : start + BLOCK, :horizon], dtype=np.float64)
            scenarios = factor_scenarios(book.factors, sources, moves, proxies=proxies)
            parts.append(position_pnl(book, scenarios))
            notes = scenarios.notes
    except ValueError as error:
        raise RefusedError(f"portfolio: {error}") from error
    return Revalued(
        book=book,
        value=float(book.today().sum()),
        outcomes=Outcomes(
            horizon=horizon,
            pnl=np.concatenate(parts) if parts else np.zeros((0, len(positions))),
            positions=tuple(one.instrument for one in positions),
            groups={
                "asset_class": tuple(asset_class(one, pricing) for one in positions),
                "type": tuple(one.type for one in positions),
            },
            weights=None if told.weights is None else np.asarray(told.weights),
            unit=base,
        ),
        notes=notes,
    )
