"""The tables of a market directory: their columns, what each holds, and which are required."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Content = Literal["text", "number", "whole", "date", "instant", "moment"]


@dataclass(frozen=True, slots=True)
class Table:
    """Shape of one table.

    Attributes
    ----------
    name : str
        File name without its ending.
    series : str
        Column that names the series: a faulty cell costs that series, not the table.
    required, optional : mapping of column to content
        A cell of a required text, date or instant column may not be empty; an empty number is a
        missing value everywhere.
    may_be_empty : bool
        Whether a header without rows is an answer. An empty book is one (it carries no risk);
        an empty table of prices is not.
    blank : tuple of str
        Required text columns whose cells may be empty all the same: a trade of unknown side.
    explained : mapping of column to remedy
        What to say where such a column stands in place of a required one.
    """

    name: str
    series: str
    required: Mapping[str, Content]
    optional: Mapping[str, Content]
    may_be_empty: bool = False
    blank: tuple[str, ...] = ()
    explained: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def columns(self) -> dict[str, Content]:
        """Every column the table may have, required ones first."""
        return {**self.required, **self.optional}


INSTRUMENTS = Table(
    "instruments",
    series="instrument",
    required={
        "instrument": "text",
        "asset_class": "text",
        "currency": "text",
        "kind": "text",
        "move": "text",
    },
    optional={
        "calendar": "text",
        "close_time": "text",
        "timezone": "text",
        "lag_sessions": "whole",
        "listed_from": "date",
        "listed_to": "date",
        "description": "text",
        "sector": "text",
        "source": "text",
        "licence": "text",
    },
)
PRICES = Table(
    "prices",
    series="instrument",
    required={"date": "date", "instrument": "text", "close": "number"},
    optional=dict.fromkeys(("open", "high", "low", "volume", "dollar_volume"), "number"),
)
_RELEASES: dict[str, Content] = {
    "date": "date",
    "series": "text",
    "value": "number",
    "available_at": "instant",
}
MACRO = Table("macro", series="series", required=_RELEASES, optional={"vintage": "text"})
NEWS = Table("news", series="series", required=_RELEASES, optional={"vintage": "text"})
BOOK = Table(
    "portfolio",
    series="instrument",
    required={"instrument": "text", "weight": "number"},
    optional={},
    may_be_empty=True,
)
POSITIONS = Table(
    "positions",
    series="instrument",
    required={"instrument": "text", "quantity": "number", "type": "text", "currency": "text"},
    optional={
        "notional": "number",
        "issuer": "text",
        "coupon": "number",
        "frequency": "number",
        "day_count": "text",
        "maturity": "date",
        "fixed_rate": "number",
        "pay_receive": "text",
        "float_index": "text",
        "underlying": "text",
        "strike": "number",
        "expiry": "date",
        "call_put": "text",
        "style": "text",
        "multiplier": "number",
        "curve": "text",
    },
    may_be_empty=True,
    explained={
        "price": "A book of quantities needs instrument, quantity, type and currency; "
        "prices come from the tables of the market.",
    },
)
CURVES = Table(
    "curves",
    series="curve",
    required={"date": "date", "curve": "text", "tenor_years": "number", "zero_rate": "number"},
    optional={},
)
CREDIT = Table(
    "credit",
    series="issuer",
    required={
        "date": "date",
        "issuer": "text",
        "seniority": "text",
        "tenor_years": "number",
        "spread": "number",
        "recovery": "number",
    },
    optional={},
)
VOLS = Table(
    "vols",
    series="underlying",
    required={
        "date": "date",
        "underlying": "text",
        "expiry": "date",
        "strike": "number",
        "vol": "number",
    },
    optional={},
)
DIVIDENDS = Table(
    "dividends",
    series="underlying",
    required={"underlying": "text", "ex_date": "date", "amount": "number"},
    optional={},
    may_be_empty=True,
)
ISSUERS = Table(
    "issuers",
    series="issuer",
    required={"issuer": "text", "sector": "text", "country": "text", "counterparty_group": "text"},
    optional={},
)

PROXIES = Table(
    "proxies",
    series="factor",
    required={"factor": "text", "proxy": "text", "beta": "number", "reason": "text"},
    optional={},
)

REQUIRED = (INSTRUMENTS, PRICES)
PRICING = (CURVES, CREDIT, VOLS, DIVIDENDS, ISSUERS, PROXIES)
"""What a book of quantities is valued with; a book of weights needs none of them."""
OPTIONAL = (MACRO, NEWS, *PRICING)
