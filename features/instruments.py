"""What a series is: asset class, currency, kind of move, and when its close is known."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Kind = Literal["price", "fx", "rate", "spread"]
Move = Literal["log", "diff"]


@dataclass(frozen=True, slots=True)
class Instrument:
    """One series of the market directory's ``instruments`` table.

    Attributes
    ----------
    name : str
        Key of the series in every table.
    asset_class, currency : str
        Free text grouping, and the currency of the quote.
    kind : {"price", "fx", "rate", "spread"}
        ``rate`` and ``spread`` are in percent and are risk factors, never holdings.
    move : {"log", "diff"}
        How the series moves. A price that may turn negative (oil spot) moves by ``diff``.
    calendar : str
        Exchange code known to the calendar library, ``24/7``, or any label shared by a group.
    close_time, timezone : str
        Local clock time of the close; ``24:00`` is the following midnight.
    lag_sessions : int
        Sessions after its own date at which the close becomes known.
    listed_from, listed_to : pandas.Timestamp or None
        Listed life; None stands for the first close and for the as-of.
    """

    name: str
    asset_class: str
    currency: str
    kind: Kind
    move: Move
    calendar: str = ""
    close_time: str = "16:00"
    timezone: str = "America/New_York"
    lag_sessions: int = 0
    listed_from: pd.Timestamp | None = None
    listed_to: pd.Timestamp | None = None
    description: str = ""
    sector: str = ""
    source: str = ""
    licence: str = ""

    @property
    def holdable(self) -> bool:
        """Whether a book of weights may hold it: a price or FX rate with logarithmic moves."""
        return self.kind in ("price", "fx") and self.move == "log"


def instruments_from(listing: pd.DataFrame) -> dict[str, Instrument]:
    """Instruments by name, from a readable ``instruments`` table.

    Parameters
    ----------
    listing : DataFrame
        One row per instrument; columns as in the table. An absent or empty optional cell takes
        the default: New York's clock, no lag, listed from the first close to the as-of.

    Returns
    -------
    dict of name to Instrument
        In the order of the table.
    """
    fields = [field.name for field in dataclasses.fields(Instrument) if field.name != "name"]
    present = [name for name in fields if name in listing.columns]
    cells = listing[["instrument", *present]].astype(object)
    found: dict[str, Instrument] = {}
    for name, *row in cells.where(cells.notna(), "").itertuples(index=False, name=None):
        given = {key: cell for key, cell in zip(present, row, strict=True) if cell != ""}
        if "lag_sessions" in given:
            given["lag_sessions"] = int(given["lag_sessions"])
        found[str(name)] = Instrument(name=str(name), **given)
    return found
