"""The learned tail of a book of quantities, on the history of today's positions.

A session of the desk forecasts books of weights. A book of quantities has no returns of its own
past: what it held changes, and options age. So today's positions are revalued in full on what each
past session did to the market they follow, as the history of a book of weights is that of its
present weights; and the desk's model forecasts from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.market import MarketData
from features.returns import History
from flows.refusal import RefusedError
from flows.risk.replay import Followed, followed, priced_by
from flows.risk.revalued import Quantities
from flows.settings import LEGACY, MINIMUM_HISTORY, SESSIONS_BETWEEN_REFITS
from models.base import TailForecast

if TYPE_CHECKING:
    from flows.held_models import Best

LAW = "on the history of today's positions, each revalued in full on the moves of {n:,} sessions"
PERCENT = 0.01
"""Daily deviation that the history is scaled to. A book of quantities may be worth nothing, so
that its P&L is no return; the forecasts do not depend on the unit."""


def learned_view(
    book: Quantities,
    market: MarketData,
    root: Path,
    *,
    portfolio: str,
    alphas: Sequence[float],
    recorded: Mapping[str, Any],
) -> dict[str, Any]:
    """What the desk's model says of a book of quantities, one session ahead.

    Parameters
    ----------
    book : Quantities
    market : MarketData
    root : Path
        State root: its ledger knows the champion.
    portfolio : str
        Name of the book.
    alphas : sequence of float
    recorded : mapping
        `flows.risk.desk.desk_view` of the book: the state of the market is taken from there.

    Returns
    -------
    dict
        As `flows.risk.desk.desk_view`, in the base currency. ``status`` says what the numbers
        stand on, or why there are none; ``model`` is ``gjr_fhs`` where no version is in office.
    """
    told = {**recorded, "numbers": [], "hold": False, "as_of": f"{market.as_of:%Y-%m-%d}"}
    try:
        history, scale = history_of(book, market, portfolio)
        numbers, model, problems = _forecast(history, market, root, alphas)
    except (ValueError, RefusedError) as error:
        return {**told, "status": f"no learned tail of this book: {str(error).rstrip('.')}"}
    status = LAW.format(n=len(history.dates))
    if problems:
        status += f"; {problems.rstrip('.')}"
    rows = [
        {
            "portfolio": portfolio,
            "alpha": alpha,
            "horizon": 1,
            "measure": measure,
            **{role: _worth(one, measure, alpha, scale) for role, one in numbers.items()},
            "state": "PUBLISHED",
        }
        for alpha in alphas
        for measure in ("var", "es")
    ]
    return {**told, "status": status, "model": model, "numbers": rows}


def history_of(book: Quantities, market: MarketData, name: str) -> tuple[History, float]:
    """P&L of today's positions on every past session's moves, and what one unit of it is worth.

    Parameters
    ----------
    book : Quantities
    market : MarketData
    name : str
        Of the book.

    Returns
    -------
    History
        A session's row depends on nothing that came after it but today's positions and levels.
    float
        Base currency for a return of one.

    Raises
    ------
    ValueError
        If there are fewer than `flows.settings.MINIMUM_HISTORY` sessions, or nothing moves.
    RefusedError
        If a position cannot be revalued.
    """
    past = followed(book, market, as_known=True)
    known = np.all(np.isfinite(past.close), axis=1)
    first = int(np.argmax(known)) if known.any() else len(known)
    sessions = max(len(past.dates) - first - 1, 0)
    if sessions < MINIMUM_HISTORY:
        raise ValueError(
            f"its history has {sessions:,} sessions in which everything it follows has a close, "
            f"and {MINIMUM_HISTORY:,} are needed."
        )
    rows = np.arange(first, len(past.dates))
    pnl = past.pnl(rows[:-1].tolist(), rows[1:].tolist()).sum(axis=1)
    spread = float(pnl.std())
    if not spread > 0.0:
        raise ValueError("nothing that it follows has ever moved it.")
    dates = past.dates[rows[1:]]
    history = History(
        name=name,
        asset_class="book",
        dates=dates,
        returns=pnl * PERCENT / spread,
        clean=_clean(past, market, rows),
        origins=past.origins[rows[1:]],
    )
    return history, spread / PERCENT


def _clean(past: Followed, market: MarketData, rows: np.ndarray) -> np.ndarray:
    """Sessions without a break, and with no date missed that every price should have had."""
    prices = priced_by(past.assets)
    common = market.sessions[prices[0]]
    for name in prices[1:]:
        common = pd.DatetimeIndex(common.intersection(market.sessions[name]))
    start, end = past.dates[rows[:-1]], past.dates[rows[1:]]
    skipped = common.searchsorted(end) - common.searchsorted(start) > 1
    known = [name for name in prices if name in market.breaks.columns]
    broken = pd.DatetimeIndex(market.breaks.index[market.breaks[known].any(axis=1)])
    jumped = broken.searchsorted(end, side="right") > broken.searchsorted(start, side="right")
    return ~(skipped | jumped)


def _forecast(
    history: History, market: MarketData, root: Path, alphas: Sequence[float]
) -> tuple[dict[str, TailForecast], str, str]:
    """Forecasts by role, the name of the model in office, and what is to be said of it."""
    from flows.backtest import BASE
    from models.baselines import forecast_series
    from models.tail.walk_forward import base_levels

    levels = base_levels(alphas)
    base = forecast_series(
        history.returns,
        models=(LEGACY, *BASE),
        alphas=levels,
        first=MINIMUM_HISTORY,
        every=SESSIONS_BETWEEN_REFITS,
    )
    found = {"legacy": base[LEGACY], "fallback": base[BASE[0]]}
    best = _in_office(root)
    if best.served is None:
        nobody = best.problems[0] if best.problems else "no version was promoted"
        return {**found, "model": base[BASE[0]]}, BASE[0], f"{nobody}, so GJR-FHS speaks"
    from flows.panels import panel_of
    from flows.units import UnitStore
    from models.tail.score_walk import WARM_UP

    with UnitStore(root / "units.db") as units:
        panel = panel_of(market, [history], store=units)
    if (reason := best.served.unreadable(panel)) is not None:
        raise RefusedError(reason)
    found["model"] = best.served.forecast(
        history,
        panel,
        fhs=base[BASE[0]],
        evt=base[BASE[1]],
        alphas=tuple(alphas),
        first=max(0, len(history.returns) - 1 - WARM_UP),
    )
    return found, best.served.model, "; ".join(best.problems)


def _in_office(root: Path) -> Best:
    from flows.daily import MODEL
    from flows.held_models import Best, best_model
    from flows.ledger.ledger import Ledger

    if not (root / "ledger.db").is_file():
        return Best()
    ledger = Ledger.open(root)
    try:
        with ledger.reading() as tx:
            return best_model(tx, root, MODEL)
    finally:
        ledger.close()


def _worth(one: TailForecast, measure: str, alpha: float, scale: float) -> float | None:
    """Last forecast, in the base currency."""
    value = float(getattr(one, measure)[-1, one.alphas.index(alpha)])
    return value * scale if np.isfinite(value) else None
