"""Published readings that condition a session, each as known before it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float

from features.asof import Observed, last_known
from features.calendars import close_instants
from features.instruments import Instrument
from features.market import ORIGIN_DELAY, MarketData
from features.roles import cast_roles
from models.scenarios.day_law import MACRO

_NEW_YORK = Instrument(name="", asset_class="", currency="USD", kind="price", move="log")
"""Whose close, an hour later, ends a common session."""


def macro_history(
    market: MarketData, dates: pd.DatetimeIndex
) -> Float[np.ndarray, "times reading"]:
    """Readings of `MACRO` before each common session, the last row after the last of them.

    Implied volatility and the high-yield spread are logarithms, the slope is the ten-year less the
    two-year yield in percentage points. Before a series begins it is read as its mean; a market
    without it has zero throughout. Restated history plays no part.

    Parameters
    ----------
    market : MarketData
        Cut at the as-of.
    dates : DatetimeIndex of shape (time,)
        Common sessions.
    """
    observed = cast_roles(market, include_revised=False).observed
    known_by = close_instants(_NEW_YORK, dates) + ORIGIN_DELAY
    reading = {name: _as_known(series, known_by) for name, series in observed.items()}
    columns = {
        "implied_volatility": _log(reading["equity_volatility"]),
        "high_yield_spread": _log(reading["high_yield_spread"]),
        "term_slope": reading["yield_10y"] - reading["yield_2y"],
    }
    after = np.column_stack([columns[name] for name in MACRO])
    before = np.vstack([np.full(len(MACRO), np.nan), after])
    counts = np.isfinite(before).sum(axis=0)
    means = np.nansum(before, axis=0) / np.maximum(counts, 1)
    return np.where(np.isfinite(before), before, means)


def _as_known(series: Observed, known_by: pd.DatetimeIndex) -> Float[np.ndarray, " time"]:
    if not len(series.values):
        return np.full(len(known_by), np.nan)
    rows = last_known(series.known_at, known_by)
    return np.where(rows >= 0, series.values[rows], np.nan)


def _log(values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    return np.log(np.where(values > 0.0, values, np.nan))
