"""Which published series plays which part: users name the VIX in many ways."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from features.asof import Observed, in_order_of_arrival
from features.calendars import close_instants
from features.market import MarketData

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "equity_volatility": ("VIX", "VIXCLS"),
        "rate_volatility": ("MOVE",),
        "high_yield_spread": ("HY_OAS", "BAMLH0A0HYM2"),
        "investment_grade_spread": ("IG_OAS", "BAMLC0A0CM"),
        "yield_10y": ("UST10Y", "DGS10"),
        "yield_2y": ("UST2Y", "DGS2"),
        "breakeven_10y": ("BREAKEVEN10Y", "T10YIE"),
        "dollar": ("USD_BROAD", "DTWEXBGS", "DXY"),
        "news_sentiment": ("NEWS_SENTIMENT",),
        "geopolitical_risk": ("GPRD", "GPR"),
    }
)
"""Names by which a role is known (Bloomberg and Yahoo tickers, FRED codes), first match wins.

Yields, spreads and breakevens are in percent, volatility indices in their index points.
"""

REVISED = "revised"


def series_of(table: pd.DataFrame, role: str, *, include_revised: bool) -> str | None:
    """Name of the series in ``macro`` or ``news`` that plays a role; None where there is none."""
    names = _usable(table, include_revised=include_revised)["series"].unique()
    by_alias = {_plain(str(name)): str(name) for name in names}
    return next((by_alias[alias] for alias in ALIASES[role] if alias in by_alias), None)


def observed(
    market: MarketData, table: pd.DataFrame, role: str, *, include_revised: bool
) -> Observed:
    """Observations of a role in the order in which they became known; none where it is not filled.

    A role that the table leaves open is filled by an instrument of that name that cannot be
    held, such as a yield or a spread among the prices.
    """
    name = series_of(table, role, include_revised=include_revised)
    if name is not None:
        usable = _usable(table, include_revised=include_revised)
        rows = usable[usable["series"] == name]
        return in_order_of_arrival(
            pd.DatetimeIndex(rows["date"]),
            np.asarray(rows["value"], dtype=np.float64),
            pd.DatetimeIndex(rows["available_at"]),
        )
    for name, instrument in market.instruments.items():
        if not instrument.holdable and _plain(name) in ALIASES[role]:
            closes = market.close[name].dropna()
            dates = pd.DatetimeIndex(closes.index)
            return in_order_of_arrival(
                dates, closes.to_numpy(dtype=np.float64), close_instants(instrument, dates)
            )
    nothing = pd.DatetimeIndex([])
    return Observed(nothing, np.empty(0), nothing.tz_localize("UTC"))


def ignored_series(market: MarketData, *, include_revised: bool) -> Mapping[str, str]:
    """Series of ``macro`` and ``news`` that enter no feature, each with the reason."""
    reasons: dict[str, str] = {}
    for table in (market.macro, market.news):
        used = {series_of(table, role, include_revised=include_revised) for role in ALIASES}
        usable = set(_usable(table, include_revised=include_revised)["series"])
        for name in sorted(set(table["series"]) - used):
            reasons[name] = "plays no role" if name in usable else "restated history"
    return MappingProxyType(reasons)


def _usable(table: pd.DataFrame, *, include_revised: bool) -> pd.DataFrame:
    return table if include_revised else table.loc[table["vintage"] != REVISED]


def _plain(name: str) -> str:
    """Name without case or an index sign: ``^vix`` is ``VIX``."""
    return name.upper().lstrip("^")
