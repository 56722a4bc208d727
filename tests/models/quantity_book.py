"""A small book of quantities on a market of two prices, a rate, a spread and a volatility index."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.instruments import Instrument
from features.market import MarketData
from features.positions import Position
from features.pricing_market import CreditCurve, PricingMarket, VolSurface, ZeroCurve

DATES = pd.bdate_range("2018-01-01", "2022-12-30")
AS_OF = DATES[-1]
INSTRUMENTS = {
    "ACME": Instrument("ACME", "stock", "USD", "price", "log"),
    "EURUSD": Instrument("EURUSD", "fx", "USD", "fx", "log"),
    "YIELD_10Y": Instrument("YIELD_10Y", "rate", "USD", "rate", "diff", lag_sessions=1),
    "HY_OAS": Instrument("HY_OAS", "spread", "USD", "spread", "diff"),
}
EXPIRY = AS_OF + pd.Timedelta(days=182)
STOCK = Position("ACME", 100.0, "equity", "USD")
PUT = Position(
    "ACME_PUT",
    -200.0,
    "option",
    "USD",
    underlying="ACME",
    strike=90.0,
    expiry=EXPIRY,
    call_put="put",
    style="european",
)
BOND = Position(
    "GOVERNMENT",
    20.0,
    "bond",
    "USD",
    notional=1000.0,
    coupon=0.03,
    frequency=2,
    day_count="30/360",
    maturity=pd.Timestamp("2030-06-30"),
)
CORPORATE = Position(
    "CORPORATE",
    10.0,
    "bond",
    "USD",
    notional=1000.0,
    issuer="FIRM",
    coupon=0.05,
    frequency=2,
    day_count="30/360",
    maturity=pd.Timestamp("2028-06-30"),
)
EURO = Position("EURUSD", 5000.0, "fx_spot", "USD")
BOOK = (STOCK, PUT, BOND, CORPORATE, EURO)


def closes() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    count = len(DATES)
    common = rng.standard_t(5, count) * 0.01
    found = pd.DataFrame(
        {
            "ACME": 100.0 * np.exp(np.cumsum(common + rng.normal(0, 0.005, count))),
            "EURUSD": 1.1 * np.exp(np.cumsum(rng.normal(0, 0.004, count))),
            "YIELD_10Y": 3.0 + np.cumsum(rng.normal(0, 0.01, count)) + 2.0 * np.cumsum(common) / 10,
            "HY_OAS": 4.0
            * np.exp(-2.0 * np.cumsum(common) + np.cumsum(rng.normal(0, 0.01, count))),
        },
        index=DATES,
    )
    # Today's levels are round.
    found["ACME"] *= 100.0 / found["ACME"].iloc[-1]
    found["EURUSD"] *= 1.1 / found["EURUSD"].iloc[-1]
    return found


def market() -> MarketData:
    close = closes()
    nothing = pd.DataFrame(columns=["date", "series", "value", "available_at", "vintage"]).astype(
        {"date": "datetime64[ns]", "value": float, "available_at": "datetime64[ns, UTC]"}
    )
    return MarketData(
        instruments=INSTRUMENTS,
        close=close,
        imputed=close.notna() & False,
        bars={},
        sessions=dict.fromkeys(INSTRUMENTS, DATES),
        macro=nothing,
        news=nothing,
        portfolios={},
        snapshot="made up",
        as_of=AS_OF,
    )


def pricing(date: pd.Timestamp = AS_OF, *, rise: float = 0.0) -> PricingMarket:
    """The market of a day; ``rise`` lifts rates, spreads and volatilities a little."""
    tenors = np.array([0.5, 1.0, 5.0, 10.0])
    return PricingMarket(
        date,
        INSTRUMENTS,
        {name: float(close) for name, close in closes().loc[date].items()},
        curves={"USD": ZeroCurve(tenors, np.full(4, 0.03) + rise, date)},
        credit={"FIRM": CreditCurve("senior", tenors, np.full(4, 0.02) + rise, 0.4, date)},
        surfaces={
            "ACME": VolSurface(
                pd.DatetimeIndex([EXPIRY]),
                np.array([80.0, 90.0, 110.0]),
                np.full((1, 3), 0.25 + rise),
                date,
            )
        },
    )
