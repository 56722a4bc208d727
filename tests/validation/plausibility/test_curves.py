import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.plausibility.curves import (
    correlation_check,
    discount_check,
    quote_checks,
    surface_checks,
)

MONEYNESS, EXPIRY = np.linspace(-1.5, 1.5, 61), np.array([0.25, 1.0, 2.0])


def svi(k, a, b, m, rho, sigma):
    """Total variance of Gatheral's raw parameterisation."""
    return a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + sigma**2))


def judged(volatility, expiry=EXPIRY):
    return surface_checks(volatility, log_moneyness=MONEYNESS, expiry=expiry)


@given(st.floats(0.02, 2.0))
def test_a_flat_surface_has_no_arbitrage(level):
    assert all(check.passed for check in judged(np.full((3, 61), level)))


def lowest_density(k, a, b, m, rho, sigma):
    """Least of Durrleman's function, whose sign is the density's, in closed form."""
    root = np.sqrt((k - m) ** 2 + sigma**2)
    w = svi(k, a, b, m, rho, sigma)
    first, second = b * (rho + (k - m) / root), b * sigma**2 / root**3
    g = (1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2
    return g.min()


@pytest.mark.parametrize(
    "parameters",
    [
        (-0.0410, 0.1331, 0.3586, 0.3060, 0.4153),  # Vogt: Gatheral and Jacquier, example 3.1
        (0.04, 0.1, 0.0, -0.3, 0.3),
        (0.01, 0.8, 0.1, -0.7, 0.05),
    ],
)
def test_butterflies_are_found_where_the_density_is_negative(parameters):
    volatility = np.sqrt(svi(MONEYNESS, *parameters))[None]
    _, butterfly = judged(volatility, expiry=np.array([1.0]))
    fine = np.linspace(-1.4, 1.4, 2_801)
    assert butterfly.passed is bool(lowest_density(fine, *parameters) >= 0)


def test_the_slice_of_axel_vogt_is_free_of_calendars_and_not_of_butterflies():
    total = svi(MONEYNESS, -0.0410, 0.1331, 0.3586, 0.3060, 0.4153)
    calendar, butterfly = judged(np.sqrt(total)[None], expiry=np.array([1.0]))
    assert calendar.passed
    assert not butterfly.passed


def test_variance_that_falls_with_expiry_is_a_calendar():
    total = np.array([0.04, 0.09, 0.08])[:, None] * np.ones(61)
    calendar, _ = judged(np.sqrt(total / EXPIRY[:, None]))
    assert calendar.violations == 61
    assert calendar.examples[0] == "expiry 1, strike 0"


def test_a_volatility_that_is_none_is_an_arbitrage():
    surface = np.full((2, 3, 61), 0.2)
    surface[1, 0, 30] = np.nan
    assert not judged(surface)[1].passed


def test_axes_out_of_order_are_refused():
    with pytest.raises(ValueError, match="must ascend"):
        surface_checks(
            np.full((2, 2), 0.2), log_moneyness=np.array([0.1, 0.0]), expiry=np.array([1.0, 2.0])
        )


def test_three_correlations_of_minus_nine_tenths_cannot_be():
    matrix = np.full((3, 3), -0.9)
    np.fill_diagonal(matrix, 1.0)
    good = np.where(np.eye(3) > 0, 1.0, -0.49)
    found = correlation_check(np.stack((good, matrix)))
    assert (found.violations, found.examples) == (1, ("matrix 1",))


@pytest.mark.parametrize("spoilt", [[[1.0, 0.2], [0.3, 1.0]], [[1.1, 0.2], [0.2, 1.0]],
                                    [[1.0, np.nan], [np.nan, 1.0]]])  # fmt: skip
def test_what_is_no_correlation_is_told(spoilt):
    assert not correlation_check(np.array(spoilt)).passed


def test_a_negative_rate_is_real_and_a_negative_price_of_money_is_not():
    assert discount_check(np.array([1.01, 1.02, 0.99])).passed
    assert discount_check(np.array([[0.9, -0.1], [np.inf, 0.5]])).violations == 2


def test_a_locked_market_passes_and_a_crossed_one_does_not():
    spread = np.array([0.0, 0.01, -0.01])[:, None, None]
    (crossed,) = quote_checks(spread)
    assert crossed.examples == ("path 2, step 0, asset 0",)
    assert [check.rule for check in quote_checks(spread, spread)] == ["bid_above_ask", "depth_sign"]
