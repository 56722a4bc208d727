"""MarketData: what survived the gate, cut at an as-of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from features.instruments import Instrument


@dataclass(frozen=True, slots=True)
class MarketData:
    """Everything the flows may use of a market directory.

    All frames of prices share one index (tz-naive midnight dates, ascending, the union of all
    sessions) and one column per surviving instrument. NaN means: not a session of that
    instrument, or no usable close.

    Attributes
    ----------
    instruments : mapping of name to Instrument
    close : DataFrame (date, instrument)
        Closes, gaps within the limit filled by the imputer.
    imputed : DataFrame of bool (date, instrument)
        True where the close was imputed (missing or quarantined in the raw table).
    bars : mapping of {"open", "high", "low", "volume", "dollar_volume"} to DataFrame
        Absent keys mean the table has no such column. Never imputed.
    sessions : mapping of name to DatetimeIndex
        Expected sessions of each instrument over its listed life, up to the as-of.
    macro, news : DataFrame
        Columns date, series, value, available_at (UTC), vintage ("first", "revised" or "").
        Sorted by available_at.
    portfolios : mapping of book to mapping of instrument to weight
    snapshot : str
        SHA-256 that identifies the raw tables (content hashes and row counts).
    as_of : pandas.Timestamp
        Last date whose data may be used.
    breaks : DataFrame of bool (date, instrument)
        True where the move since the session before is no return: an unadjusted futures roll, or
        a jump that looks like a split. Both closes are real; the move between them is not, so it
        never enters a realised P&L and should not enter a model. Empty: no breaks.
    """

    instruments: Mapping[str, Instrument]
    close: pd.DataFrame
    imputed: pd.DataFrame
    bars: Mapping[str, pd.DataFrame]
    sessions: Mapping[str, pd.DatetimeIndex]
    macro: pd.DataFrame
    news: pd.DataFrame
    portfolios: Mapping[str, Mapping[str, float]]
    snapshot: str
    as_of: pd.Timestamp
    breaks: pd.DataFrame = field(default_factory=pd.DataFrame)
