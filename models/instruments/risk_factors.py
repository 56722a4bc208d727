"""What moves the value of a book, and how far each of it moves in every scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np
import torch
from jaxtyping import Float

from features.instruments import Instrument, Move
from features.pricing_market import CreditCurve, PricingMarket, VolSurface, ZeroCurve

Group = Literal["equity", "fx", "commodity", "rate", "credit", "volatility", "default"]
T = TypeVar("T")
Moves = Float[np.ndarray, "path factor"]


@dataclass(frozen=True, slots=True)
class Factor:
    """One number that the market sets.

    Attributes
    ----------
    name : str
        A price or FX rate has its instrument's name; the others ``curve:USD:5``,
        ``credit:ACME:5``, ``vol:ACME:2025-12-19:100`` and ``default:ACME``.
    group : str
        What kind of risk it is.
    move : {"log", "diff"}
        How it moves. Prices, spreads and volatilities by ``log`` (a price that may turn negative
        by ``diff``); zero rates by ``diff`` in decimals, so 0.01 is a percentage point.
        ``default`` moves from 0 to 1 by ``diff``.
    base : float
        Level today.
    owner : str
        The instrument, curve, issuer or underlying it belongs to.
    tenor : float
        Years; 0 where it has none.
    strike : float
        Of a volatility; 0 elsewhere.
    """

    name: str
    group: Group
    move: Move
    base: float
    owner: str
    tenor: float = 0.0
    strike: float = 0.0


@dataclass(frozen=True, slots=True)
class FactorScenarios:
    """Where every factor of a book stands in each scenario.

    Attributes
    ----------
    factors : tuple of Factor
        In axis order.
    moves : array of shape (path, factor)
        Move from today to the horizon, each in the factor's own ``move``.
    notes : tuple of str
        Which factors were moved by a stand-in, and which were held.
    """

    factors: tuple[Factor, ...]
    moves: Moves
    notes: tuple[str, ...] = ()

    def levels(self) -> Moves:
        """Levels of shape (path, factor)."""
        base, is_log = base_levels(self.factors)
        return levels(torch.from_numpy(self.moves.T), base, is_log).T.numpy()

    def chunks(self, size: int) -> Iterator[FactorScenarios]:
        """The same scenarios, at most ``size`` at a time."""
        for start in range(0, len(self.moves), size):
            yield replace(self, moves=self.moves[start : start + size])


def base_levels(factors: tuple[Factor, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Levels today, and which of them move by logarithm, both of shape (factor, 1)."""
    base = torch.tensor([[each.base] for each in factors], dtype=torch.float64)
    is_log = torch.tensor([[each.move == "log"] for each in factors], dtype=torch.bool)
    return base.reshape(-1, 1), is_log.reshape(-1, 1)


def levels(moves: torch.Tensor, base: torch.Tensor, is_log: torch.Tensor) -> torch.Tensor:
    """Levels of shape (factor, path) after moves of the same shape."""
    return torch.where(is_log, base * torch.exp(torch.where(is_log, moves, 0.0)), base + moves)


@dataclass(slots=True)
class FactorIndex:
    """The factors that a book turns out to need, and the row of each.

    Attributes
    ----------
    market : PricingMarket
    """

    market: PricingMarket
    _rows: dict[str, int] = field(default_factory=dict[str, int])
    _factors: list[Factor] = field(default_factory=list[Factor])

    @property
    def factors(self) -> tuple[Factor, ...]:
        """In row order."""
        return tuple(self._factors)

    def spot(self, name: str) -> int:
        """Row of a price or an FX rate.

        Raises
        ------
        ValueError
            If it is not described, or has no close.
        """
        instrument = self.market.instruments.get(name)
        close = self.market.closes.get(name, float("nan"))
        if instrument is None or not np.isfinite(close):
            lacks = "is not described in instruments" if instrument is None else "has no close"
            raise ValueError(
                f"underlying {name!r} {lacks}. Add it to the market directory, or remove the "
                "position: it is never taken as zero."
            )
        return self._row(Factor(name, _group(instrument), instrument.move, close, name))

    def curve(self, name: str) -> tuple[ZeroCurve, list[int]]:
        """A zero curve and the rows of its nodes.

        Raises
        ------
        ValueError
            If there is no such curve.
        """
        curve = _found(self.market.curves, name, "curve", "curves")
        nodes = zip(curve.tenors.tolist(), curve.rates.tolist(), strict=True)
        return curve, [
            self._row(Factor(f"curve:{name}:{tenor:g}", "rate", "diff", rate, name, tenor))
            for tenor, rate in nodes
        ]

    def credit(self, issuer: str) -> tuple[CreditCurve, list[int]]:
        """An issuer's spreads and the rows of their tenors.

        Raises
        ------
        ValueError
            If the issuer has no spreads.
        """
        curve = _found(self.market.credit, issuer, "issuer", "credit")
        nodes = zip(curve.tenors.tolist(), curve.spreads.tolist(), strict=True)
        return curve, [
            self._row(Factor(f"credit:{issuer}:{tenor:g}", "credit", "log", spread, issuer, tenor))
            for tenor, spread in nodes
        ]

    def default(self, issuer: str) -> int:
        """Row of an issuer's default: 0 today, 1 in a scenario in which it defaults."""
        return self._row(Factor(f"default:{issuer}", "default", "diff", 0.0, issuer))

    def surface(
        self, underlying: str, nodes: list[tuple[int, int]]
    ) -> tuple[VolSurface, list[int]]:
        """A volatility surface and the rows of some of its (expiry, strike) nodes.

        Raises
        ------
        ValueError
            If the underlying has no surface.
        """
        surface = _found(self.market.surfaces, underlying, "underlying", "vols")
        rows: list[int] = []
        for i, j in nodes:
            expiry, strike = surface.expiries[i], float(surface.strikes[j])
            name = f"vol:{underlying}:{expiry:%Y-%m-%d}:{strike:g}"
            years, vol = self.market.years(expiry), float(surface.vols[i, j])
            rows.append(
                self._row(Factor(name, "volatility", "log", vol, underlying, years, strike))
            )
        return surface, rows

    def _row(self, factor: Factor) -> int:
        if factor.name not in self._rows:
            self._rows[factor.name] = len(self._factors)
            self._factors.append(factor)
        return self._rows[factor.name]


def _group(instrument: Instrument) -> Group:
    if instrument.kind == "fx":
        return "fx"
    if "commodity" in instrument.asset_class:
        return "commodity"
    return "rate" if "bond" in instrument.asset_class else "equity"


def _found(table: Mapping[str, T], name: str, what: str, where: str) -> T:
    if name not in table:
        known = ", ".join(sorted(table)) or "none"
        raise ValueError(
            f"{what} {name!r} is not in {where} at the as-of (there are: {known}). "
            f"Add it to {where}, or remove the position."
        )
    return table[name]
