"""Curves, spreads, volatilities and dividends that nothing may be valued with."""

import numpy as np
import pandas as pd
import pytest

from validation.feed_rules.pricing import quotes

AS_OF = pd.Timestamp("2024-06-28")


def curves(**changes):
    table = {"date": AS_OF, "curve": "USD", "tenor_years": [1.0, 5.0], "zero_rate": [0.04, -0.01]}
    return pd.DataFrame({**table, **changes})


def credit(**changes):
    table = {
        "date": AS_OF,
        "issuer": "X",
        "seniority": "senior",
        "tenor_years": [1.0, 5.0],
        "spread": [0.01, 0.02],
        "recovery": 0.4,
    }
    return pd.DataFrame({**table, **changes})


def vols(grid):
    expiries = pd.to_datetime(["2024-12-28", "2025-06-28"])
    strikes = [90.0, 100.0, 110.0]
    rows = [
        (AS_OF, "AAA", expiry, strike, grid[i][j])
        for i, expiry in enumerate(expiries)
        for j, strike in enumerate(strikes)
    ]
    return pd.DataFrame(rows, columns=["date", "underlying", "expiry", "strike", "vol"])


FLAT = [[0.2, 0.2, 0.2], [0.2, 0.2, 0.2]]


def rules(**tables):
    return [b.rule.name for _, b in quotes(tables, as_of=AS_OF, closes={"AAA": 100.0})]


def test_good_quotes_have_nothing_against_them():
    """A negative rate is one."""
    dividends = pd.DataFrame({"underlying": ["AAA"], "ex_date": [AS_OF], "amount": [0.0]})
    assert rules(curves=curves(), credit=credit(), vols=vols(FLAT), dividends=dividends) == []


@pytest.mark.parametrize(
    ("tables", "rule"),
    [
        ({"curves": curves(zero_rate=[0.04, np.nan])}, "missing_quote"),
        ({"curves": curves(tenor_years=[0.0, 5.0])}, "bad_tenor"),
        ({"curves": curves(tenor_years=[5.0, 5.0])}, "duplicate_quote"),
        ({"curves": curves(zero_rate=[4.0, 4.1])}, "rate_unit"),
        ({"credit": credit(spread=[-0.01, 0.02])}, "negative_spread"),
        ({"credit": credit(recovery=-0.1)}, "bad_recovery"),
        ({"credit": credit(recovery=1.0)}, "bad_recovery"),
        ({"credit": credit(recovery=[0.4, 0.3])}, "bad_recovery"),
        ({"vols": vols([[0.2, -0.2, 0.2], FLAT[1]])}, "bad_volatility"),
        ({"vols": vols(FLAT)[:-1]}, "incomplete_surface"),
        ({"vols": vols([[0.3] * 3, [0.2] * 3])}, "calendar_arbitrage"),
        ({"vols": vols([[0.2, 0.9, 0.2], [0.9] * 3])}, "butterfly_arbitrage"),
    ],
)
def test_a_bad_quote_rejects_its_series(tables, rule):
    assert rule in rules(**tables)


def test_a_dividend_below_zero_is_rejected():
    dividends = pd.DataFrame({"underlying": ["AAA"], "ex_date": [AS_OF], "amount": [-1.0]})
    assert rules(dividends=dividends) == ["negative_dividend"]


def test_only_the_last_date_is_looked_at():
    old = curves(date=[AS_OF - pd.Timedelta(days=1)] * 2, zero_rate=[9.0, 9.0])
    later = curves(date=[AS_OF + pd.Timedelta(days=1)] * 2, zero_rate=[9.0, 9.0])
    assert rules(curves=pd.concat([old, curves(), later])) == []
