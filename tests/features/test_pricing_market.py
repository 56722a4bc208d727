"""The market that positions are valued with: the last quotes known at the as-of."""

import numpy as np
import pandas as pd

from features.pricing_market import pricing_market

AS_OF = pd.Timestamp("2024-06-28")


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


CURVES = pd.DataFrame(
    {
        "date": [day("2024-06-27"), day("2024-06-28"), day("2024-06-28"), day("2024-07-01")],
        "curve": ["USD", "USD", "USD", "USD"],
        "tenor_years": [1.0, 5.0, 1.0, 1.0],
        "zero_rate": [0.01, 0.05, 0.04, 0.99],
    }
)
VOLS = pd.DataFrame(
    {
        "date": [AS_OF] * 5,
        "underlying": ["AAA"] * 5,
        "expiry": pd.to_datetime(["2024-06-28", *["2025-01-17"] * 2, *["2024-09-20"] * 2]),
        "strike": [100.0, 110.0, 90.0, 90.0, 110.0],
        "vol": [0.9, 0.3, 0.25, 0.2, 0.22],
    }
)
DIVIDENDS = pd.DataFrame(
    {
        "underlying": ["AAA"] * 3,
        "ex_date": pd.to_datetime(["2025-03-01", "2024-06-28", "2024-09-01"]),
        "amount": [2.0, 9.0, 1.0],
    }
)


def built(**tables):
    return pricing_market(tables, instruments={}, closes={}, as_of=AS_OF)


def test_a_curve_is_the_last_one_known_in_order_of_tenor():
    curve = built(curves=CURVES).curves["USD"]
    assert curve.date == AS_OF
    np.testing.assert_array_equal(curve.tenors, [1.0, 5.0])
    np.testing.assert_array_equal(curve.rates, [0.04, 0.05])


def test_a_future_quote_changes_nothing():
    earlier = built(curves=CURVES[CURVES["date"] <= AS_OF]).curves["USD"]
    np.testing.assert_array_equal(built(curves=CURVES).curves["USD"].rates, earlier.rates)


def test_a_surface_is_a_grid_of_what_has_not_expired():
    surface = built(vols=VOLS).surfaces["AAA"]
    assert list(surface.expiries) == [day("2024-09-20"), day("2025-01-17")]
    np.testing.assert_array_equal(surface.strikes, [90.0, 110.0])
    np.testing.assert_array_equal(surface.vols, [[0.2, 0.22], [0.25, 0.3]])


def test_dividends_are_those_to_come():
    paid = built(dividends=DIVIDENDS).dividends["AAA"]
    assert paid == ((day("2024-09-01"), 1.0), (day("2025-03-01"), 2.0))


def test_senior_spreads_come_first():
    credit = pd.DataFrame(
        {
            "date": [AS_OF] * 3,
            "issuer": ["X"] * 3,
            "seniority": ["junior", "senior", "senior"],
            "tenor_years": [5.0, 5.0, 1.0],
            "spread": [0.05, 0.02, 0.01],
            "recovery": [0.2, 0.4, 0.4],
        }
    )
    curve = built(credit=credit).credit["X"]
    assert (curve.seniority, curve.recovery) == ("senior", 0.4)
    np.testing.assert_array_equal(curve.spreads, [0.01, 0.02])


def test_what_the_gate_left_out_is_not_there():
    market = pricing_market(
        {"curves": CURVES}, instruments={}, closes={}, as_of=AS_OF, excluded=[("curves", "USD")]
    )
    assert market.curves == {}
