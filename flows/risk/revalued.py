"""A book of quantities on a scenario set: every position revalued in full on every path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from features.positions import Position
from features.pricing_market import PricingMarket
from flows.ingest import Ingested
from flows.refusal import RefusedError
from flows.risk.linear import check_horizon
from flows.risk.numbers import Outcomes
from flows.risk.proxies import default_proxies
from flows.risk.set_aside import stated
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset
from models.instruments.book import PricedBook, priced_book
from models.instruments.proxies import Proxy, Source, factor_scenarios
from models.instruments.risk_factors import FactorScenarios
from models.portfolio import asset_class, position_pnl

BLOCK = 8192
"""Paths whose factor moves are held together."""
LISTED: Mapping[str, str] = {"price": "equity", "fx": "fx_spot"}
"""Type of a position in a listed instrument of each kind."""

Moves = Float[np.ndarray, "path asset"]
PositionPnl = Float[np.ndarray, "path position"]


@dataclass(frozen=True, slots=True)
class Quantities:
    """A book of quantities, priced once for every question.

    Attributes
    ----------
    held : tuple of Position
        As the gate let them through.
    pricing : PricingMarket
    base : str
        Currency of every value.
    priced : PricedBook
    aside : tuple of str
        What the gate set aside, in words.
    """

    held: tuple[Position, ...]
    pricing: PricingMarket
    base: str
    priced: PricedBook
    aside: tuple[str, ...] = ()

    @property
    def positions(self) -> tuple[str, ...]:
        """Names of the positions."""
        return tuple(one.instrument for one in self.held)

    @property
    def holdings(self) -> Mapping[str, float]:
        """Quantities."""
        return {one.instrument: one.quantity for one in self.held}

    @property
    def unit(self) -> str:
        """The base currency."""
        return self.base

    @property
    def value(self) -> float:
        """Market value today; futures count nothing, and what is owed counts against it."""
        return float(self.priced.today().sum())

    @property
    def size(self) -> float:
        """Market value, or where that is not above zero the sum of its positions' sizes."""
        return self.value if self.value > 0.0 else float(np.abs(self.priced.today()).sum())

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Asset class and type of each position."""
        return {
            "asset_class": tuple(asset_class(one, self.pricing) for one in self.held),
            "type": tuple(one.type for one in self.held),
        }

    @property
    def factor_names(self) -> list[str]:
        """Everything the book's value depends on."""
        return [one.name for one in self.priced.factors]

    def places(self, assets: Sequence[Asset]) -> list[int]:
        """Places of the assets that move a factor of the book."""
        nudged = self.factor_moves(assets, np.diag([1e-4] * len(assets)))
        return [int(k) for k in np.flatnonzero((nudged.moves != 0.0).any(axis=1))]

    def factor_moves(self, assets: Sequence[Asset], moves: Moves) -> FactorScenarios:
        """Moves of the book's factors for total moves of a set's assets.

        Raises
        ------
        RefusedError
            If a price or an exchange rate follows none of them.
        """
        sources = [Source(one.instrument, one.move, one.last_close) for one in assets]
        try:
            return factor_scenarios(
                self.priced.factors,
                sources,
                moves[:, None, :],
                proxies=self.proxies_among(assets),
            )
        except ValueError as error:
            raise RefusedError(f"portfolio: {error}") from error

    def proxies_among(self, assets: Sequence[Asset]) -> dict[str, Proxy]:
        """Stand-ins for the factors that no series is named like."""
        return default_proxies(assets, self.factor_names, stated=self.pricing.proxies)

    def repriced(self, assets: Sequence[Asset]) -> Callable[[Moves], PositionPnl]:
        """Full revaluation for total moves of these assets."""

        def pnl(moves: Moves) -> PositionPnl:
            return self.revalued(self.factor_moves(assets, moves))

        return pnl

    def revalued(self, scenarios: FactorScenarios) -> PositionPnl:
        """P&L of every position, the market moving at once.

        Raises
        ------
        RefusedError
            If a value is not finite.
        """
        try:
            return position_pnl(self.priced, scenarios)
        except ValueError as error:
            raise RefusedError(f"portfolio: {error}") from error

    def outcomes(self, told: ScenarioSet, *, horizon: int) -> Outcomes:
        """P&L of every position on the first ``horizon`` steps of a set.

        Raises
        ------
        RefusedError
            If the set is shorter, or a factor has no scenario and may not be held.
        """
        check_horizon(told, horizon)
        reprice = self.repriced(told.assets)
        parts = [
            reprice(told.moves[start : start + BLOCK, :horizon].sum(axis=1, dtype=np.float64))
            for start in range(0, len(told.moves), BLOCK)
        ]
        return Outcomes(
            horizon=horizon,
            pnl=np.concatenate(parts) if parts else np.zeros((0, len(self.held))),
            positions=self.positions,
            groups=self.groups,
            weights=None if told.weights is None else np.asarray(told.weights),
            unit=self.base,
        )

    def notes(self, assets: Sequence[Asset]) -> tuple[str, ...]:
        """What was set aside, which factors follow a stand-in, and which are held."""
        return (*self.aside, *self.factor_moves(assets, np.zeros((1, len(assets)))).notes)

    def alone(self, name: str) -> Quantities | None:
        """One unit of a position, or of a listed instrument; None where it is neither."""
        known = next((one for one in self.held if one.instrument == name), None)
        if known is not None:
            return self.of((replace(known, quantity=1.0),))
        listed = self.pricing.instruments.get(name)
        if listed is None or not listed.holdable or listed.kind not in LISTED:
            return None
        return self.of((Position(name, 1.0, LISTED[listed.kind], listed.currency),))

    def of(self, held: tuple[Position, ...]) -> Quantities:
        """Other positions on the same market.

        Raises
        ------
        RefusedError
            If one cannot be priced.
        """
        return replace(self, held=held, priced=_priced(held, self.pricing, self.base), aside=())


def quantities(found: Ingested, name: str, *, base: str) -> Quantities:
    """A book of quantities as the gate let it through.

    Parameters
    ----------
    found : Ingested
    name : str
        Of the book.
    base : str
        Currency of every value.

    Raises
    ------
    RefusedError
        If it cannot be priced, or too much of it was set aside.
    """
    pricing = found.verdicts.pricing
    if pricing is None:
        raise RefusedError("portfolio: nothing was handed on to value it with. Read it again.")
    held = tuple(found.verdicts.positions[name])
    gone = found.verdicts.set_aside.get(name, ())
    return Quantities(
        held,
        pricing,
        base,
        _priced(held, pricing, base),
        aside=stated(name, held, gone, pricing, base=base) if gone else (),
    )


def _priced(held: Sequence[Position], pricing: PricingMarket, base: str) -> PricedBook:
    try:
        return priced_book(held, pricing, base_currency=base)
    except ValueError as error:
        raise RefusedError(f"portfolio: {error}") from error
