"""The book that `revaluation` times: every type of position, on an invented market."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.instruments import Instrument
from features.positions import Position
from features.pricing_market import CreditCurve, PricingMarket, VolSurface, ZeroCurve

AS_OF: pd.Timestamp = pd.date_range("2024-06-28", periods=1)[0]
CURRENCIES = ("USD", "EUR", "GBP", "JPY")
PAIRS = {"EURUSD": 1.07, "GBPUSD": 1.26, "USDJPY": 160.0}
SHARES = 20
ISSUERS = 20
TENORS = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 30.0])
SPREAD_TENORS = np.array([0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0])
EXPIRIES = (30, 91, 182, 365, 730)
SHARE_OF = {"option": 1 / 3, "bond": 0.16, "equity": 0.13, "irs": 0.1, "cds": 0.08, "frn": 0.06}
"""The rest are FX forwards, futures and currencies."""


def market(generator: np.random.Generator) -> PricingMarket:
    """Twenty shares, three exchange rates, four curves, twenty issuers."""
    shares = {f"S{n:02d}": float(generator.uniform(20, 400)) for n in range(SHARES)}
    spots = {**shares, **PAIRS, "IDX": 5500.0}
    listing = [Instrument(name, "stock", "USD", "price", "log") for name in shares]
    listing += [Instrument(name, "fx", name[3:], "fx", "log") for name in PAIRS]
    listing += [Instrument("IDX", "equity future", "USD", "price", "log")]
    return PricingMarket(
        as_of=AS_OF,
        instruments={each.name: each for each in listing},
        closes=spots,
        curves={
            name: ZeroCurve(TENORS, 0.01 + 0.01 * place + 0.004 * np.log1p(TENORS), AS_OF)
            for place, name in enumerate(CURRENCIES)
        },
        credit={
            f"I{n:02d}": CreditCurve(
                "senior",
                SPREAD_TENORS,
                float(generator.uniform(0.004, 0.04)) * (0.6 + 0.08 * SPREAD_TENORS),
                0.4,
                AS_OF,
            )
            for n in range(ISSUERS)
        },
        surfaces={name: surface(spot, generator) for name, spot in spots.items()},
        dividends={
            name: tuple((after(days), 0.005 * spot) for days in range(45, 730, 91))
            for name, spot in list(shares.items())[::2]
        },
    )


def surface(spot: float, generator: np.random.Generator) -> VolSurface:
    """A smile that flattens with the expiry."""
    strikes = spot * np.array([0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5])
    years = np.array(EXPIRIES)[:, None] / 365.0
    smile = 1.0 - 0.3 * np.log(strikes / spot)[None] / np.sqrt(1.0 + years)
    level = float(generator.uniform(0.1, 0.4))
    return VolSurface(
        pd.DatetimeIndex([after(days) for days in EXPIRIES]), strikes, level * smile, AS_OF
    )


def after(days: int) -> pd.Timestamp:
    """That many days after the as-of."""
    return AS_OF + pd.Timedelta(days=days)


def positions(count: int, market: PricingMarket, generator: np.random.Generator) -> list[Position]:
    """A book of that many: a third options, of which a tenth American."""
    kinds: list[str] = []
    for kind, share in SHARE_OF.items():
        kinds += [kind] * round(share * count)
    rest = ("fx_forward", "future", "fx_spot")
    kinds += [rest[n % 3] for n in range(count - len(kinds))]
    draw = Draws(market, generator)
    return [getattr(draw, kind)(n) for n, kind in enumerate(kinds)]


class Draws:
    """Random terms of position number ``n``, one method a type."""

    def __init__(self, market: PricingMarket, generator: np.random.Generator) -> None:
        self.market, self.generator = market, generator

    def days(self, low: int, high: int) -> pd.Timestamp:
        """A day between so many days after the as-of."""
        return after(int(self.generator.integers(low, high)))

    def side(self) -> float:
        """Long or short."""
        return float(self.generator.choice([-1.0, 1.0]))

    def option(self, n: int) -> Position:
        """On a share, an exchange rate or the index future; one in ten is American."""
        underlying = str(self.generator.choice(list(self.market.closes)))
        return Position(
            f"option{n}",
            float(self.generator.integers(-20, 20)),
            "option",
            self.market.instruments[underlying].currency,
            underlying=underlying,
            strike=self.market.closes[underlying] * float(self.generator.uniform(0.8, 1.25)),
            expiry=self.days(10, 700),
            call_put=str(self.generator.choice(["call", "put"])),
            style="american" if n % 10 == 0 else "european",
            multiplier=100.0,
        )

    def bond(self, n: int) -> Position:
        """Of a government or an issuer."""
        return Position(
            f"bond{n}",
            float(self.generator.integers(-20, 40)),
            "bond",
            CURRENCIES[n % ISSUERS % len(CURRENCIES)],
            notional=1e4,
            coupon=float(self.generator.uniform(0.0, 0.06)),
            frequency=2,
            day_count="30/360",
            maturity=self.days(200, 5000),
            issuer=f"I{n % ISSUERS:02d}" if n % 2 else "",
        )

    def frn(self, n: int) -> Position:
        """Quarterly, of a government or an issuer."""
        return Position(
            f"frn{n}",
            float(self.generator.integers(-20, 40)),
            "frn",
            CURRENCIES[n % ISSUERS % len(CURRENCIES)],
            notional=1e4,
            coupon=0.01,
            frequency=4,
            day_count="ACT/360",
            maturity=self.days(200, 3000),
            issuer=f"I{n % ISSUERS:02d}" if n % 2 else "",
        )

    def irs(self, n: int) -> Position:
        """Semi-annual."""
        return Position(
            f"irs{n}",
            self.side(),
            "irs",
            str(self.generator.choice(CURRENCIES)),
            notional=1e6,
            fixed_rate=0.03,
            frequency=2,
            day_count="ACT/360",
            maturity=self.days(400, 7000),
        )

    def cds(self, n: int) -> Position:
        """At 100 basis points."""
        return Position(
            f"cds{n}",
            self.side(),
            "cds",
            CURRENCIES[n % ISSUERS % len(CURRENCIES)],
            notional=1e6,
            issuer=f"I{n % ISSUERS:02d}",
            fixed_rate=0.01,
            maturity=self.days(200, 3600),
        )

    def equity(self, n: int) -> Position:
        """A few hundred shares."""
        units = float(self.generator.integers(-500, 1000))
        return Position(f"S{n % SHARES:02d}", units, "equity", "USD")

    def fx_forward(self, n: int) -> Position:
        """At today's spot rate."""
        pair = list(PAIRS)[n % 3]
        return Position(
            f"forward{n}",
            self.side(),
            "fx_forward",
            pair[3:],
            underlying=pair,
            strike=PAIRS[pair],
            maturity=self.days(20, 700),
            notional=1e5,
        )

    def future(self, n: int) -> Position:
        """On a share by carry, or on the index by its own price."""
        of_index = n % 2 == 1
        return Position(
            f"future{n}",
            float(self.generator.integers(-5, 5)),
            "future",
            "USD",
            underlying="IDX" if of_index else f"S{n % SHARES:02d}",
            expiry=self.days(20, 300),
            multiplier=100.0,
            curve="" if of_index else "USD",
        )

    def fx_spot(self, n: int) -> Position:
        """Units of a currency."""
        pair = list(PAIRS)[n % 3]
        return Position(pair, float(self.generator.integers(-1000, 1000)), "fx_spot", pair[3:])
