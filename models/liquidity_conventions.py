"""What positions cost to sell where nothing quotes them: one stated convention for each class.

Every number here is an assumption. Its order of magnitude follows the public source that is named;
none of them was read for this table. A desk that has quotes puts its own numbers here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from features.positions import Position

Measure = Literal["price", "rate", "credit_spread", "credit_level", "volatility", "underlying"]


@dataclass(frozen=True, slots=True)
class Convention:
    """How a class of positions is quoted, and how much of it trades.

    Attributes
    ----------
    spread : float
        Bid to ask, in the unit of ``of``.
    of : str
        What the spread is told in. ``price``: a fraction of what is traded. ``rate``: zero rates,
        decimal, so that the cost is a parallel shift of curves. ``credit_spread``: the issuer's
        spreads, decimal. ``credit_level``: a fraction of the issuer's spreads. ``volatility``:
        volatility points, decimal; or the spread of the underlying on the delta, whichever costs
        more. ``underlying``: that of the underlying's own bars.
    volume : float
        Traded a day, in units of the base currency; of an option and of a future on something
        with bars a share of what the underlying trades.
    source : str
        What the order of magnitude follows.
    """

    spread: float
    of: Measure
    volume: float
    source: str


CONVENTIONS: Mapping[str, Convention] = MappingProxyType(
    {
        "currency": Convention(
            0.0001,
            "price",
            10e9,
            "BIS Triennial Survey 2022: 7.5 trillion dollars a day over all pairs",
        ),
        "future": Convention(
            0.0002, "price", 10e9, "a tick of a liquid contract; exchanges' daily volumes"
        ),
        "future with bars": Convention(0.0, "underlying", 1.0, "as liquid as what it is on"),
        "bond future": Convention(
            0.00016, "price", 20e9, "1/64 of a point; CME daily volumes of Treasury futures"
        ),
        "government bond": Convention(
            0.00005,
            "rate",
            500e6,
            "Fleming 2003 on Treasury spreads; SIFMA daily volumes over some 350 lines",
        ),
        "corporate bond": Convention(
            0.0008,
            "credit_spread",
            5e6,
            "Edwards, Harris and Piwowar 2007; SIFMA daily volumes over thousands of lines",
        ),
        "swap": Convention(
            0.00005, "rate", 2e9, "BIS Triennial Survey 2022: 5.2 trillion dollars a day"
        ),
        "credit default swap": Convention(
            0.06, "credit_level", 20e6, "dealers' runs of single names; ISDA weekly volumes"
        ),
        "option": Convention(
            0.01, "volatility", 0.1, "a volatility point; options trade a tenth of the underlying"
        ),
    }
)
SPREAD_POWER, VOLUME_POWER = 1.0, 0.0
"""Powers of volatility that spread and volume follow where no bars say: a spread in proportion,
and no more volume than usual to sell into."""


def convention_of(position: Position, *, bars: bool) -> tuple[str, Convention] | None:
    """The convention that a position is sold by; None for what is listed, and quotes itself.

    Parameters
    ----------
    position : Position
    bars : bool
        Whether what it is on has daily bars.
    """
    kind = _kind(position, bars=bars)
    return None if kind is None else (kind, CONVENTIONS[kind])


def _kind(position: Position, *, bars: bool) -> str | None:
    if position.type in ("bond", "frn"):
        return "corporate bond" if position.issuer else "government bond"
    if position.type == "future":
        if position.coupon is not None:
            return "bond future"
        return "future with bars" if bars else "future"
    return {
        "fx_spot": "currency",
        "fx_forward": "currency",
        "irs": "swap",
        "cds": "credit default swap",
        "option": "option",
    }.get(position.type)
