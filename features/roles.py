"""Which published series plays which part: users name the VIX in many ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from features.asof import Observed, in_order_of_arrival, ticks
from features.calendars import close_instants
from features.market import MarketData

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "equity_volatility": ("VIX", "VIXCLS"),
        "rate_volatility": ("MOVE",),
        "high_yield_spread": ("HY_OAS", "BAMLH0A0HYM2"),
        "investment_grade_spread": ("IG_OAS", "BAMLC0A0CM"),
        "yield_10y": ("UST10Y", "DGS10", "YIELD_10Y"),
        "yield_2y": ("UST2Y", "DGS2", "YIELD_2Y"),
        "breakeven_10y": ("BREAKEVEN10Y", "T10YIE"),
        "dollar": ("USD_BROAD", "DTWEXBGS", "DXY"),
        "news_sentiment": ("NEWS_SENTIMENT",),
        "geopolitical_risk": ("GPRD", "GPR"),
    }
)
"""Names by which a role is known (plain names, Yahoo tickers, FRED codes).

Yields, spreads and breakevens are in percent, volatility indices in their index points.
"""

_ROLE_OF = {alias: role for role, aliases in ALIASES.items() for alias in aliases}


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays which part.

    Attributes
    ----------
    observed : mapping of role to Observed
        Every role of `ALIASES`; without observations where nothing plays it.
    ignored : mapping of series to reason
        Series of the macro and news tables that enter no feature.
    """

    observed: Mapping[str, Observed]
    ignored: Mapping[str, str]


def cast_roles(market: MarketData, *, include_revised: bool) -> Cast:
    """Give each role to the series of its name that was known first.

    Candidates are the series of the macro and news tables and, among the prices, instruments
    that cannot be held, such as yields and spreads. The first to be known keeps the part: were
    it to pass to a series that starts later, what was computed before would change.

    Parameters
    ----------
    market : MarketData
    include_revised : bool
        Whether restated history may play.
    """
    candidates = {**_instruments(market), **_published(market, include_revised=include_revised)}

    def precedence(key: _Key) -> tuple[int, int]:
        name = _plain(key[1])
        return int(ticks(candidates[key].known_at)[0]), ALIASES[_ROLE_OF[name]].index(name)

    player: dict[str, _Key] = {}
    for key in sorted(candidates, key=precedence):
        player.setdefault(_ROLE_OF[_plain(key[1])], key)
    nothing = pd.DatetimeIndex([])
    nobody = Observed(nothing, np.empty(0), nothing.tz_localize("UTC"))
    observed = {role: candidates[player[role]] if role in player else nobody for role in ALIASES}
    ignored = {
        key[1]: _reason(key, player, candidates)
        for key in _series_of_tables(market)
        if key not in player.values()
    }
    return Cast(MappingProxyType(observed), MappingProxyType(ignored))


_Key = tuple[str, str]
"""Table and series."""


def _published(market: MarketData, *, include_revised: bool) -> dict[_Key, Observed]:
    found: dict[_Key, Observed] = {}
    for table, frame in (("macro", market.macro), ("news", market.news)):
        usable = np.ones(len(frame), dtype=np.bool_)
        if not include_revised:
            usable = np.asarray(frame["vintage"] != "revised")
        for name, rows in frame.loc[usable].groupby("series"):
            if _plain(str(name)) in _ROLE_OF:
                found[table, str(name)] = in_order_of_arrival(
                    pd.DatetimeIndex(rows["date"]),
                    np.asarray(rows["value"], dtype=np.float64),
                    pd.DatetimeIndex(rows["available_at"]),
                )
    return {key: series for key, series in found.items() if len(series.dates)}


def _series_of_tables(market: MarketData) -> list[_Key]:
    tables = {"macro": market.macro, "news": market.news}
    return [
        (table, name)
        for table, frame in tables.items()
        for name in sorted({str(series) for series in frame["series"]})
    ]


def _reason(key: _Key, player: Mapping[str, _Key], candidates: Mapping[_Key, Observed]) -> str:
    role = _ROLE_OF.get(_plain(key[1]))
    if role is None:
        return "plays no part"
    if key not in candidates:
        return "restated history, or without a usable value"
    table, name = player[role]
    return f"{name} of {table} was known first"


def _instruments(market: MarketData) -> dict[_Key, Observed]:
    found: dict[_Key, Observed] = {}
    for name, instrument in market.instruments.items():
        if not instrument.holdable and _plain(name) in _ROLE_OF:
            sessions = market.sessions[name]
            close = market.close.reindex(index=sessions, columns=[name])
            filled = market.imputed.reindex(index=sessions, columns=[name], fill_value=False)
            seen = close.mask(filled).to_numpy(dtype=np.float64)[:, 0]
            known_at = close_instants(instrument, sessions, sessions)
            found["prices", name] = in_order_of_arrival(sessions, seen, known_at)
    return {key: series for key, series in found.items() if len(series.dates)}


def _plain(name: str) -> str:
    """Name without case or an index sign: ``^vix`` is ``VIX``."""
    return name.upper().lstrip("^")
