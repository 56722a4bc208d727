"""The worst scenario of a set for a book, how plausible it is, and what would break the book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from flows.refusal import RefusedError
from flows.risk.book import Book
from flows.risk.numbers import Outcomes
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset
from models.scenarios.plausible import Distances, distances
from models.scenarios.reverse_stress import TOLERANCE, most_plausible_loss

MOVERS = 5
"""Positions, and series, that are named of a scenario, from the one that cost most."""
METHOD = (
    "full repricing; two searches on the distance, from the nearest losing scenario and from the "
    "delta-gamma quadratic"
)

Moves = Float[np.ndarray, "path asset"]


def worst_scenario(book: Book, told: ScenarioSet, outcomes: Outcomes) -> dict[str, Any]:
    """The path that costs a book most, and how far out its market move lies.

    Parameters
    ----------
    book : Book
    told : ScenarioSet
    outcomes : Outcomes
        Of the book on the set.

    Returns
    -------
    dict
        ``status``; ``path``, ``pnl``, ``distance`` and what follows from it; ``moves`` of the
        positions that cost most, and ``series`` with what each series' move alone would have made.
    """
    if not book.positions:
        return {"status": "the book holds nothing"}
    assets, moves = moved(book, told, horizon=outcomes.horizon)
    worst = int(np.argmin(outcomes.total))
    found: dict[str, Any] = {"path": worst, "pnl": float(outcomes.total[worst])}
    try:
        measure = distances(moves)
    except ValueError as error:
        return {**found, "status": str(error)}
    distance = float(measure.of(moves[worst][None])[0])
    return {
        **found,
        "status": "computed",
        **_how_far(measure, distance, outcomes.horizon),
        **_named(book, assets, moves[worst], outcomes.pnl[worst]),
    }


def breaking_move(
    book: Book, told: ScenarioSet, outcomes: Outcomes, *, loss: float
) -> dict[str, Any]:
    """The most plausible joint move at which a book loses an amount, by full repricing.

    Parameters
    ----------
    book, told, outcomes
        As `worst_scenario`.
    loss : float
        In the unit of the P&L, positive.

    Returns
    -------
    dict
        As `worst_scenario`, with ``method``, the ``tolerance`` of the loss, and
        ``misalignment`` (`models.scenarios.reverse_stress.Breaking`).
    """
    if not book.positions:
        return {"loss": loss, "status": "the book holds nothing"}
    assets, moves = moved(book, told, horizon=outcomes.horizon)
    reprice = book.repriced(assets)

    def pnl_of(some: Moves) -> Float[np.ndarray, " path"]:
        return reprice(some).sum(axis=1)

    try:
        measure = distances(moves)
        # What a rebalanced book made of the path between is another P&L than that of the move.
        total = pnl_of(moves) if book.unit == "share" else outcomes.total
        found = most_plausible_loss(moves, total, loss=loss, measure=measure, pnl_of=pnl_of)
    except (ValueError, RefusedError) as error:
        return {"loss": loss, "status": str(error)}
    return {
        "loss": loss,
        "status": "computed",
        "pnl": found.pnl,
        "method": METHOD,
        "tolerance": TOLERANCE,
        "misalignment": found.misalignment,
        **_how_far(measure, found.distance, outcomes.horizon),
        **_named(book, assets, found.move, reprice(found.move[None])[0]),
    }


def moved(book: Book, told: ScenarioSet, *, horizon: int) -> tuple[tuple[Asset, ...], Moves]:
    """Assets that change what a book is worth, and their total moves over the horizon."""
    at = book.places(told.assets)
    moves = np.asarray(told.moves[:, :horizon])[:, :, at].sum(axis=1, dtype=np.float64)
    return tuple(told.assets[k] for k in at), moves


def _how_far(measure: Distances, distance: float, horizon: int) -> dict[str, Any]:
    years = measure.years_between(distance, horizon=horizon)
    return {
        "distance": distance,
        "probability": measure.exceeded(distance),
        "years_between": years if np.isfinite(years) else None,
    }


def _named(
    book: Book,
    assets: Sequence[Asset],
    move: Float[np.ndarray, " asset"],
    pnl: Float[np.ndarray, " position"],
) -> dict[str, Any]:
    """Positions that cost most, and what each series' move would have made alone.

    A position that is a series of the set has its own move as well.
    """
    alone = book.repriced(assets)(np.diag(move)).sum(axis=1)
    series = {
        asset.instrument: {
            "series": asset.instrument,
            "move": float(np.expm1(move[k])) if asset.move == "log" else float(move[k]),
            "relative": asset.move == "log",
            "pnl": float(alone[k]),
        }
        for k, asset in enumerate(assets)
    }
    order = np.argsort(pnl, kind="stable")[:MOVERS]
    return {
        "moves": [
            {
                "position": name,
                "move": series[name]["move"] if name in series else None,
                "pnl": float(pnl[k]),
            }
            for k, name in ((k, book.positions[k]) for k in order)
        ],
        "series": sorted(series.values(), key=lambda one: one["pnl"])[:MOVERS],
    }
