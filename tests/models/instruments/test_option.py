"""European options against QuantLib, put-call parity, and greeks."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from features.positions import Position
from models.instruments.book import priced_book
from models.instruments.option import black
from models.instruments.risk_factors import base_levels
from models.instruments.sensitivities import level_sensitivities, quadratic

UNDERLYINGS = {
    "ACME": "USD",
    "FUND": "USD",
    "ES": "USD",
    "GOLD": "USD",
    "EURUSD": "USD",
    "USDJPY": "JPY",
}


def options(count: int, market) -> list[Position]:
    generator = np.random.default_rng(17)
    found = []
    for number in range(count):
        underlying = str(generator.choice(list(UNDERLYINGS)))
        days = int(generator.integers(5, 900))
        found.append(
            Position(
                instrument=f"O{number}",
                quantity=1.0,
                type="option",
                currency=UNDERLYINGS[underlying],
                underlying=underlying,
                strike=market.closes[underlying] * float(generator.uniform(0.7, 1.4)),
                expiry=market.as_of + pd.Timedelta(days=days),
                call_put=str(generator.choice(["call", "put"])),
                style="european",
            )
        )
    return found


def surface(underlying: str, quantlib, market) -> ql.BlackVolTermStructureHandle:
    ours = market.surfaces[underlying]
    matrix = ql.Matrix(len(ours.strikes), len(ours.expiries))
    for i in range(len(ours.strikes)):
        for j in range(len(ours.expiries)):
            matrix[i][j] = float(ours.vols[j, i])
    dates = [quantlib.date(each) for each in ours.expiries]
    constant = ql.BlackVarianceSurface.ConstantExtrapolation
    built = ql.BlackVarianceSurface(
        quantlib.today, ql.NullCalendar(), dates, ours.strikes.tolist(), matrix,
        ql.Actual365Fixed(), constant, constant,
    )  # fmt: skip
    built.enableExtrapolation()
    return ql.BlackVolTermStructureHandle(built)


def process(underlying: str, quantlib, market) -> ql.GeneralizedBlackScholesProcess:
    spot = ql.QuoteHandle(ql.SimpleQuote(market.closes[underlying]))
    domestic = quantlib.curve(UNDERLYINGS[underlying])
    if underlying in ("ES", "GOLD"):
        income = domestic
    elif market.instruments[underlying].kind == "fx":
        income = quantlib.curve(underlying[:3])
    else:
        income = ql.YieldTermStructureHandle(
            ql.FlatForward(quantlib.today, 0.0, ql.Actual365Fixed())
        )
    vols = surface(underlying, quantlib, market)
    return ql.GeneralizedBlackScholesProcess(spot, income, domestic, vols)


def reference(position: Position, quantlib, market) -> ql.VanillaOption:
    side = ql.Option.Call if position.call_put == "call" else ql.Option.Put
    payoff = ql.PlainVanillaPayoff(side, position.strike)
    exercise = ql.EuropeanExercise(quantlib.date(position.expiry))
    option = ql.VanillaOption(payoff, exercise)
    at = process(position.underlying, quantlib, market)
    dividends = market.dividends.get(position.underlying)
    if dividends is None:
        option.setPricingEngine(ql.AnalyticEuropeanEngine(at))
        return option
    dates, amounts = zip(*dividends, strict=True)
    schedule = ql.DividendVector([quantlib.date(each) for each in dates], list(amounts))
    option.setPricingEngine(ql.AnalyticDividendEuropeanEngine(at, schedule))
    return option


def test_european_options_agree_with_quantlib(count, market, values, quantlib):
    """To rounding, relative to the strike: forward, smile and formula are the same."""
    held = options(count, market)
    theirs = np.array([reference(each, quantlib, market).NPV() for each in held])
    strikes = np.array([each.strike for each in held])
    np.testing.assert_allclose(values(held) / strikes, theirs / strikes, rtol=0, atol=1e-12)


def test_delta_gamma_and_vega_are_those_of_quantlib(market, quantlib):
    """On funds and currencies, where its engine has them; a smile keeps to its strike."""
    held = [each for each in options(60, market) if each.underlying in ("FUND", "ES")]
    book = priced_book(held, market, base_currency="USD")
    slopes = level_sensitivities(book)
    names = [factor.name for factor in book.factors]
    fast = quadratic(book)
    for row, each in enumerate(held):
        option = reference(each, quantlib, market)
        spot = names.index(each.underlying)
        pair = fast.pairs.tolist().index([spot, spot])
        # For a logarithm the second derivative is S^2 gamma + S delta.
        bend = (fast.curvatures[row, pair] - fast.slopes[row, spot]) / book.factors[spot].base ** 2
        assert bend == pytest.approx(option.gamma(), abs=1e-9)
        delta = slopes[row, names.index(each.underlying)]
        assert delta == pytest.approx(option.delta(), abs=1e-9)
        volatility = [k for k, factor in enumerate(book.factors) if factor.group == "volatility"]
        # The surface moved in parallel is Black's vega.
        assert slopes[row, volatility].sum() == pytest.approx(option.vega(), rel=0.02, abs=1e-6)


def test_put_call_parity(market, values):
    """A call less a put is a forward, exactly; with dividends, rates and smile."""
    calls = [dataclasses.replace(each, call_put="call") for each in options(100, market)]
    puts = [dataclasses.replace(each, call_put="put") for each in calls]
    currencies = [each for each in calls if each.underlying in ("EURUSD", "USDJPY")]
    agreed = [
        dataclasses.replace(each, type="fx_forward", maturity=each.expiry) for each in currencies
    ]
    gaps = dict(zip((each.instrument for each in calls), values(calls) - values(puts), strict=True))
    found = [gaps[each.instrument] for each in currencies]
    np.testing.assert_allclose(found, values(agreed), rtol=1e-12, atol=1e-12)


@settings(max_examples=50)
@given(
    spot=st.floats(0.0, 1e4),
    variance=st.floats(1e-8, 9.0),
    discount=st.floats(-1.0, 0.2),
    yields=st.floats(-1.0, 0.2),
)
def test_prices_stay_inside_their_bounds(spot, variance, discount, yields):
    """Between what exercise is worth for certain and the asset itself."""
    one = torch.ones((1, 1), dtype=torch.float64)
    parts = (spot * one, discount * one, yields * one, variance * one, 100.0 * one)
    call, put = float(black(*parts, one)), float(black(*parts, -one))
    delivered, paid = spot * np.exp(yields), 100.0 * np.exp(discount)
    slack = 1e-9 * (delivered + paid)
    assert max(delivered - paid, 0.0) - slack <= call <= delivered + slack
    assert max(paid - delivered, 0.0) - slack <= put <= paid + slack
    assert call - put == pytest.approx(delivered - paid, abs=slack)


def test_an_underlying_that_is_worth_nothing_leaves_the_put(market):
    put = next(each for each in options(50, market) if each.call_put == "put")
    book = priced_book([put], market, base_currency=put.currency)
    base, _ = base_levels(book.factors)
    base[[factor.name for factor in book.factors].index(put.underlying)] = -5.0
    assert put.strike is not None
    assert float(book.values(base)) > 0.9 * put.strike


def test_a_missing_surface_is_named(market, values):
    (one,) = options(1, market)
    nowhere = dataclasses.replace(one, underlying="SAP", currency="EUR", strike=180.0)
    with pytest.raises(ValueError, match="underlying 'SAP' is not in vols"):
        values([nowhere])
