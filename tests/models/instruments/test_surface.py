"""Total variance between the nodes of a surface: by hand, and as QuantLib has it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.instruments.risk_factors import FactorIndex, base_levels
from models.instruments.surface import variances


def total(market, points) -> np.ndarray:
    index = FactorIndex(market)
    found = variances(points, index)
    base, _ = base_levels(index.factors)
    return found.total(base)[:, 0].numpy()


def test_a_node_is_its_own_volatility(market):
    surface = market.surfaces["ACME"]
    at = [("ACME", surface.expiries[2], float(strike)) for strike in surface.strikes]
    np.testing.assert_allclose(total(market, at), surface.vols[2] ** 2 * 182 / 365, rtol=1e-14)


@settings(max_examples=40)
@given(days=st.integers(1, 1500), moneyness=st.floats(0.3, 2.5))
def test_between_nodes_it_is_linear_in_strike_and_time(market, days, moneyness):
    """And flat in the volatility before the first expiry and after the last."""
    surface = market.surfaces["ACME"]
    times = (surface.expiries - market.as_of).days.to_numpy()
    strike = 100.0 * moneyness
    columns = [
        np.interp(strike, surface.strikes, surface.vols[i] ** 2) * times[i]
        for i in range(len(times))
    ]
    if days >= times[-1]:
        expected = columns[-1] * days / times[-1]
    else:
        expected = np.interp(days, [0, *times], [0.0, *columns])
    found = total(market, [("ACME", market.as_of + pd.Timedelta(days=days), strike)])[0]
    assert found == pytest.approx(expected / 365.0, rel=1e-12)


def test_only_the_nodes_around_an_option_are_factors(market):
    index = FactorIndex(market)
    variances([("ACME", market.as_of + pd.Timedelta(days=200), 97.0)], index)
    assert [factor.name for factor in index.factors] == [
        "vol:ACME:2024-12-27:95",
        "vol:ACME:2024-12-27:100",
        "vol:ACME:2025-06-28:95",
        "vol:ACME:2025-06-28:100",
    ]


def test_a_node_without_a_volatility_is_refused(market):
    import dataclasses

    surface = market.surfaces["ACME"]
    vols = surface.vols.copy()
    vols[2, 3] = np.nan
    holed = dataclasses.replace(market, surfaces={"ACME": dataclasses.replace(surface, vols=vols)})
    with pytest.raises(ValueError, match="vols: ACME has no volatility at 2024-12-27, strike 95"):
        total(holed, [("ACME", surface.expiries[2], 96.0)])
