"""The same book priced by QuantLib, one scenario after another: what most desks run.

Objects are built once and only quotes change. Two shortcuts favour QuantLib: an option has one
constant volatility in place of a surface, and an issuer one flat intensity in place of a curve.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import QuantLib as ql

from features.positions import Position
from features.pricing_market import PricingMarket
from models.instruments.risk_factors import Factor


class QuantLibLoop:
    """A book as QuantLib instruments on quotes."""

    def __init__(
        self, positions: Sequence[Position], market: PricingMarket, factors: tuple[Factor, ...]
    ) -> None:
        self.market, self.today = market, _date(market.as_of)
        ql.Settings.instance().evaluationDate = self.today
        self.rows = {factor.name: row for row, factor in enumerate(factors)}
        self.curves = {name: ql.RelinkableYieldTermStructureHandle() for name in market.curves}
        self.spots = {name: ql.SimpleQuote(close) for name, close in market.closes.items()}
        self.hazards = {name: ql.SimpleQuote(0.02) for name in market.credit}
        self.vols: list[tuple[ql.SimpleQuote, float, int]] = []
        self.first_vol = {
            factor.owner: row for row, factor in enumerate(factors) if factor.group == "volatility"
        }
        self.base = np.array([factor.base for factor in factors])
        self._relink(self.base)
        self.priced = [self._built(position) for position in positions]

    def values(self, levels: np.ndarray) -> list[float]:
        """Unit prices of all positions at one scenario's levels, each in its own currency."""
        for name, quote in self.spots.items():
            if name in self.rows:
                quote.setValue(float(levels[self.rows[name]]))
        for issuer, quote in self.hazards.items():
            row = self.rows.get(f"credit:{issuer}:5")
            if row is not None:
                quote.setValue(float(levels[row]) / (1.0 - self.market.credit[issuer].recovery))
        for quote, vol, row in self.vols:
            quote.setValue(vol * float(levels[row] / self.base[row]))
        self._relink(levels)
        return [1.0 if each is None else each.NPV() for each in self.priced]

    def _relink(self, levels: np.ndarray) -> None:
        for name, curve in self.market.curves.items():
            rows = [self.rows.get(f"curve:{name}:{tenor:g}") for tenor in curve.tenors]
            rates = [
                float(quoted if row is None else levels[row])
                for row, quoted in zip(rows, curve.rates, strict=True)
            ]
            dates = [self.today, *(self.today + round(365 * tenor) for tenor in curve.tenors)]
            built = ql.ZeroCurve(dates, [rates[0], *rates], ql.Actual365Fixed())
            built.enableExtrapolation()
            self.curves[name].linkTo(built)

    def _built(self, position: Position) -> ql.Instrument | None:
        if position.type == "option":
            return self._option(position)
        if position.type in ("bond", "frn", "irs", "cds"):
            return self._paying(position)
        return None  # linear in a quote: free

    def _option(self, position: Position) -> ql.Instrument:
        underlying, today, years = position.underlying, self.today, ql.Actual365Fixed()
        domestic = self.curves[position.currency]
        if self.market.instruments[underlying].kind == "fx":
            income = self.curves[underlying[:3]]
        elif underlying == "IDX":
            income = domestic
        else:
            income = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, years))
        surface = self.market.surfaces[underlying]
        vol = float(surface.vols[2, len(surface.strikes) // 2])
        quote = ql.SimpleQuote(vol)
        self.vols.append((quote, vol, self.first_vol[underlying]))
        flat = ql.BlackConstantVol(today, ql.NullCalendar(), ql.QuoteHandle(quote), years)
        process = ql.GeneralizedBlackScholesProcess(
            ql.QuoteHandle(self.spots[underlying]),
            income,
            domestic,
            ql.BlackVolTermStructureHandle(flat),
        )
        side = ql.Option.Call if position.call_put == "call" else ql.Option.Put
        payoff, expiry = ql.PlainVanillaPayoff(side, position.strike), _date(position.expiry)
        if position.style == "american":
            option = ql.VanillaOption(payoff, ql.AmericanExercise(today, expiry))
            option.setPricingEngine(
                ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.fastScheme())
            )
            return option
        option = ql.VanillaOption(payoff, ql.EuropeanExercise(expiry))
        option.setPricingEngine(ql.AnalyticEuropeanEngine(process))
        return option

    def _paying(self, position: Position) -> ql.Instrument:
        curve, face = self.curves[position.currency], position.notional
        frequency = position.frequency or 4
        months, last = 12 // frequency, _date(position.maturity)
        first = last
        while first > self.today:
            first = first - ql.Period(months, ql.Months)
        schedule = ql.Schedule(
            first, last, ql.Period(months, ql.Months), ql.WeekendsOnly(), ql.Following,
            ql.Following, ql.DateGeneration.Backward, False,
        )  # fmt: skip
        index = ql.IborIndex(
            f"L{position.currency}{frequency}", ql.Period(months, ql.Months), 0, ql.USDCurrency(),
            ql.NullCalendar(), ql.Unadjusted, False, ql.Actual360(), curve,
        )  # fmt: skip
        for start in schedule:
            if start <= self.today:
                index.addFixing(start, 0.03, True)
        if position.type == "irs":
            swap = ql.VanillaSwap(
                ql.VanillaSwap.Payer, face, schedule, position.fixed_rate, ql.Actual360(), schedule,
                index, 0.0, ql.Actual360(),
            )  # fmt: skip
            swap.setPricingEngine(ql.DiscountingSwapEngine(curve))
            return swap
        if position.type == "frn":
            debt = ql.FloatingRateBond(0, face, schedule, index, ql.Actual360())
        else:
            debt = ql.FixedRateBond(0, face, schedule, [position.coupon or 0.0], ql.Actual360())
        if not position.issuer:
            debt.setPricingEngine(ql.DiscountingBondEngine(curve))
            return debt
        flat = ql.FlatHazardRate(
            self.today, ql.QuoteHandle(self.hazards[position.issuer]), ql.Actual365Fixed()
        )
        hazard, recovery = ql.DefaultProbabilityTermStructureHandle(flat), 0.4
        if position.type == "cds":
            swap = ql.CreditDefaultSwap(
                ql.Protection.Buyer, face, position.fixed_rate, schedule, ql.Following,
                ql.Actual360(),
            )  # fmt: skip
            swap.setPricingEngine(ql.MidPointCdsEngine(hazard, recovery, curve))
            return swap
        debt.setPricingEngine(ql.RiskyBondEngine(hazard, recovery, curve))
        return debt


def _date(day: pd.Timestamp | None) -> ql.Date:
    if day is None:
        raise ValueError("a date is missing: every position of this book has one.")
    return ql.Date(day.day, day.month, day.year)
