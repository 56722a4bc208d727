"""The shadow: what the challenger and the legacy would have said beside the desk's model."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.desk_history import CHALLENGER, DeskHistory
from flows.desk_settings import DeskSettings
from flows.session_monitor import DESK, Monitors
from flows.settings import LEGACY
from validation.confidence_sequence import ShadowRule, promotion_advice
from validation.exceedances import exceedances
from validation.monitoring import BookMonitor, degraded_together
from validation.scores import fz0, in_percent

LOOK_BACK = 250
"""Sessions over which exceedances are counted, one year."""


def shadowed(
    history: DeskHistory,
    forecasts: Sequence[Mapping[str, Any]],
    model: str,
    desk: DeskSettings,
    watched: Mapping[str, Monitors],
) -> dict[str, Any] | None:
    """The challenger beside the desk's model; without one the desk's beside the legacy.

    Challengers follow one another, each trained later than the one before, as versions of a
    champion do: what is compared is what each line said on the day.

    Parameters
    ----------
    history : DeskHistory
    forecasts : sequence of dict
        The session's rows.
    model : str
        Whose number the desk sees.
    desk : DeskSettings
    watched : mapping of line to mapping of book to BookMonitor

    Returns
    -------
    dict or None
        As `compared`, and the ``role`` of the candidate; None where nothing runs in the shadow.
    """
    said = {str(row["role"]): str(row["model"]) for row in forecasts}
    candidate, name = CHALLENGER, said.get(CHALLENGER)
    if name is None:
        candidate, name = model, model
    incumbent = LEGACY if candidate == model else model
    if candidate == incumbent:
        return None
    found = compared(
        history,
        candidate=candidate,
        incumbent=incumbent,
        rule=desk.shadow,
        monitors=watched[CHALLENGER if candidate == CHALLENGER else DESK],
        level=desk.monitor.e_level,
    )
    return found | {"candidate": name, "role": "challenger" if candidate == CHALLENGER else "desk"}


def compared(
    history: DeskHistory,
    *,
    candidate: str,
    incumbent: str,
    rule: ShadowRule,
    monitors: Monitors,
    level: float,
) -> dict[str, Any]:
    """The candidate beside the model of the desk, on the sessions both forecast.

    Parameters
    ----------
    history : DeskHistory
    candidate, incumbent : str
        Names of models.
    rule : ShadowRule
    monitors : mapping of book to BookMonitor
        The candidate's: its e-backtests may be looked at every session.
    level : float
        A wealth of one over this speaks against the candidate; over books by e-BH.

    Returns
    -------
    dict
        ``candidate``, ``incumbent``, ``rows`` (for each book and level: sessions ``n``,
        exceedances of both over the last year, median ratio of VaR, mean FZ0 difference, log
        wealth of the bettors against the candidate's VaR and ES), ``threshold`` of such a log
        wealth, ``rejected_together`` (books, by e-BH), and ``advice``
        (`validation.confidence_sequence.Promotion` as plain values).
    """
    rows: list[dict[str, Any]] = []
    differences: dict[str, list[float]] = {}
    for book, record in history.books.items():
        if candidate not in record.said or incumbent not in record.said:
            continue
        pnl = np.array(record.pnl)
        mine, theirs = np.stack(record.said[candidate]), np.stack(record.said[incumbent])
        scored: list[NDArray[np.float64]] = []
        for at, alpha in enumerate(history.alphas):
            difference = _score(pnl, mine[:, :, at], alpha) - _score(pnl, theirs[:, :, at], alpha)
            scored.append(difference)
            both = np.isfinite(difference)
            row = _row(book, alpha, pnl, mine[:, :, at], theirs[:, :, at], difference, both)
            rows.append(row | _wealth(monitors.get(book), alpha))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a session nobody scored has no mean
            by_session = np.nanmean(scored, axis=0)
        for target, value in zip(record.targets, by_session, strict=True):
            differences.setdefault(target, []).append(float(value))
    daily = [_mean(differences[target]) for target in sorted(differences)]
    advice = promotion_advice(np.array(daily, dtype=np.float64), rule=rule)
    answer = {"candidate": candidate, "incumbent": incumbent, "rows": rows}
    return answer | {
        "threshold": float(-np.log(level)),
        "rejected_together": list(degraded_together(monitors, level=level)) if monitors else [],
        "advice": asdict(advice),
    }


def _wealth(monitor: BookMonitor | None, alpha: float) -> dict[str, float | None]:
    """Log wealth of the bettors against VaR and against (VaR, ES); None where nothing is known."""
    at = [one for one in monitor.levels if one.alpha == alpha] if monitor else []
    if not at:
        return {"log_e_var": None, "log_e_es": None}
    return {"log_e_var": at[0].e_var.grem, "log_e_es": at[0].e_es.grem}


def _row(
    book: str,
    alpha: float,
    pnl: NDArray[np.float64],
    mine: NDArray[np.float64],
    theirs: NDArray[np.float64],
    difference: NDArray[np.float64],
    both: NDArray[np.bool_],
) -> dict[str, Any]:
    last = np.flatnonzero(both)[-LOOK_BACK:]
    ratio = np.median(mine[last, 0] / theirs[last, 0]) if len(last) else None
    return {
        "portfolio": book,
        "alpha": alpha,
        "n": int(both.sum()),
        "exceedances_candidate": int(exceedances(pnl[last], mine[last, 0]).sum()),
        "exceedances_incumbent": int(exceedances(pnl[last], theirs[last, 0]).sum()),
        "expected": len(last) * (1.0 - alpha),
        "var_ratio": None if ratio is None else float(ratio),
        "fz0_difference": float(difference[both].mean()) if both.any() else None,
    }


def _score(
    pnl: NDArray[np.float64], numbers: NDArray[np.float64], alpha: float
) -> NDArray[np.float64]:
    """FZ0 by session; NaN where P&L or forecast is unknown."""
    var, es = numbers[:, 0], numbers[:, 1]
    known = np.isfinite(pnl) & (es > 0.0)
    answer = np.full(len(pnl), np.nan)
    answer[known] = fz0(
        in_percent(pnl[known]), in_percent(var[known]), in_percent(es[known]), alpha=alpha
    )
    return answer


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return sum(known) / len(known) if known else float("nan")
