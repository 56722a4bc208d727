"""A small market of several clocks, for tests of point-in-time features."""

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.market import MarketData

NEW_YORK = {"calendar": "NYSE"}
BERLIN = {"calendar": "TARGET", "close_time": "14:15", "timezone": "Europe/Berlin"}
AROUND_THE_CLOCK = {"calendar": "24/7", "close_time": "24:00", "timezone": "UTC"}

INSTRUMENTS = {
    instrument.name: instrument
    for instrument in (
        Instrument("ACME", "stock", "USD", "price", "log", **NEW_YORK),
        Instrument("BOLT", "stock", "USD", "price", "log", **NEW_YORK),
        Instrument("BROAD", "equity", "USD", "price", "log", **NEW_YORK),
        Instrument("LATE", "stock", "USD", "price", "log", **NEW_YORK),
        Instrument("TREASURY", "government bond", "USD", "price", "log", **NEW_YORK),
        Instrument("JUNK", "credit", "USD", "price", "log", **NEW_YORK),
        Instrument("GOLD", "commodity", "USD", "price", "log", **NEW_YORK),
        Instrument("EURUSD", "fx", "USD", "fx", "log", **BERLIN),
        Instrument("USDJPY", "fx", "JPY", "fx", "log", **BERLIN),
        Instrument("COIN", "crypto", "USD", "price", "log", **AROUND_THE_CLOCK),
        Instrument("UST10Y", "rate", "USD", "rate", "diff", **NEW_YORK, lag_sessions=1),
        Instrument("UST2Y", "rate", "USD", "rate", "diff", **NEW_YORK, lag_sessions=1),
    )
}
LATE_FROM = 450
"""Row of the business-day axis on which LATE lists."""


@pytest.fixture(scope="session")
def small_market() -> MarketData:
    """Three years of ten holdable instruments on three clocks, two yields, macro and news."""
    generator = np.random.default_rng(7)
    days = pd.date_range("2018-01-01", "2020-12-31", freq="D")
    business = days[days.dayofweek < 5]
    holidays = {
        "NYSE": business[(business.month == 7) & (business.day == 3)],
        "TARGET": business[(business.month == 5) & (business.day == 1)],
    }
    sessions: dict[str, pd.DatetimeIndex] = {}
    close = pd.DataFrame(index=days, dtype=np.float64)
    shared = pd.Series(generator.standard_t(5, len(days)), days)
    for name, instrument in INSTRUMENTS.items():
        dates = (
            days
            if instrument.calendar == "24/7"
            else business.difference(holidays[instrument.calendar])
        )
        dates = dates[dates >= business[LATE_FROM]] if name == "LATE" else dates
        moves = 0.006 * (0.7 * shared[dates] + generator.standard_t(5, len(dates)))
        path = moves.cumsum()
        close[name] = 3.0 + path if instrument.kind == "rate" else 100.0 * np.exp(path)
        sessions[name] = dates
    return MarketData(
        instruments=INSTRUMENTS,
        close=close,
        imputed=pd.DataFrame(False, index=close.index, columns=close.columns),
        bars=_bars(close, generator),
        sessions=sessions,
        macro=_table(
            business,
            ["VIX", "MOVE", "HY_OAS", "IG_OAS", "BREAKEVEN10Y", "WEATHER"],
            ["DXY"],
            generator,
            clock="16:30",
        ),
        news=_table(business, [], ["NEWS_SENTIMENT", "GPRD"], generator, clock="20:00"),
        portfolios={"mixed": {"ACME": 0.5, "EURUSD": -0.5, "TREASURY": 1.0}},
        snapshot="0" * 64,
        as_of=days[-1],
    )


def _bars(close: pd.DataFrame, generator: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Bars of the New York instruments, with one upside down."""
    local = [name for name, item in INSTRUMENTS.items() if item.calendar == "NYSE"]
    prices = close[local]
    up, down, start = (generator.uniform(0.0, 0.01, prices.shape) for _ in range(3))
    open_ = prices * (1.0 + start - 0.005)
    high = np.maximum(open_, prices) * (1.0 + up)
    low = np.minimum(open_, prices) * (1.0 - down)
    high.iloc[300, 0] = low.iloc[300, 0] * 0.9
    volume = prices * 0.0 + generator.lognormal(10.0, 0.5, prices.shape)
    return {"open": open_, "high": high, "low": low, "volume": volume}


def _table(
    dates: pd.DatetimeIndex,
    first: list[str],
    revised: list[str],
    generator: np.random.Generator,
    *,
    clock: str,
) -> pd.DataFrame:
    """Series around 20, known on their own date at a New York clock time."""
    known_at = (dates + pd.Timedelta(f"{clock}:00")).tz_localize("America/New_York")
    series = [
        pd.DataFrame(
            {
                "date": dates,
                "series": name,
                "value": 20.0 * np.exp(np.cumsum(generator.normal(scale=0.03, size=len(dates)))),
                "available_at": known_at.tz_convert("UTC"),
                "vintage": "revised" if name in revised else "first",
            }
        )
        for name in (*first, *revised)
    ]
    return pd.concat(series).sort_values("available_at", kind="stable", ignore_index=True)
