"""A small market of several clocks, for tests of point-in-time features."""

from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.market import MarketData


def fixing(name: str, currency: str) -> Instrument:
    """An FX rate fixed in Berlin."""
    berlin = {"close_time": "14:15", "timezone": "Europe/Berlin"}
    return replace(Instrument(name, "fx", currency, "fx", "log", "TARGET"), **berlin)


def new_york(name: str, asset_class: str) -> Instrument:
    """Something held that closes in New York."""
    return Instrument(name, asset_class, "USD", "price", "log", "NYSE")


COIN = Instrument("COIN", "crypto", "USD", "price", "log", "24/7", "24:00", "UTC")
YIELDS = [
    Instrument(name, "rate", "USD", "rate", "diff", "NYSE", lag_sessions=1)
    for name in ("UST10Y", "UST2Y")
]
INSTRUMENTS = {
    instrument.name: instrument
    for instrument in (
        new_york("ACME", "stock"),
        new_york("BOLT", "stock"),
        new_york("BROAD", "equity"),
        new_york("LATE", "stock"),
        new_york("TREASURY", "government bond"),
        new_york("JUNK", "credit"),
        new_york("GOLD", "commodity"),
        fixing("EURUSD", "USD"),
        fixing("USDJPY", "JPY"),
        COIN,
        *YIELDS,
    )
}
LATE_FROM = 450
"""Row of the business-day axis on which LATE lists."""


@pytest.fixture(scope="session")
def small_market() -> MarketData:
    """Three years of ten holdable instruments on three clocks, two yields, macro and news."""
    generator = np.random.default_rng(7)
    days = pd.date_range("2018-01-01", "2020-12-31", freq="D")
    business = pd.bdate_range("2018-01-01", "2020-12-31")
    open_dates = {
        "NYSE": business.drop(["2018-07-03", "2019-07-03", "2020-07-03"]),
        "TARGET": business.drop(["2018-05-01", "2019-05-01", "2020-05-01"]),
        "24/7": days,
    }
    sessions: dict[str, pd.DatetimeIndex] = {}
    close = pd.DataFrame(index=days, dtype=np.float64)
    shared = pd.Series(generator.standard_t(5, len(days)), days)
    for name, instrument in INSTRUMENTS.items():
        late = LATE_FROM if name == "LATE" else 0
        dates = pd.DatetimeIndex(open_dates[instrument.calendar][late:])
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
        as_of=cast(pd.Timestamp, days[-1]),
        **_events(close, sessions["ACME"], np.random.default_rng(8)),
    )


def _events(
    close: pd.DataFrame, sessions: pd.DatetimeIndex, generator: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Bars within the day, quotes and trades of two stocks for a year, and headlines for all."""
    year = sessions[(sessions >= "2019-10-01") & (sessions < "2020-10-01")]
    about = pd.DataFrame(
        [
            {"time": (day + pd.Timedelta(hours=hour)).tz_localize("America/New_York"),
             "instrument": name, "price": close.at[day, name]}
            for day in year for name in ("ACME", "BOLT") for hour in (11, 12, 13, 15)
        ]
    )  # fmt: skip
    size = len(about)
    time = pd.DatetimeIndex(about["time"]).tz_convert("UTC").as_unit("ns")
    keys = {"time": time, "instrument": pd.Categorical(about["instrument"])}
    price = about["price"].to_numpy() * (1.0 + generator.uniform(-0.01, 0.01, size))
    half = price * generator.uniform(0.0001, 0.0005, size)
    shown = {side: generator.integers(1, 9, size) * 100.0 for side in ("bid_size", "ask_size")}
    quotes = pd.DataFrame({**keys, "bid": price - half, "ask": price + half, **shown})
    side = pd.Categorical(generator.choice(["buy", "sell", ""], size))
    paid = price + half * generator.choice([-1.0, 1.0], size)
    orders = pd.DataFrame({**keys, "side": side, "size": 10.0, "price": paid})
    told = (sessions + pd.Timedelta(hours=18)).tz_localize("UTC")
    words = generator.choice(["hope and calm", "fear of war", "results"], len(told))
    return {
        "intraday": pd.DataFrame({**keys, "open": price, "close": paid, "volume": 1.0}),
        "quotes": quotes,
        "orders": orders.assign(time=time + pd.Timedelta(seconds=1)),
        "headlines": pd.DataFrame({"available_at": told, "text": words}),
    }


def _bars(close: pd.DataFrame, generator: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Bars of the New York instruments, with one upside down."""
    local = [name for name, item in INSTRUMENTS.items() if item.calendar == "NYSE"]
    prices = close[local]
    up, down, start = (generator.uniform(0.0, 0.01, prices.shape) for _ in range(3))
    open_ = prices * (1.0 + start - 0.005)
    high = prices.where(prices > open_, open_) * (1.0 + up)
    low = prices.where(prices < open_, open_) * (1.0 - down)
    high.loc["2019-03-05", "ACME"] = low.loc["2019-03-05", "ACME"] * 0.9
    volume = prices * 0.0 + generator.lognormal(10.0, 0.5, prices.shape)
    return {
        "open": open_,
        "high": high,
        "low": low,
        "volume": volume,
        "dollar_volume": volume * prices,
    }


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
