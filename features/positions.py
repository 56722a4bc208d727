"""What is held: one position a row, with the terms that its type needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "equity": (),
    "fx_spot": (),
    "fx_forward": ("underlying", "strike", "maturity"),
    "future": ("underlying", "expiry"),
    "bond": ("notional", "coupon", "frequency", "day_count", "maturity"),
    "frn": ("notional", "frequency", "day_count", "maturity"),
    "irs": ("notional", "fixed_rate", "frequency", "day_count", "maturity"),
    "cds": ("notional", "issuer", "fixed_rate", "maturity"),
    "option": ("underlying", "strike", "expiry", "call_put", "style"),
}
"""Terms without which a position of the type has no price; every type needs a quantity."""
RELEVANT: Mapping[str, tuple[str, ...]] = {
    "equity": ("issuer",),
    "fx_spot": (),
    "fx_forward": ("notional", "curve"),
    "future": ("multiplier", "curve", "coupon", "frequency", "day_count", "maturity"),
    "bond": ("issuer", "curve"),
    "frn": ("coupon", "float_index", "issuer", "curve"),
    "irs": ("pay_receive", "float_index", "curve"),
    "cds": ("frequency", "day_count", "curve"),
    "option": ("multiplier", "curve", "issuer"),
}
"""Terms that a position of the type may have; any other is warned of and not used."""
WORDS: Mapping[str, tuple[str, ...]] = {
    "pay_receive": ("pay", "receive"),
    "call_put": ("call", "put"),
    "style": ("european", "american"),
}
DAY_COUNTS = ("ACT/360", "ACT/365", "ACT/ACT", "30/360")
FREQUENCIES = (1, 2, 4, 12)


@dataclass(frozen=True, slots=True)
class Position:
    """One holding of a book of quantities.

    Attributes
    ----------
    instrument : str
        Its own name: that of a price for ``equity`` and ``fx_spot``, a label for the rest.
    quantity : float
        Units held. Above zero is long; protection bought; paying fixed.
    type : str
        One of `REQUIRED`.
    currency : str
        In which it is valued: for a pair such as EURUSD the second, USD.
    notional : float or None
        Face of one unit; of an ``fx_forward`` in the first currency of the pair.
    issuer : str
        Whose default it depends on; empty is a bond that cannot default.
    coupon : float or None
        Rate a year, decimal; of an ``frn`` the margin over its index.
    frequency : int or None
        Payments a year.
    day_count : str
        One of `DAY_COUNTS`, or empty.
    maturity, expiry : pandas.Timestamp or None
    fixed_rate : float or None
        Of an ``irs`` the fixed leg's rate, of a ``cds`` the running spread; decimal, a year.
    pay_receive : {"pay", "receive", ""}
        What one unit of an ``irs`` does with the fixed leg; empty is pay.
    float_index : str
        Curve that projects the floating payments; empty is the curve that discounts.
    underlying : str
        Name of a price or FX rate.
    strike : float or None
        In units of the underlying's price; of an ``fx_forward`` the agreed rate.
    call_put, style : str
    multiplier : float or None
        Units of the underlying in one contract; None is 1.
    curve : str
        Curve that discounts; empty is the one of the currency.
    row : int
        Row in its file, from 1.
    """

    instrument: str
    quantity: float
    type: str
    currency: str
    notional: float | None = None
    issuer: str = ""
    coupon: float | None = None
    frequency: int | None = None
    day_count: str = ""
    maturity: pd.Timestamp | None = None
    fixed_rate: float | None = None
    pay_receive: str = ""
    float_index: str = ""
    underlying: str = ""
    strike: float | None = None
    expiry: pd.Timestamp | None = None
    call_put: str = ""
    style: str = ""
    multiplier: float | None = None
    curve: str = ""
    row: int = 0

    @property
    def ends(self) -> pd.Timestamp | None:
        """Last day of its life; None where it has none."""
        if self.type in ("future", "option"):
            return self.expiry
        return self.maturity


def positions_from(book: pd.DataFrame) -> tuple[Position, ...]:
    """Positions of a readable book of quantities, in its order.

    Parameters
    ----------
    book : DataFrame
        Columns as in the table; an absent or empty optional cell takes the default.
    """
    names = [field.name for field in fields(Position) if field.name in book.columns]
    cells = book[names].astype(object)
    found: list[Position] = []
    for row in cells.where(cells.notna(), "").itertuples(index=False, name=None):
        given: dict[str, Any] = {"quantity": float("nan")}  # empty: the gate refuses it
        given |= {name: cell for name, cell in zip(names, row, strict=True) if cell != ""}
        if "frequency" in given:
            given["frequency"] = int(given["frequency"])
        found.append(Position(**given))
    return tuple(found)
