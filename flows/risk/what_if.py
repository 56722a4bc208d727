"""Trades that are only tried out: what a book's ES would be after them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.refusal import RefusedError
from flows.risk.book import Book
from flows.risk.change import ALPHA
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
    total = far.total
    for name, amount in trades.items():
        one = book.alone(name)
        if one is None:
            raise RefusedError(
                f"--add: {name} is neither held nor in the market as something to hold, or did not "
                f"pass the gate. `foreshock validate` says which."
            )
        total = total + amount * one.outcomes(told, horizon=far.horizon).total
    before, after = (
        expected_shortfall(pnl, alpha=ALPHA, weights=far.weights) for pnl in (far.total, total)
    )
    return {
        "trades": dict(trades),
        "es_before": before,
        "es_after": after,
        "change": after - before,
    }
