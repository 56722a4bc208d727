"""What a session is made from: a market, the statistical forecasts, and versions that speak.

Nothing is trained here. The statistical models' fits are found in the unit store, and a version's
nets are what its files say, so that an ordinary day fits nothing anew. One `Serving` answers for
every as-of of its market: a live session asks for the last one, a replay for each in turn, and
both are given what was known then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.market import MarketData, latest_origin
from features.panel import Panel
from features.returns import History
from flows.backtest import BASE, unseen
from flows.daily import SessionInputs
from flows.desk_history import CHALLENGER
from flows.desk_numbers import Cell
from flows.ingest import Ingested
from flows.market_state import MarketState, book_drawdowns, market_state, told_figures
from flows.panels import panel_of
from flows.plan import Plan, make_plan, sessions_ahead
from flows.processes import processes
from flows.refusal import RefusedError
from flows.settings import LEGACY, MINIMUM_HISTORY, SESSIONS_BETWEEN_REFITS, Settings
from flows.units import UnitStore
from flows.watch_rule import WatchRule
from models.base import TailForecast
from models.drawdown import DrawdownForecast
from validation.input_domain import Outside, TrainingBox, outside

if TYPE_CHECKING:
    from models.tail.served import Served

STATED = {"legacy": LEGACY, "fallback": BASE[0]}
"""Roles that statistical models have, whoever is champion."""
_RECENT = pd.Timedelta(days=15)
_YEAR = pd.Timedelta(days=400)  # of which 250 are sessions, holidays and all


@dataclass(frozen=True, slots=True)
class Voice:
    """A version that speaks in a session.

    Attributes
    ----------
    role : {"champion", "challenger"}
    version : int
        Its place in the ledger.
    served : Served
        Read back from its files.
    """

    role: Literal["champion", "challenger"]
    version: int
    served: Served

    @property
    def key(self) -> str:
        """Name of what it says in a book's history."""
        return CHALLENGER if self.role == CHALLENGER else self.served.model


@dataclass(frozen=True, slots=True)
class Serving:
    """A market made ready for sessions.

    Attributes
    ----------
    market : MarketData
    plan : Plan
        Its books are what the desk is told of.
    panel : Panel
    alphas : tuple of float
        Confidence levels that are published.
    base : mapping of book to mapping of model to TailForecast
        Of the legacy, the fallback and the extreme-value model.
    sessions : mapping of book to DatetimeIndex
        Its expected sessions, past the as-of too.
    health : mapping
        ``checked``, and ``rejected``: reason by feed.
    state : MarketState
    falls : mapping of book to DrawdownForecast
    """

    market: MarketData
    plan: Plan
    panel: Panel
    alphas: tuple[float, ...]
    base: Mapping[str, Mapping[str, TailForecast]]
    sessions: Mapping[str, pd.DatetimeIndex]
    health: Mapping[str, Any]
    state: MarketState
    falls: Mapping[str, DrawdownForecast]
    _said: dict[tuple[int, str], TailForecast] = field(
        default_factory=dict[tuple[int, str], TailForecast]
    )

    def inputs(
        self,
        as_of: pd.Timestamp,
        voices: Sequence[Voice],
        *,
        spoke: Collection[int] = (),
        drift: Sequence[Mapping[str, Any]] = (),
        health: Mapping[str, Any] | None = None,
    ) -> SessionInputs:
        """Everything of one session, as it was known an hour after the as-of's last close.

        Parameters
        ----------
        as_of : Timestamp
            A date of the market.
        voices : sequence of Voice
        spoke : collection of int
            Versions that spoke in the session before: only theirs are the forecasts whose PIT is
            known now.
        drift : sequence of dict
            See `flows.monitor.drift`; empty where it was not measured today.
        health : mapping, optional
            By default of the whole market.

        Raises
        ------
        RefusedError
            If no book can be forecast.
        """
        instant = latest_origin(self.market, as_of)
        now = self.state.row(instant)
        rows: list[dict[str, Any]] = []
        realised: dict[str, dict[str, float]] = {}
        pits: dict[str, dict[str, dict[str, float]]] = {}
        refused = {book: why for book, why in self.plan.skipped.items() if self._is_book(book)}
        at: dict[str, int] = {}
        for history in self.plan.judged:
            row = int(history.origins.searchsorted(instant, side="right")) - 1
            if row < MINIMUM_HISTORY:
                continue
            book = history.name
            heard = [voice for voice in voices if voice.version in spoke]
            realised[book] = _recent_returns(history, row)
            pits[book] = {
                key: _recent_pits(history, row, forecast)
                for key, forecast in self._forecasts(history, heard).items()
            }
            target = self._target(history, row, as_of)
            if isinstance(target, str):
                refused[book] = target
                continue
            at[book] = row
            rows += self._rows(history, row, target, voices)
        if not rows:
            reasons = "; ".join(f"{book}: {why}" for book, why in refused.items())
            raise RefusedError(
                f"as_of {as_of:%Y-%m-%d}: no book can be forecast ({reasons or 'none has 1,000'}"
                f"{'' if reasons else ' past sessions'}). Repair the feeds or choose another date."
            )
        told = dict(self.health if health is None else health)
        return SessionInputs(
            as_of=as_of,
            snapshot=self.market.snapshot,
            forecasts=pd.DataFrame(rows),
            realised=realised,
            pits=pits,
            health=told | ({"refused": refused} if refused else {}),
            outside=self._outside(voices, at),
            drift=drift,
            regime=self.state.regime(now),
            market=told_figures(self.state, self.falls, row=now, rows=at),
            backcast=self._backcast(voices, at),
        )

    def _target(self, history: History, row: int, as_of: pd.Timestamp) -> pd.Timestamp | str:
        """Session that is forecast from a row, or why none is."""
        last = history.dates[row]
        after = self.sessions[history.name]
        after = after[after > last]
        if not len(after):
            return f"its last session was {last:%Y-%m-%d}"
        if after[0] <= as_of and not self._lagged(history.name):
            return f"a holding has no close on {after[0]:%Y-%m-%d}, a session of the book"
        return after[0]

    def _is_book(self, name: str) -> bool:
        return name in self.market.portfolios

    def _lagged(self, book: str) -> bool:
        holdings = self.market.portfolios.get(book, {book: 1.0})
        return any(self.market.instruments[name].lag_sessions for name in holdings)

    def _rows(
        self, history: History, row: int, target: pd.Timestamp, voices: Sequence[Voice]
    ) -> list[dict[str, Any]]:
        base = self.base[history.name]
        said = [(role, model, None, base[model]) for role, model in STATED.items()]
        said += [
            (voice.role, voice.served.model, voice.version, self._say(history, voice))
            for voice in voices
        ]
        return [
            {
                "portfolio": history.name,
                "role": role,
                "model": model,
                "version": version,
                "alpha": alpha,
                "horizon": 1,
                "origin": history.dates[row],
                "target": target,
                "var": float(forecast.var[row, forecast.alphas.index(alpha)]),
                "es": float(forecast.es[row, forecast.alphas.index(alpha)]),
                "sigma": float(forecast.sigma[row]),
            }
            for role, model, version, forecast in said
            for alpha in self.alphas
        ]

    def _forecasts(self, history: History, voices: Sequence[Voice]) -> dict[str, TailForecast]:
        stated = {model: self.base[history.name][model] for model in STATED.values()}
        return stated | {voice.key: self._say(history, voice) for voice in voices}

    def _say(self, history: History, voice: Voice) -> TailForecast:
        key = (voice.version, history.name)
        if key not in self._said:
            base = self.base[history.name]
            fhs, evt = (base[name] for name in BASE)
            first = int(history.dates.searchsorted(self.plan.start - _YEAR))
            self._said[key] = voice.served.forecast(
                history, self.panel, fhs=fhs, evt=evt, alphas=self.alphas, first=first
            )
        return self._said[key]

    def _backcast(
        self, voices: Sequence[Voice], at: Mapping[str, int]
    ) -> dict[str, dict[Cell, NDArray[np.float64]]]:
        """What the models of today give for the year before each book's row."""
        answer: dict[str, dict[Cell, NDArray[np.float64]]] = {}
        heard = [voice for voice in voices if voice.role != CHALLENGER]
        for history in self.plan.judged:
            if (row := at.get(history.name)) is None:
                continue
            first = max(0, int(history.dates.searchsorted(history.dates[row] - _YEAR)))
            for model, forecast in self._forecasts(history, heard).items():
                cells = answer.setdefault(model, {})
                for alpha in self.alphas:
                    level = forecast.alphas.index(alpha)
                    both = np.stack([forecast.var[first:row, level], forecast.es[first:row, level]])
                    cells[(history.name, alpha, 1)] = both.T
        return answer

    def _outside(self, voices: Sequence[Voice], at: Mapping[str, int]) -> Outside | None:
        """Today's inputs against those that the champion, or else the challenger, learned from."""
        if not voices or not at:
            return None
        served = min(voices, key=lambda voice: voice.role == CHALLENGER).served
        domain = served.domain()
        box = TrainingBox(domain.features, domain.lower, domain.upper)
        today = [
            served.read_inputs(history, self.panel, self.base[history.name][BASE[0]], at[book])
            for history in self.plan.judged
            if (book := history.name) in at
        ]
        return outside(box, np.stack(today))


def made_ready(
    found: Ingested,
    *,
    alphas: Sequence[float],
    units: UnitStore,
    since: pd.Timestamp | None = None,
    watch: WatchRule | None = None,
    progress: Callable[[int, int], None] = unseen,
) -> Serving:
    """Make a market ready for its sessions.

    Parameters
    ----------
    found : Ingested
    alphas : sequence of float
        Confidence levels that are published.
    units : UnitStore
        Fits found there are not made again; new ones are put there.
    since : Timestamp, optional
        First as-of that will be asked for; by default the last.
    watch : WatchRule, optional
        What is told of the market.
    progress : callable
        Called with (books done, books in all).

    Raises
    ------
    RefusedError
        If there is no book, or none has enough history.
    """
    from models.baselines import forecast_many
    from models.tail.walk_forward import base_levels

    market, watch = found.market, watch or WatchRule()
    books = tuple(market.portfolios)
    if not books:
        raise RefusedError(
            f"portfolios: no book passed the feed gate, and the desk is told of books. Put one "
            f"under portfolios/, or see `foreshock validate` for what was refused "
            f"({', '.join(found.verdicts.rejected[:3]) or 'nothing'})."
        )
    start = market.as_of if since is None else since
    # A book that has no close on the first day itself is refused for that day and not forgotten.
    settings = Settings(start=(start - _RECENT).date(), alphas=tuple(alphas))
    plan = _books_only(make_plan(market, settings), books)
    base: dict[str, Mapping[str, TailForecast]] = {}
    names = tuple(dict.fromkeys((*STATED.values(), *BASE)))
    for done, (history, forecasts) in enumerate(
        forecast_many(
            plan.judged,
            models=names,
            alphas=base_levels(alphas),
            first=MINIMUM_HISTORY,
            every=SESSIONS_BETWEEN_REFITS,
            evaluate_from=plan.start - _YEAR,
            store=units,
            jobs=processes(len(plan.judged), worth=16),
        ),
        start=1,
    ):
        progress(done, len(plan.judged))
        if isinstance(forecasts, ValueError):
            raise RefusedError(f"portfolios: {history.name}: {forecasts}") from forecasts
        base[history.name] = forecasts
    state = market_state(market, plan.histories, false_alarms=watch.false_alarms, store=units)
    return Serving(
        market=market,
        plan=plan,
        panel=panel_of(market, plan.histories, state=state),
        alphas=tuple(alphas),
        base=base,
        sessions=sessions_ahead(market),
        health=health_of(found),
        state=state,
        falls=book_drawdowns(plan.judged, falls=watch.falls, store=units),
    )


def health_of(found: Ingested) -> dict[str, Any]:
    """What a session keeps of the feed gate's verdicts."""
    rejected = {
        str(entry["series"] or entry["table"]): str(entry["reason"])
        for entry in found.verdicts.excluded()
    }
    return {"checked": len(found.verdicts.feeds), "rejected": rejected}


def _books_only(plan: Plan, books: Sequence[str]) -> Plan:
    from dataclasses import replace

    judged = tuple(history for history in plan.judged if history.name in books)
    if not judged:
        raise RefusedError(
            f"portfolios: none of {', '.join(books)} has {MINIMUM_HISTORY} past sessions. Give "
            f"longer histories."
        )
    return replace(plan, judged=judged)


def _recent_returns(history: History, row: int) -> dict[str, float]:
    """Simple returns of the last sessions, by date; NaN where one is not clean."""
    return {
        f"{history.dates[at]:%Y-%m-%d}": float(history.returns[at]) if history.clean[at] else np.nan
        for at in _recent_rows(history, row)
    }


def _recent_pits(history: History, row: int, forecast: TailForecast) -> dict[str, float]:
    """PIT of those returns under the forecasts made a session before, where they are clean."""
    return {
        f"{history.dates[at]:%Y-%m-%d}": float(forecast.pit[at - 1])
        for at in _recent_rows(history, row)
        if history.clean[at]
    }


def _recent_rows(history: History, row: int) -> range:
    first = int(history.dates.searchsorted(history.dates[row] - _RECENT))
    return range(max(first, 1), row + 1)
