"""What an explanation is made from: one series at its last origin, and a background to hold it to.

Fits are found in the unit store. Only the series itself and a few others for the background are
forecast and read, so that a market of a hundred instruments costs no more than one of ten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.market import MarketData
from features.panel import Panel
from features.returns import History
from flows.backtest import BASE, unseen
from flows.panels import panel_of
from flows.plan import make_plan
from flows.refusal import RefusedError
from flows.settings import MINIMUM_HISTORY, SESSIONS_BETWEEN_REFITS, Settings
from flows.units import UnitStore
from models.base import TailForecast

if TYPE_CHECKING:
    from models.explanations.inputs import Inputs

BACKGROUND = 32
"""Rows of the background: half of the series itself, half of others."""
OTHERS = 3
LOOK_BACK = 1000
"""Origins of each series among which its rows of the background are drawn."""


@dataclass(frozen=True, slots=True)
class Ready:
    """One series ready to be explained.

    Attributes
    ----------
    market : MarketData
    history : History
    panel : Panel
        With the series and those of the background.
    fhs, evt : TailForecast
        Of the series, the knots among their levels.
    row : int
        Of its last origin.
    target : Timestamp or None
        Session that is forecast; None where the series has ended.
    alpha : float
    origin : Inputs
        What is read at the origin.
    background : Inputs
        What was read at origins before it.
    series : tuple of str
        Those the background comes from, the series itself first.
    """

    market: MarketData
    history: History
    panel: Panel
    fhs: TailForecast
    evt: TailForecast
    row: int
    target: pd.Timestamp | None
    alpha: float
    origin: Inputs
    background: Inputs
    series: tuple[str, ...]

    @property
    def sigma(self) -> float:
        """The unit of the origin's inputs."""
        return float(self.fhs.sigma[self.row])

    def inputs_at(self, row: int) -> Inputs:
        """What is read of the series at another row."""
        from models.explanations.inputs import Inputs

        rows = np.array([row])
        return Inputs.of(self.history, self.panel, fhs=self.fhs, evt=self.evt, rows=rows)


def made_ready(
    market: MarketData,
    name: str,
    *,
    alpha: float,
    seed: int,
    units: UnitStore,
    progress: Callable[[int, int], None] = unseen,
) -> Ready:
    """Make one book or instrument ready to be explained.

    Parameters
    ----------
    market : MarketData
    name : str
    alpha : float
        One of `models.tail.transport.KNOTS`.
    seed : int
        Of the draw of the background.
    units : UnitStore
        Fits found there are not made again; new ones are put there.
    progress : callable
        Called with (series done, series in all).

    Raises
    ------
    RefusedError
        If the series is not there or too short, or has no tail to explain.
    """
    from models.baselines import forecast_many
    from models.explanations.inputs import joined
    from models.tail.walk_forward import base_levels

    plan = make_plan(market, Settings(portfolios=(name,), alphas=(alpha,)))
    (history,) = plan.judged
    generator = np.random.default_rng(seed)
    histories = [history, *_others(plan.instruments, history, generator)]
    panel = panel_of(market, histories, store=units)
    base: dict[str, tuple[TailForecast, TailForecast]] = {}
    made = forecast_many(
        histories,
        models=BASE,
        alphas=base_levels((alpha,)),
        first=MINIMUM_HISTORY,
        every=SESSIONS_BETWEEN_REFITS,
        store=units,
    )
    for done, (one, forecasts) in enumerate(made, start=1):
        progress(done, len(histories))
        if isinstance(forecasts, ValueError):
            if one is history:
                raise RefusedError(f"--portfolio: {name}: {forecasts}") from forecasts
            continue
        base[one.name] = (forecasts[BASE[0]], forecasts[BASE[1]])
    row, behind = len(history.dates) - 1, [one for one in histories if one.name in base]
    parts: list[Inputs] = []
    for one in behind:
        before = one.origins < history.origins[row]
        count = BACKGROUND // 2 if one is history else BACKGROUND // 2 // (len(behind) - 1)
        parts.append(_drawn(one, panel, base[one.name], before, count, generator))
    background = joined(parts)
    ready = Ready(
        market=market,
        history=history,
        panel=panel,
        fhs=base[name][0],
        evt=base[name][1],
        row=row,
        target=plan.upcoming[name][0] if name in plan.upcoming else None,
        alpha=alpha,
        origin=_at(history, panel, base[name], np.array([row])),
        background=background,
        series=tuple(one.name for one in behind),
    )
    if not ready.origin.reshapable.all() or not len(background):
        raise RefusedError(
            f"--portfolio: {name} has a VaR of less than a tenth of its sigma on "
            f"{history.dates[row]:%Y-%m-%d}: it has no tail to reshape, and every version says "
            f"what gjr_fhs says. Name a series that can lose."
        )
    return ready


def _others(
    instruments: tuple[History, ...], history: History, generator: np.random.Generator
) -> list[History]:
    """A few instruments, drawn; a background of one series alone would hide what sets it apart."""
    rest = [
        one
        for one in instruments
        if one.name != history.name and np.count_nonzero(one.origins < history.origins[-1]) > 0
    ]
    drawn = generator.permutation(len(rest))[:OTHERS]
    return [rest[at] for at in sorted(drawn)]


def _drawn(
    history: History,
    panel: Panel,
    base: tuple[TailForecast, TailForecast],
    before: NDArray[np.bool_],
    count: int,
    generator: np.random.Generator,
) -> Inputs:
    """Some of a series' last rows that were there before, in order of time."""
    rows = np.flatnonzero(before)[-LOOK_BACK:]
    inputs = _at(history, panel, base, rows)
    usable = np.flatnonzero(inputs.reshapable)
    drawn = generator.permutation(usable)[:count]
    return inputs.take(np.sort(drawn))


def _at(
    history: History,
    panel: Panel,
    base: tuple[TailForecast, TailForecast],
    rows: NDArray[np.intp],
) -> Inputs:
    from models.explanations.inputs import Inputs

    return Inputs.of(history, panel, fhs=base[0], evt=base[1], rows=rows)
