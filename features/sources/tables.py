"""The tables of a market directory: their columns, what each holds, and which are required."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Content = Literal["text", "number", "whole", "date", "instant"]


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
    explained : mapping of column to remedy
        What to say where such a column stands in place of a required one.
    """

    name: str
    series: str
    required: Mapping[str, Content]
    optional: Mapping[str, Content]
    may_be_empty: bool = False
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
    explained={"quantity": "A book of quantities is not valued by this version: give weights."},
)

REQUIRED = (INSTRUMENTS, PRICES)
OPTIONAL = (MACRO, NEWS)
NOT_YET_USED = ("intraday", "quotes", "orders", "curves", "credit", "vols", "dividends", "issuers")
