"""What selling each position of a book of quantities costs today, and how much of it trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from features.positions import Position
from models.instruments.book import PricedBook
from models.instruments.risk_factors import Factor, FactorScenarios, base_levels
from models.liquidity_conventions import (
    CONVENTIONS,
    SPREAD_POWER,
    VOLUME_POWER,
    Convention,
    convention_of,
)
from models.portfolio import position_pnl

NUDGE = 1e-5
"""Move of a factor that a slope is taken over: a tenth of a basis point."""
LEAST = 1e-6
"""What changes hands at least, so that what costs something and has no delta can be divided by."""
POINT = 100.0
"""Face of a bond future's contract, for one unit of its multiplier."""


@dataclass(frozen=True, slots=True)
class Traded:
    """What a listed series shows of its own liquidity.

    Attributes
    ----------
    spread : float
        Bid to ask, as a fraction of price.
    volume : float
        Usual daily volume, in the base currency.
    spread_power, volume_power : float
        How both follow volatility.
    source : str
        What the spread was read from.
    """

    spread: float
    volume: float
    spread_power: float
    volume_power: float
    source: str


@dataclass(frozen=True, slots=True)
class Sale:
    """What selling one position takes.

    Attributes
    ----------
    traded : float
        Amount that changes hands when all of it is sold, in the base currency; positive.
    half_spread : float
        Cost of crossing half the spread with all of it, in the base currency; positive.
    volume : float
        What trades a day, in the base currency.
    spread_power, volume_power : float
    source : str
        The convention, or the estimator of the spread.
    """

    traded: float
    half_spread: float
    volume: float
    spread_power: float
    volume_power: float
    source: str


def sales(book: PricedBook, listed: Mapping[str, Traded | str]) -> list[Sale | str]:
    """Cost and volume of every position, or why they cannot be told.

    What has bars of its own is sold by them; a future or an option by those of what it is on;
    everything else by `models.liquidity_conventions`.

    Parameters
    ----------
    book : PricedBook
    listed : mapping of instrument to Traded or str
        What the bars of the listed series say, or why they say nothing.

    Returns
    -------
    list of Sale or str
        One a position, in its order.
    """
    slopes = _nudged(book)
    values = np.abs(book.today())
    rates = book.conversion.rates(base_levels(book.factors)[0])[:, 0].tolist()
    found: list[Sale | str] = []
    for k, position in enumerate(book.positions):
        rows = np.flatnonzero(slopes[k])
        own = _Slopes([book.factors[row] for row in rows], slopes[k, rows], rates[k])
        found.append(_sale(position, own, float(values[k]), listed))
    return found


def _nudged(book: PricedBook) -> Float[np.ndarray, "position factor"]:
    """Slopes by differences, which is near enough for what a sale costs.

    Exact ones are `models.instruments.sensitivities`; the first of them in a process costs seconds.
    """
    up = NUDGE * np.eye(len(book.factors))
    found = position_pnl(book, FactorScenarios(book.factors, np.vstack([up, -up])))
    rise, fall = np.split(found, 2)
    return (rise - fall).T / (2.0 * NUDGE)


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Slopes of one position in the moves of its factors, and what its currency is worth."""

    factors: Sequence[Factor]
    slopes: Float[np.ndarray, " factor"]
    rate: float

    def over(self, prefix: str, *, per_level: bool = False) -> float:
        """Change of value when all factors of a kind move together, absolute.

        For a factor that moves by logarithm by one of its logarithm; ``per_level``, of its level.
        """
        return abs(
            sum(
                slope / (factor.base if per_level else 1.0)
                for factor, slope in zip(self.factors, self.slopes.tolist(), strict=True)
                if factor.name.startswith(prefix)
            )
        )

    def on(self, name: str) -> float:
        """Amount of a price or an exchange rate that moves with the position, absolute."""
        return sum(
            abs(slope) * (1.0 if factor.move == "log" else abs(factor.base))
            for factor, slope in zip(self.factors, self.slopes.tolist(), strict=True)
            if factor.name == name
        )


def _sale(
    position: Position, slopes: _Slopes, value: float, listed: Mapping[str, Traded | str]
) -> Sale | str:
    name = position.underlying or position.instrument
    bars = listed.get(name, "is no listed series")
    found = convention_of(position, bars=isinstance(bars, Traded))
    if found is None:  # a share, sold by its own bars
        if isinstance(bars, str):
            return bars
        return Sale(
            max(value, LEAST),
            0.5 * bars.spread * value,
            bars.volume,
            bars.spread_power,
            bars.volume_power,
            bars.source,
        )
    kind, convention = found
    on = bars if isinstance(bars, Traded) else None
    traded = max(_traded(position, slopes, value), LEAST)
    return Sale(
        traded=traded,
        half_spread=0.5 * _crossed(convention, slopes, traded, on),
        volume=convention.volume * _underlying_volume(kind, on),
        spread_power=on.spread_power if on else SPREAD_POWER,
        volume_power=on.volume_power if on else VOLUME_POWER,
        source=kind,
    )


def _underlying_volume(kind: str, on: Traded | None) -> float:
    """What a share of volume is a share of; one where the convention names an amount."""
    if kind not in ("option", "future with bars"):
        return 1.0
    # Options on what has no bars: on currencies, by far the most of them.
    return on.volume if on is not None else CONVENTIONS["currency"].volume


def _traded(position: Position, slopes: _Slopes, value: float) -> float:
    if position.type in ("bond", "frn", "fx_spot"):
        return value
    if position.type in ("irs", "cds"):
        return abs(position.quantity) * float(position.notional or 0.0) * slopes.rate
    if position.type == "future" and position.coupon is not None:
        return abs(position.quantity) * POINT * float(position.multiplier or 1.0) * slopes.rate
    return slopes.on(position.underlying or position.instrument)


def _crossed(convention: Convention, slopes: _Slopes, traded: float, on: Traded | None) -> float:
    """Cost of the whole spread."""
    if convention.of == "price":
        return convention.spread * traded
    if convention.of == "underlying":
        return (on.spread if on else 0.0) * traded
    if convention.of == "rate":
        return convention.spread * slopes.over("curve:")
    if convention.of == "credit_spread":
        return convention.spread * slopes.over("credit:", per_level=True)
    if convention.of == "credit_level":
        return convention.spread * slopes.over("credit:")
    spread = on.spread if on is not None else CONVENTIONS["currency"].spread
    vega = slopes.over("vol:", per_level=True)
    return max(convention.spread * vega, spread * traded)
