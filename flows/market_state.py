"""The state of the market as a desk is told of it: regime, anomaly of the day, chance of a fall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.asof import Timeline, last_known
from features.crosssection import market_section
from features.daily_moves import daily_moves, market_returns
from features.macro import macro_readings
from features.market import ORIGIN_DELAY, MarketData
from features.returns import History
from features.roles import cast_roles
from models.anomalies import RATE, Anomalies, unlike_the_past
from models.baselines import UnitStore
from models.drawdown import DrawdownForecast, drawdown_forecast
from models.regimes import STATES, Regimes, market_regimes
from validation.event_forecasts import reliability

MODALITY = "regimes"
"""Of the panel's columns that come from here."""


@dataclass(frozen=True, slots=True)
class MarketState:
    """What models say of the whole market, at one instant a date.

    Attributes
    ----------
    regimes : Regimes
    anomalies : Anomalies
    drawdown : DrawdownForecast
        Of the equity market, or of all instruments where there is no equity.
    """

    regimes: Regimes
    anomalies: Anomalies
    drawdown: DrawdownForecast

    def timelines(self) -> list[Timeline]:
        """Columns for whoever reads the state as an input."""
        told = Timeline(
            ("drawdown_probability",), self.drawdown.probability[:, None], self.regimes.times
        )
        return [self.regimes.timeline(), self.anomalies.timeline(), told]

    def row(self, instant: pd.Timestamp) -> int:
        """Last row that was known at an instant; -1 where none was."""
        return int(last_known(self.regimes.times, pd.DatetimeIndex([instant]))[0])

    def regime(self, row: int) -> str | None:
        """State at a row; None where nothing is said yet."""
        state = int(self.regimes.state[row]) if row >= 0 else -1
        return STATES[state] if state >= 0 else None

    def figures(self, row: int) -> dict[str, Any]:
        """What a session keeps of a row, as plain values; empty where nothing is said yet."""
        if self.regime(row) is None:
            return {}
        told = self.regimes.probabilities[row]
        confirmed = int(self.regimes.confirmed[row])
        return {
            "since": self._date(self.regimes.since(row)),
            "probabilities": dict(zip(STATES, told.tolist(), strict=True)),
            "stressed": bool(confirmed == 1),
            "stressed_since": self._date(self.regimes.confirmed_since(row)),
            "anomaly": self._anomaly(row),
            "drawdown": drawdown_figures(self.drawdown, row),
        }

    def _anomaly(self, row: int) -> dict[str, Any] | None:
        score, rarity = self.anomalies.score[row], self.anomalies.rarity[row]
        if not np.isfinite(rarity):
            return None
        return {
            "score": float(score),
            "rarity": float(rarity),
            "alarm": bool(self.anomalies.alarm[row]),
            "rate": self.anomalies.rate,
            "made_by": [[name, share] for name, share in self.anomalies.makers(row)],
        }

    def _date(self, row: int) -> str:
        # The last second that the day had: a market that never closes is told of at one o'clock.
        close = self.regimes.times[row] - ORIGIN_DELAY - pd.Timedelta(seconds=1)
        return f"{close:%Y-%m-%d}"


def market_state(
    market: MarketData,
    histories: Sequence[History],
    *,
    false_alarms: float = RATE,
    store: UnitStore | None = None,
) -> MarketState:
    """Regimes, anomalies and the chance of a fall of a market, as known at each instant.

    Parameters
    ----------
    market : MarketData
    histories : sequence of History
        Those that are there already; the others are made.
    false_alarms : float
        Anomalies a year that are none; no column of `MarketState.timelines` depends on it.
    store : UnitStore, optional
        Fits found there are not made again.
    """
    section = market_section(market, histories)
    roles = cast_roles(market, include_revised=False)
    returns = market_returns(section)
    regimes = market_regimes(returns, section.instants, store=store)
    moves = daily_moves(section, macro_readings(roles.observed, section))
    return MarketState(
        regimes=regimes,
        anomalies=unlike_the_past(moves, rate=false_alarms, store=store),
        drawdown=drawdown_forecast(np.nan_to_num(returns), store=store),
    )


def book_drawdowns(
    books: Sequence[History],
    *,
    falls: Mapping[str, float],
    store: UnitStore | None = None,
) -> dict[str, DrawdownForecast]:
    """Chance that each book falls by a threshold, or else by more than is usual for it."""
    return {
        book.name: drawdown_forecast(book.returns, threshold=falls.get(book.name), store=store)
        for book in books
    }


def drawdown_figures(forecast: DrawdownForecast, row: int) -> dict[str, Any] | None:
    """Chance of a fall at a row, and what came of like chances before; None where none is told."""
    probability = float(forecast.probability[row])
    if not np.isfinite(probability):
        return None
    # What came of the last origins is not known yet at this one.
    known = slice(0, max(0, row - forecast.horizon + 1))
    told, came = forecast.probability[known], forecast.outcome[known]
    both = np.isfinite(told) & np.isfinite(came)
    like = next(
        one
        for one in reliability(told[both], came[both])
        if one.low <= probability < one.high or one.high == 1.0
    )
    return {
        "threshold": float(forecast.threshold[row]),
        "horizon": forecast.horizon,
        "probability": probability,
        "base_rate": float(forecast.climatology[row]),
        "like": {
            "low": like.low,
            "high": like.high,
            "n": like.n,
            "frequency": like.frequency if like.n else None,
        },
    }


def told_figures(
    state: MarketState,
    books: Mapping[str, DrawdownForecast],
    *,
    row: int,
    rows: Mapping[str, int],
) -> dict[str, Any]:
    """Figures of the market at its row, and of each book at the book's own."""
    found = state.figures(row)
    if not found:
        return found
    falls = {book: drawdown_figures(books[book], at) for book, at in rows.items() if book in books}
    return found | {"books": {book: fall for book, fall in falls.items() if fall is not None}}
