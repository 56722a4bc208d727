"""What the desk sees of one session: numbers decided on, holds on record, signals for alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flows.alerts import Signal
from flows.desk_numbers import Cell, Number, Standing, decide
from flows.holds import HOLD_EXPIRED, expire_holds, record_holds
from flows.overrides import standing_overrides
from validation.guardrail import GuardrailRule

if TYPE_CHECKING:
    import pandas as pd

    from flows.ledger.ledger import Transaction

GUARDRAIL_ALERT, GUARDRAIL_HOLD, OVERRIDE_EXPIRED = (
    "guardrail_alert",
    "guardrail_hold",
    "override_expired",
)
SIGNALS = (GUARDRAIL_ALERT, GUARDRAIL_HOLD, OVERRIDE_EXPIRED, HOLD_EXPIRED)
"""Kinds of the signals that a session's numbers give."""


def publish(
    tx: Transaction,
    forecasts: pd.DataFrame,
    past: Mapping[Cell, NDArray[np.float64]],
    *,
    session: str,
    standing: Standing,
    rule: GuardrailRule | None = None,
    actor: str = "scheduler",
) -> tuple[list[Number], list[Signal]]:
    """Publish one session: what came too late ends, what is held now is put on record.

    Parameters
    ----------
    tx : Transaction
    forecasts, past
        As `decide` takes them.
    session : str
        As-of, an ISO date.
    standing : {"champion", "legacy", "fallback"}
    rule : GuardrailRule, optional
    actor : str

    Returns
    -------
    numbers : list of Number
    signals : list of Signal
        For `flows.alerts.record_signals`, with all of `SIGNALS` checked.
    """
    late = expire_holds(tx, actor=actor)
    overrides = standing_overrides(tx)
    numbers = decide(forecasts, past, standing=standing, now=tx.now, rule=rule, overrides=overrides)
    record_holds(tx, numbers, session=session, actor=actor)
    expired = [
        Signal(
            OVERRIDE_EXPIRED,
            f"{one.portfolio}:{one.alpha}:{one.seq}",
            "warning",
            f"{one.portfolio}: override {one.seq} of {one.actor} at {one.alpha} has expired; the "
            "more conservative of it and the model stands until it is judged.",
            {"override": one.seq, "var": one.var, "es": one.es},
        )
        for one in overrides
        if not one.in_force(tx.now)
    ]
    return numbers, [*_lights(numbers), *late, *expired]


def past_numbers(
    tx: Transaction, *, model: str, before: str, sessions: int
) -> dict[Cell, NDArray[np.float64]]:
    """VaR and ES that a model gave in earlier sessions, as champion or in the shadow.

    Parameters
    ----------
    tx : Transaction
    model : str
        Its name, e.g. ``combined``; its versions follow one another.
    before : str
        Origin of the session that is judged, an ISO date; it is not among them.
    sessions : int
        Most sessions that are wanted.

    Returns
    -------
    dict of cell to array of shape (session, measure)
        Oldest first. Where several versions forecast one origin, the champion's counts.
    """
    from sqlalchemy import select

    from flows.ledger.schema import forecast

    columns = forecast.c
    origins = (
        select(columns.origin)
        .where(columns.model == model, columns.origin < before)
        .distinct()
        .order_by(columns.origin.desc())
        .limit(sessions)
    )
    known = tx.connection.execute(origins).scalars().all()
    if not known:
        return {}
    rows = tx.connection.execute(
        select(
            columns.portfolio,
            columns.alpha,
            columns.horizon,
            columns.origin,
            columns.var,
            columns.es,
        )
        .where(columns.model == model, columns.origin < before, columns.origin >= min(known))
        .order_by(columns.origin, columns.role, columns.session)  # challenger before champion
    )
    by_cell: dict[Cell, dict[str, tuple[float, float]]] = {}
    for portfolio, alpha, horizon, origin, var, es in rows:
        by_cell.setdefault((portfolio, alpha, horizon), {})[origin] = (var, es)
    return {
        cell: np.array(list(numbers.values()), dtype=np.float64)
        for cell, numbers in by_cell.items()
    }


def _lights(numbers: Iterable[Number]) -> list[Signal]:
    """One signal for each book that is held or unusual, with its first number's reason."""
    worst: dict[str, Number] = {}
    for number in numbers:
        lit = number.deadline is not None or number.state == "ALERT"
        known = worst.get(number.portfolio)
        if lit and (known is None or (known.deadline is None and number.deadline is not None)):
            worst[number.portfolio] = number
    return [
        Signal(
            GUARDRAIL_HOLD if one.deadline else GUARDRAIL_ALERT,
            portfolio,
            "critical" if one.deadline else "warning",
            f"{portfolio}: {one.why}.",
            one.as_dict(),
        )
        for portfolio, one in worst.items()
    ]
