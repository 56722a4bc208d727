"""MarketData: what survived the gate, cut at an as-of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from features.calendars import close_instants
from features.instruments import Instrument

ORIGIN_DELAY = pd.Timedelta(hours=1)
"""A forecast is made this long after the close it starts from."""


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
    intraday, quotes, orders : DataFrame
        What happened to instruments, in order of ``time`` (UTC, of a bar its end); columns as in
        the tables of that name, ``instrument`` categorical. Empty: no such table.
    headlines : DataFrame
        Columns available_at (UTC, ascending), text, and optionally source, instrument and label.
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
    intraday: pd.DataFrame = field(default_factory=pd.DataFrame)
    quotes: pd.DataFrame = field(default_factory=pd.DataFrame)
    orders: pd.DataFrame = field(default_factory=pd.DataFrame)
    headlines: pd.DataFrame = field(default_factory=pd.DataFrame)


def truncate(market: MarketData, as_of: pd.Timestamp) -> MarketData:
    """The market as it was known at the last origin of an earlier as-of.

    That origin is the latest ``close_time`` of any instrument on the as-of date, plus one hour.
    Dates after the as-of are cut, and so is everything that became known later than the origin:
    macro, news and headlines by ``available_at``, bars within the day, quotes and orders by
    ``time``, and the last ``lag_sessions`` closes of a lagged series.

    Parameters
    ----------
    market : MarketData
    as_of : pandas.Timestamp
        Tz-naive midnight, at most the market's own as-of.

    Returns
    -------
    MarketData
        Same instruments and books; the snapshot still names the whole tables.

    Raises
    ------
    ValueError
        If ``as_of`` lies after the market's own: the future cannot be added.
    """
    if as_of > market.as_of:
        raise ValueError(
            f"as_of must not lie after the market's own {market.as_of:%Y-%m-%d}, got "
            f"{as_of:%Y-%m-%d}. Read the market again with the later as-of."
        )
    last_origin = latest_origin(market, as_of)
    sessions = {
        name: _known(market.instruments[name], dates, as_of, last_origin)
        for name, dates in market.sessions.items()
    }
    late = {
        name: market.sessions[name].difference(dates)
        for name, dates in sessions.items()
        if market.instruments[name].lag_sessions
    }

    def cut(frame: pd.DataFrame) -> pd.DataFrame:
        kept = frame.loc[frame.index <= as_of].copy()
        nothing = False if kept.dtypes.eq(np.bool_).all() else np.nan
        for name, dates in late.items():
            if name in kept.columns:
                kept.loc[kept.index.isin(dates), name] = nothing
        return kept

    return replace(
        market,
        close=cut(market.close),
        imputed=cut(market.imputed),
        bars={field: cut(bar) for field, bar in market.bars.items()},
        sessions=sessions,
        macro=_until(market.macro, "available_at", last_origin),
        news=_until(market.news, "available_at", last_origin),
        as_of=as_of,
        breaks=market.breaks if market.breaks.empty else cut(market.breaks),
        intraday=_until(market.intraday, "time", last_origin),
        quotes=_until(market.quotes, "time", last_origin),
        orders=_until(market.orders, "time", last_origin),
        headlines=_until(market.headlines, "available_at", last_origin),
    )


def latest_origin(market: MarketData, as_of: pd.Timestamp) -> pd.Timestamp:
    """Last instant at which a forecast is made from closes of the as-of date, in UTC."""
    day = pd.DatetimeIndex([as_of])
    closes = [
        close_instants(replace(instrument, lag_sessions=0), day)[0]
        for instrument in market.instruments.values()
    ]
    return max(closes) + ORIGIN_DELAY


def _until(rows: pd.DataFrame, column: str, last: pd.Timestamp) -> pd.DataFrame:
    """Rows up to an instant; a table that is not there stays so."""
    if column not in rows:
        return rows
    known = rows[column] <= last
    return rows if known.all() else rows[known].reset_index(drop=True)


def _known(
    instrument: Instrument,
    sessions: pd.DatetimeIndex,
    as_of: pd.Timestamp,
    last_origin: pd.Timestamp,
) -> pd.DatetimeIndex:
    """Sessions up to the as-of whose close was known at its last origin."""
    known = sessions <= as_of
    if instrument.lag_sessions:
        known &= close_instants(instrument, sessions) <= last_origin
    return sessions.take(np.flatnonzero(known))
