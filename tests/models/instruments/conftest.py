"""A market that every instrument can be priced in, and random positions of each kind."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql
import torch

from features.instruments import Instrument, Kind
from features.positions import Position
from features.pricing_market import CreditCurve, PricingMarket, VolSurface, ZeroCurve
from models.instruments.book import priced_book
from models.instruments.hazards import CreditIndex
from models.instruments.risk_factors import FactorIndex, base_levels
from models.instruments.schedules import after

AS_OF = pd.Timestamp("2024-06-28")


def day(count: int) -> pd.Timestamp:
    """That many days after the as-of."""
    return AS_OF + pd.Timedelta(days=count)


def instrument(name: str, asset_class: str, currency: str, kind: Kind = "price") -> Instrument:
    return Instrument(name, asset_class, currency, kind, "log")


TENORS = np.array([91, 182, 365, 730, 1095, 1825, 2555, 3650, 5475, 10950]) / 365.0


def curve(level: float, slope: float) -> ZeroCurve:
    return ZeroCurve(TENORS, level + slope * (1.0 - np.exp(-TENORS / 3.0)), AS_OF)


def surface(spot: float, level: float) -> VolSurface:
    strikes = spot * np.array([0.5, 0.7, 0.85, 0.95, 1.0, 1.05, 1.15, 1.3, 1.6])
    expiries = pd.DatetimeIndex([day(count) for count in (30, 91, 182, 365, 730, 1095)])
    years = (expiries - AS_OF).days.to_numpy() / 365.0
    smile = 1.0 - 0.3 * np.log(strikes / spot)[None] / np.sqrt(1.0 + years)[:, None]
    return VolSurface(expiries, strikes, level * smile, AS_OF)


def credit(level: float, recovery: float = 0.4) -> CreditCurve:
    tenors = np.array([0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0])
    return CreditCurve("senior", tenors, level * (0.6 + 0.1 * tenors), recovery, AS_OF)


@pytest.fixture(scope="session")
def market() -> PricingMarket:
    """Dollars, euros and yen; a share with dividends, a future, gold; two issuers."""
    instruments = [
        instrument("ACME", "stock", "USD"),
        instrument("FUND", "equity", "USD"),
        instrument("SAP", "stock", "EUR"),
        instrument("ES", "equity future", "USD"),
        instrument("GOLD", "commodity", "USD"),
        instrument("EURUSD", "fx", "USD", "fx"),
        instrument("USDJPY", "fx", "JPY", "fx"),
    ]
    spots = {
        "ACME": 100.0,
        "FUND": 400.0,
        "SAP": 180.0,
        "ES": 5500.0,
        "GOLD": 2300.0,
        "EURUSD": 1.07,
        "USDJPY": 160.0,
    }
    dates = [day(count) for count in (40, 131, 222, 313, 404, 495, 586, 677)]
    return PricingMarket(
        as_of=AS_OF,
        instruments={each.name: each for each in instruments},
        closes=spots,
        curves={
            "USD": curve(0.05, -0.01),
            "EUR": curve(0.035, -0.008),
            "JPY": curve(0.001, 0.01),
            "USD_TERM": curve(0.0525, -0.01),
        },
        credit={"ACME": credit(0.012), "JUNK": credit(0.06, 0.25)},
        surfaces={
            "ACME": surface(100.0, 0.3),
            "FUND": surface(400.0, 0.18),
            "ES": surface(5500.0, 0.17),
            "GOLD": surface(2300.0, 0.15),
            "EURUSD": surface(1.07, 0.08),
            "USDJPY": surface(160.0, 0.1),
        },
        dividends={"ACME": tuple((date, 0.8) for date in dates)},
    )


FAST, SLOW = 100, 1000


@pytest.fixture(params=[FAST, pytest.param(SLOW, marks=pytest.mark.slow)])
def count(request: pytest.FixtureRequest) -> int:
    """How many random instruments are compared."""
    return request.param


@pytest.fixture
def values(market: PricingMarket) -> Callable[[Sequence[Position]], np.ndarray]:
    """Values of positions, each in its own currency, priced as one book."""

    def priced(positions: Sequence[Position]) -> np.ndarray:
        book = priced_book(positions, market, base_currency="USD")
        base, _ = base_levels(book.factors)
        return book.today() / book.conversion.rates(base)[:, 0].numpy()

    return priced


class QuantLibMarket:
    """The same market as QuantLib sees it."""

    def __init__(self, market: PricingMarket) -> None:
        self.market = market
        self.today = self.date(market.as_of)
        self.curve, self.hazards = cache(self._curve), cache(self._hazards)

    @staticmethod
    def date(day: pd.Timestamp) -> ql.Date:
        return ql.Date(day.day, day.month, day.year)

    def _curve(self, name: str) -> ql.YieldTermStructureHandle:
        node = self.market.curves[name]
        dates = [self.today, *(self.today + round(365 * tenor) for tenor in node.tenors)]
        rates = [node.rates[0], *node.rates]
        built = ql.ZeroCurve(dates, rates, ql.Actual365Fixed(), ql.NullCalendar(), ql.Linear())
        built.enableExtrapolation()
        return ql.YieldTermStructureHandle(built)

    def _hazards(self, issuer: str, curve: str) -> ql.DefaultProbabilityTermStructureHandle:
        """Our intensities; that they are right is another test's to show."""
        credit = CreditIndex(FactorIndex(self.market))
        times, rows = credit.rows(issuer, curve)
        solver = credit.hazards()
        base, _ = base_levels(credit.index.factors)
        knots = solver.knots(base)[rows, 0].numpy()
        rates = np.diff(knots, prepend=0.0) / np.diff(times, prepend=0.0)
        tenors = self.market.credit[issuer].tenors
        dates = [self.today, *(self.date(after(self.market.as_of, each)) for each in tenors)]
        built = ql.HazardRateCurve(dates, [rates[0], *rates], ql.Actual365Fixed())
        built.enableExtrapolation()
        return ql.DefaultProbabilityTermStructureHandle(built)

    def schedule(
        self, maturity: pd.Timestamp, frequency: int, calendar: ql.Calendar, convention: int
    ) -> ql.Schedule:
        """Regular periods back from maturity; the first holds today."""
        months, last = 12 // frequency, self.date(maturity)
        count = 1
        while last - ql.Period(months * count, ql.Months) > self.today:
            count += 1
        first = last - ql.Period(months * count, ql.Months)
        step, backward = ql.Period(months, ql.Months), ql.DateGeneration.Backward
        return ql.Schedule(first, last, step, calendar, convention, convention, backward, False)


@pytest.fixture
def quantlib(market: PricingMarket) -> Iterator[QuantLibMarket]:
    """QuantLib, standing on the as-of."""
    before = ql.Settings.instance().evaluationDate
    reference = QuantLibMarket(market)
    ql.Settings.instance().evaluationDate = reference.today
    yield reference
    ql.Settings.instance().evaluationDate = before


@pytest.fixture
def finite_differences() -> Callable[[Sequence[Position], PricingMarket], float]:
    """Largest difference of our sensitivities from central differences, relative to both."""
    from models.instruments.sensitivities import sensitivities

    def largest(positions: Sequence[Position], market: PricingMarket) -> float:
        book = priced_book(positions, market, base_currency="USD")
        step = 1e-5
        bumps = torch.eye(len(book.factors), dtype=torch.float64) * step
        numeric = ((book.moved(bumps) - book.moved(-bumps)) / (2 * step)).numpy()
        exact = sensitivities(book)
        return float((np.abs(numeric - exact) / (1.0 + np.abs(exact))).max())

    return largest
