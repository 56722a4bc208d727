"""Trades that are only tried out: what a book's ES would be after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from flows.refusal import RefusedError
from flows.risk.book import Book
from flows.risk.change import ALPHA
from flows.risk.linear import Weights
from flows.risk.numbers import Outcomes
from flows.scenario_sets.files import ScenarioSet
from models.measures import expected_shortfall


def what_if(
    book: Book, told: ScenarioSet, far: Outcomes, trades: Mapping[str, float]
) -> dict[str, Any] | None:
    """ES before and after trades; None where none are tried out.

    Parameters
    ----------
    book : Book
    told : ScenarioSet
    far : Outcomes
        Of the book on the set.
    trades : mapping of name to float
        Weight to add; or, for a book of quantities, units of one of its positions or of a listed
        instrument.

    Raises
    ------
    RefusedError
        If a name is none that the book holds or could hold.
    """
    if not trades:
        return None
    for name in trades:
        if book.alone(name) is None:
            raise RefusedError(
                f"--add: {name} is neither held nor in the market as something to hold, or did not "
                f"pass the gate. `foreshock validate` says which."
            )
    after = _total(book, told, far, trades)
    es_before, es_after = (
        expected_shortfall(pnl, alpha=ALPHA, weights=far.weights) for pnl in (far.total, after)
    )
    return {
        "trades": dict(trades),
        "es_before": es_before,
        "es_after": es_after,
        "change": es_after - es_before,
    }


def _total(
    book: Book, told: ScenarioSet, far: Outcomes, trades: Mapping[str, float]
) -> Float[np.ndarray, " path"]:
    """P&L after the trades."""
    if isinstance(book, Weights):  # what is held is rebalanced together
        held = {name: book.weights.get(name, 0.0) + size for name, size in trades.items()}
        after = replace(book, weights={**book.weights, **held})
        return after.outcomes(told, horizon=far.horizon).total
    total = far.total
    for name, size in trades.items():
        if (one := book.alone(name)) is not None:
            total = total + size * one.outcomes(told, horizon=far.horizon).total
    return total
