"""What implied volatilities, credit spreads, yields and the dollar said, when they said it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import NDArray

from features.asof import Observed, Timeline, ticks
from features.crosssection import CrossSection, asset_mean
from features.losses import mean_return
from features.trend import above_trend, change, log_level

Reading = Callable[[NDArray[np.float64]], NDArray[np.float64]]

TREND, MONTH = 60, 20
"""Rows of a trend, and of a change; for daily series, sessions."""

READINGS: Mapping[str, Mapping[str, Reading]] = MappingProxyType(
    {
        "equity_volatility": {
            "vix": log_level,
            "vix_trend": lambda values: above_trend(log_level(values), window=TREND),
        },
        "rate_volatility": {
            "move": log_level,
            "move_trend": lambda values: above_trend(log_level(values), window=TREND),
        },
        "high_yield_spread": {
            "high_yield": log_level,
            "high_yield_change": lambda values: change(values, rows=MONTH),
        },
        "investment_grade_spread": {
            "investment_grade": log_level,
            "investment_grade_change": lambda values: change(values, rows=MONTH),
        },
        "breakeven_10y": {"breakeven_change": lambda values: change(values, rows=MONTH)},
        "dollar": {"dollar_change": lambda values: change(log_level(values), rows=MONTH)},
    }
)
"""Features read off one series each, by its role. A spread's change is in percentage points."""


def macro_readings(observed: Mapping[str, Observed], section: CrossSection) -> list[Timeline]:
    """Features of implied volatilities, credit spreads, yields, breakevens and the dollar.

    Parameters
    ----------
    observed : mapping of role to Observed
        As `features.roles.cast_roles` gives it.
    section : CrossSection
        For the realised volatility that the VIX is held against.
    """
    slope = term_slope(observed["yield_10y"], observed["yield_2y"])
    implied = readings_of(observed["equity_volatility"], {"vix": log_level})
    return [
        *(readings_of(observed[role], features) for role, features in READINGS.items()),
        slope,
        implied_over_realised(implied, section),
    ]


def readings_of(series: Observed, features: Mapping[str, Reading]) -> Timeline:
    """One column a feature; a series without observations gives a timeline without rows."""
    columns = [feature(series.values) for feature in features.values()]
    return Timeline(tuple(features), np.column_stack(columns), series.known_at)


def term_slope(ten: Observed, two: Observed) -> Timeline:
    """Ten-year less two-year yield of the same date, and its change over a month, in percent.

    Known once both yields are.
    """
    _, of_ten, of_two = np.intersect1d(ticks(ten.dates), ticks(two.dates), return_indices=True)
    later = np.maximum(ticks(ten.known_at)[of_ten], ticks(two.known_at)[of_two])
    slope = ten.values[of_ten] - two.values[of_two]
    return Timeline(
        names=("term_slope", "term_slope_change"),
        values=np.column_stack([slope, change(slope, rows=MONTH)]),
        known_at=pd.DatetimeIndex(later, tz="UTC"),
    )


def implied_over_realised(log_implied: Timeline, section: CrossSection) -> Timeline:
    """Log of the VIX over the realised volatility of the equity block's mean return.

    Realised over a month, annualised, in percent like the VIX; NaN where either is unknown.
    """
    equity = asset_mean(section.returns[:, section.members("equity")])
    moved = np.flatnonzero(np.isfinite(equity))
    instants = section.instants.take(moved)
    ratio = log_implied.at(instants)[:, 0] - log_level(annualised_percent(equity[moved]))
    return Timeline(("vix_over_realised",), ratio[:, None], instants)


def annualised_percent(returns: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """Volatility of the last month's returns, about zero, as a volatility index quotes it."""
    return 100.0 * np.sqrt(252.0 * mean_return(returns**2, window=MONTH))
