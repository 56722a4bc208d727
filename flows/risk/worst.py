"""The worst scenario of a set for a book, how plausible it is, and what would break the book."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from flows.risk.linear import held_places
from flows.risk.numbers import Outcomes
from flows.scenario_sets.files import ScenarioSet
from models.scenarios.plausible import Distances, distances
from models.scenarios.reverse_stress import most_plausible_loss

MOVERS = 5
"""Assets that are named of a scenario, from the one that cost most."""


def worst_scenario(
    book: Mapping[str, float], told: ScenarioSet, outcomes: Outcomes
) -> dict[str, Any]:
    """The path that costs a book of weights most, and how far out its move lies.

    Parameters
    ----------
    book : mapping of instrument to weight
    told : ScenarioSet
    outcomes : Outcomes
        Of the book on the set.
    """
    if not book:
        return {"status": "the book holds nothing"}
    moves = totals(book, told, horizon=outcomes.horizon)
    worst = int(np.argmin(outcomes.total))
    try:
        measure = distances(moves)
    except ValueError as error:
        return {"path": worst, "pnl": float(outcomes.total[worst]), "status": str(error)}
    distance = float(measure.of(moves[worst][None])[0])
    return {
        "path": worst,
        "pnl": float(outcomes.total[worst]),
        "status": "computed",
        **_how_far(measure, distance, outcomes.horizon),
        "moves": _named(book, moves[worst], outcomes.pnl[worst]),
    }


def worst_revaluation(told: ScenarioSet, outcomes: Outcomes) -> dict[str, Any]:
    """The path that costs a book of quantities most, and how far out its market move lies.

    Parameters
    ----------
    told : ScenarioSet
    outcomes : Outcomes
        Of the book on the set.
    """
    moves = np.asarray(told.moves[:, : outcomes.horizon]).sum(axis=1, dtype=np.float64)
    worst = int(np.argmin(outcomes.total))
    found: dict[str, Any] = {"path": worst, "pnl": float(outcomes.total[worst])}
    try:
        measure = distances(moves)
    except ValueError as error:
        return {**found, "status": str(error)}
    order = np.argsort(outcomes.pnl[worst], kind="stable")[:MOVERS]
    return {
        **found,
        "status": "computed",
        **_how_far(measure, float(measure.of(moves[worst][None])[0]), outcomes.horizon),
        "moves": [
            {
                "position": outcomes.positions[k],
                "move": None,
                "pnl": float(outcomes.pnl[worst, k]),
            }
            for k in order
        ],
    }


def breaking_move(
    book: Mapping[str, float], told: ScenarioSet, outcomes: Outcomes, *, loss: float
) -> dict[str, Any]:
    """The most plausible joint move at which a book of weights loses an amount.

    Parameters
    ----------
    book, told, outcomes
        As `worst_scenario`.
    loss : float
        Share of the book's value, positive.
    """
    if not book:
        return {"loss": loss, "status": "the book holds nothing"}
    moves = totals(book, told, horizon=outcomes.horizon)
    weights = np.array(list(book.values()), dtype=np.float64)
    pnl_of = _held(weights)
    try:
        measure = distances(moves)
        found = most_plausible_loss(moves, pnl_of(moves), loss=loss, measure=measure, pnl_of=pnl_of)
    except ValueError as error:
        return {"loss": loss, "status": str(error)}
    return {
        "loss": loss,
        "status": "computed",
        "pnl": found.pnl,
        **_how_far(measure, found.distance, outcomes.horizon),
        "moves": _named(book, found.move, np.expm1(found.move) * weights),
    }


def totals(
    book: Mapping[str, float], told: ScenarioSet, *, horizon: int
) -> Float[np.ndarray, "path holding"]:
    """Log move of each holding over the horizon."""
    at = held_places(book, told)
    return np.asarray(told.moves[:, :horizon])[:, :, at].sum(axis=1, dtype=np.float64)


def _held(
    weights: Float[np.ndarray, " holding"],
) -> Callable[[Float[np.ndarray, "path holding"]], Float[np.ndarray, " path"]]:
    """Return of a book that is bought and held: of a move, its path is not known."""
    return lambda moves: np.expm1(moves) @ weights


def _how_far(measure: Distances, distance: float, horizon: int) -> dict[str, Any]:
    years = measure.years_between(distance, horizon=horizon)
    return {
        "distance": distance,
        "probability": measure.exceeded(distance),
        "years_between": years if np.isfinite(years) else None,
    }


def _named(
    book: Mapping[str, float],
    moves: Float[np.ndarray, " holding"],
    pnl: Float[np.ndarray, " holding"],
) -> list[dict[str, Any]]:
    names = list(book)
    order = np.argsort(pnl, kind="stable")[:MOVERS]
    return [
        {"position": names[k], "move": float(np.expm1(moves[k])), "pnl": float(pnl[k])}
        for k in order
    ]
