"""American options against QuantLib at today's market and far from it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql
import torch

from features.positions import Position
from models.instruments.book import priced_book
from models.instruments.cash_flows import State
from models.instruments.option import OptionBatch
from models.instruments.risk_factors import base_levels, levels


def options(count: int, market) -> list[Position]:
    generator = np.random.default_rng(19)
    currencies = {"ACME": "USD", "FUND": "USD", "ES": "USD", "EURUSD": "USD", "USDJPY": "JPY"}
    found = []
    for number in range(count):
        underlying = str(generator.choice(list(currencies)))
        found.append(
            Position(
                instrument=f"A{number}",
                quantity=1.0,
                type="option",
                currency=currencies[underlying],
                underlying=underlying,
                strike=market.closes[underlying] * float(generator.uniform(0.75, 1.3)),
                expiry=market.as_of + pd.Timedelta(days=int(generator.integers(10, 800))),
                call_put=str(generator.choice(["call", "put"])),
                style="american",
            )
        )
    return found


def reference(position, quantlib, spot, rate, income, vol, dividends) -> float:
    """QuantLib at constant volatility and rates: what our premium is defined by."""
    flat = ql.Actual365Fixed()
    process = ql.GeneralizedBlackScholesProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        ql.YieldTermStructureHandle(ql.FlatForward(quantlib.today, income, flat)),
        ql.YieldTermStructureHandle(ql.FlatForward(quantlib.today, rate, flat)),
        ql.BlackVolTermStructureHandle(
            ql.BlackConstantVol(quantlib.today, ql.NullCalendar(), vol, flat)
        ),
    )
    side = ql.Option.Call if position.call_put == "call" else ql.Option.Put
    exercise = ql.AmericanExercise(quantlib.today, quantlib.date(position.expiry))
    option = ql.VanillaOption(ql.PlainVanillaPayoff(side, position.strike), exercise)
    if dividends:
        dates, amounts = zip(*dividends, strict=True)
        schedule = ql.DividendVector([quantlib.date(each) for each in dates], list(amounts))
        escrowed = ql.FdBlackScholesVanillaEngine.Escrowed
        engine = ql.FdBlackScholesVanillaEngine(
            process, schedule, 300, 500, 0, ql.FdmSchemeDesc.CrankNicolson(), False, -1.0, escrowed
        )
    else:
        scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
        engine = ql.QdFpAmericanEngine(process, scheme)
    option.setPricingEngine(engine)
    return option.NPV()


def compared(held, market, quantlib, moves_of) -> tuple[np.ndarray, np.ndarray]:
    """Our prices and QuantLib's after the same moves, in units of the strike."""
    book = priced_book(held, market, base_currency="USD")
    base, is_log = base_levels(book.factors)
    at = levels(moves_of(book.factors), base, is_log)
    own = (book.values(at) / book.conversion.rates(at))[:, 0].numpy()
    batch = book.batches[0]
    assert isinstance(batch, OptionBatch)
    _, discount, yields = (x[:, 0] for x in batch.forwards.parts(State(at, at[:0])))
    total = batch.variances.total(at)[:, 0]
    names = [factor.name for factor in book.factors]
    ours, theirs = [], []
    for line, each in enumerate(held):
        years = market.years(each.expiry)
        rate, income = -float(discount[line]) / years, -float(yields[line]) / years
        vol = float(total[line] / years) ** 0.5
        spot = float(at[names.index(each.underlying), 0])
        ahead = [(d, a) for d, a in market.dividends.get(each.underlying, ()) if d <= each.expiry]
        ours.append(own[line] / each.strike)
        theirs.append(reference(each, quantlib, spot, rate, income, vol, ahead) / each.strike)
    return np.array(ours), np.array(theirs)


def still(factors) -> torch.Tensor:
    return torch.zeros((len(factors), 1), dtype=torch.float64)


def test_american_options_agree_with_quantlib_today(count, market, quantlib):
    """Within 2 hundredths of a percent of the strike: the grids' error, theirs with dividends."""
    ours, theirs = compared(options(count, market), market, quantlib, still)
    assert np.abs(ours - theirs).max() < 2e-4
    assert np.sqrt(np.mean((ours - theirs) ** 2)) < 5e-5


@pytest.mark.parametrize("seed", range(4))
def test_american_options_agree_with_quantlib_in_a_scenario(seed, market, quantlib):
    """Prices up to 30% away, volatilities halved or doubled, rates a percentage point apart."""

    def moved(factors) -> torch.Tensor:
        generator = np.random.default_rng(seed)
        size = {"volatility": 0.4, "rate": 0.006}
        shared = {group: generator.normal() for group in ("volatility", "rate")}
        draws = [
            size.get(each.group, 0.12) * shared.get(each.group, generator.normal())
            for each in factors
        ]
        return torch.tensor(draws, dtype=torch.float64)[:, None]

    ours, theirs = compared(options(40, market), market, quantlib, moved)
    assert np.abs(ours - theirs).max() < 3e-4


def test_an_american_option_is_worth_at_least_the_european_and_exercise(market, values):
    held = options(100, market)
    plain = [dataclasses.replace(each, style="european") for each in held]
    exercised = [
        max((1 if each.call_put == "call" else -1)
            * (market.closes[each.underlying] - each.strike), 0.0)
        for each in held
    ]  # fmt: skip
    own = values(held)
    assert (own >= values(plain) - 1e-12).all()
    assert (own >= np.array(exercised)).all()


def test_a_call_without_income_is_not_exercised_early(market, values):
    """Merton (1973)."""
    held = [each for each in options(100, market) if each.underlying == "FUND"]
    calls = [dataclasses.replace(each, call_put="call") for each in held]
    plain = [dataclasses.replace(each, style="european") for each in calls]
    strikes = np.array([each.strike for each in calls])
    np.testing.assert_allclose(values(calls) / strikes, values(plain) / strikes, atol=1e-9)


def test_sensitivities_are_those_of_finite_differences(market, finite_differences):
    """Per unit of strike one; the premium's table is continuous but not smooth at its nodes."""
    assert finite_differences(options(20, market), market) < 1e-4
