"""Discount factors: numpy's interpolation, QuantLib's curve, and which curve is meant."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.instruments.discounting import curve_of, discount_today, discounts, node_weights
from models.instruments.risk_factors import FactorIndex, base_levels


@given(years=st.floats(0.0, 60.0))
def test_rates_are_linear_between_tenors_and_flat_outside(market, years):
    curve = market.curves["USD"]
    weights = node_weights(curve.tenors, years)
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ curve.rates == pytest.approx(np.interp(years, curve.tenors, curve.rates))


def test_discount_factors_agree_with_quantlib(market, quantlib):
    handle = quantlib.curve("EUR")
    for days in (1, 50, 91, 400, 3000, 10000):
        ours = discount_today(market.curves["EUR"], days / 365)
        assert ours == pytest.approx(handle.discount(quantlib.today + days), rel=1e-14)


def test_products_and_ratios_are_one_exponential(market):
    index = FactorIndex(market)
    found = discounts([{("USD", 2.0): 1.0, ("EUR", 5.0): -1.0}, {}], index)
    base, _ = base_levels(index.factors)
    ratio, one = torch.exp(found.log(base))[:, 0].tolist()
    usd, eur = (discount_today(market.curves[n], t) for n, t in (("USD", 2.0), ("EUR", 5.0)))
    assert ratio == pytest.approx(usd / eur)
    assert one == 1.0


def test_the_curve_of_a_currency_is_the_one_named_like_it(market):
    assert curve_of("USD", market) == "USD"  # although USD_TERM begins with it too
    assert curve_of("USD", market, named="USD_TERM") == "USD_TERM"


def test_two_curves_of_a_currency_are_not_guessed_between(market):
    curves = {"USD_A": market.curves["USD"], "USD_B": market.curves["USD"]}
    several = dataclasses.replace(market, curves=curves)
    with pytest.raises(ValueError, match=r"currency USD .* several begin with it"):
        curve_of("USD", several)
    only = dataclasses.replace(market, curves={"USD_A": market.curves["USD"]})
    assert curve_of("USD", only) == "USD_A"


def test_an_unknown_curve_is_named(market):
    with pytest.raises(ValueError, match="curve 'GBP' is not in curves at the as-of"):
        curve_of("USD", market, named="GBP")
