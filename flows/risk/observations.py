"""On which days each risk factor has a price of its own in a market directory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pandas as pd

from features.market import MarketData
from features.sources.directory import read_market

_NODES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "curve": ("curves", ("curve", "tenor_years")),
    "credit": ("credit", ("issuer", "tenor_years")),
    "vol": ("vols", ("underlying", "expiry", "strike")),
}
"""Table of each kind of factor, and the columns that its name is made of."""


def observed(
    factors: Collection[str], market: MarketData, directory: Path
) -> dict[str, pd.DatetimeIndex]:
    """Days with a close that was not filled in, a quote or a trade; for nodes, with a quote.

    A close on a day without volume, where volumes are known, counts for nothing: nobody traded.

    Parameters
    ----------
    factors : collection of str
    market : MarketData
    directory : Path
        Read again for curves, spreads and volatilities, of which the market keeps the last only.
    """
    found = {name: _of_price(market, name) for name in factors if name in market.close.columns}
    if any(name.partition(":")[0] in _NODES for name in factors):
        tables = read_market(directory).tables
        for kind, (table, columns) in _NODES.items():
            if table in tables:
                known = tables[table][tables[table]["date"] <= market.as_of]
                found |= {
                    name: dates
                    for name, dates in _of_nodes(kind, known, columns)
                    if name in factors
                }
    return found


def _of_price(market: MarketData, name: str) -> pd.DatetimeIndex:
    own = market.close[name].notna() & ~market.imputed[name]
    if "volume" in market.bars and name in market.bars["volume"]:
        volume = market.bars["volume"][name]
        own &= volume.isna() | (volume > 0.0)
    days = pd.DatetimeIndex(market.close.index[own])
    for events in (market.quotes, market.orders):
        if len(events):
            mine = events["time"][events["instrument"] == name]
            days = days.union(pd.DatetimeIndex(mine.dt.tz_localize(None).dt.normalize().unique()))
    return days


def _of_nodes(
    kind: str, rows: pd.DataFrame, columns: tuple[str, ...]
) -> Iterator[tuple[str, pd.DatetimeIndex]]:
    """Dates of each node, under the name that the node has as a factor."""
    for key, dates in rows.groupby(list(columns), observed=True)["date"]:
        parts = [
            f"{part:%Y-%m-%d}"
            if isinstance(part, pd.Timestamp)
            else part
            if isinstance(part, str)
            else f"{part:g}"
            for part in key
        ]
        yield ":".join([kind, *parts]), pd.DatetimeIndex(dates.unique())
