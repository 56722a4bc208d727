"""A book had something been otherwise: correlations inverted, or a stress of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from features.crosssection import block_of
from features.instruments import Instrument
from flows.risk.book import Book
from flows.risk.change import ALPHA
from flows.risk.numbers import Outcomes, parts_of
from flows.scenario_sets.files import ScenarioSet
from flows.scenario_sets.stress_file import Stress
from flows.scenario_sets.stressed import stressed
from models.attribution import mean_parts
from models.explanations.holdings import score_correlation
from models.measures import expected_shortfall
from models.scenarios.correlation_stress import Projected, inverted, nearest_correlation, rejoined

PATHS = 20_000
"""Paths of a set that are dealt out anew, at most: each number is held against another on the same
paths, so that their error is mostly shared."""
EVERYTHING = "everything at once"
"""Name of the inversion in which no two series move together as they did."""


def under_stress(
    book: Book, told: ScenarioSet, far: Outcomes, stress: Stress, *, seed: int
) -> dict[str, Any]:
    """A book on the same scenarios put under a stress, beside what it was without.

    Parameters
    ----------
    book : Book
    told : ScenarioSet
    far : Outcomes
        Of the book on the set as it is.
    stress : Stress
    seed : int
        Of the deal, where correlations are changed.

    Returns
    -------
    dict
        ``name``, ``mean`` and ``es`` with what they were ``before``, ``mean_parts`` by position
        and by each grouping, ``parts`` of ES, and what the stress implies for every series.

    Raises
    ------
    RefusedError
        If the stress names what is not there, contradicts itself, or cannot be met.
    """
    changed = stressed(np.asarray(told.moves), told.assets, stress, seed=seed)
    weights = changed.weights if changed.weights is not None else told.weights
    then = book.outcomes(replace(told, moves=changed.paths, weights=weights), horizon=far.horizon)
    return {
        "name": stress.name,
        "shocks": dict(stress.shocks),
        **{key: value for key, value in changed.told.items() if key != "stress"},
        "horizon": far.horizon,
        "mean": _mean(then),
        "mean_before": _mean(far),
        "es": expected_shortfall(then.total, alpha=ALPHA, weights=then.weights),
        "es_before": expected_shortfall(far.total, alpha=ALPHA, weights=far.weights),
        "mean_parts": [
            {
                "by": by,
                "parts": [{by: name, "pnl": pnl} for name, pnl in _means(then, by).items()],
            }
            for by in ("position", *then.groups)
        ],
        "parts": [parts_of(then, by, alpha=ALPHA) for by in ("position", *then.groups)],
    }


def inverted_correlations(
    book: Book,
    told: ScenarioSet,
    far: Outcomes,
    instruments: Mapping[str, Instrument],
    *,
    seed: int,
) -> dict[str, Any]:
    """ES had one block of series moved against the rest as it moved with it: the worst block.

    Every series keeps its own paths, the first `PATHS` of them; only which meets which changes.
    The worst block is found by the book's slopes, and revalued in full. Both numbers stand on
    paths that were dealt out the same way, before with the correlations there are, so that only
    these differ.

    Parameters
    ----------
    book : Book
    told : ScenarioSet
    far : Outcomes
        Of the book on the set; its horizon is taken.
    instruments : mapping of name to Instrument
        Their asset classes are the blocks.
    seed : int
        Of the deal.

    Returns
    -------
    dict
        ``status``; ``block``, ``es`` with inverted correlations, ``es_before`` on paths dealt
        alike, ``ratio``, ``distance`` from the correlations asked for to the nearest that can be,
        ``tried`` (the ratio of every block by slopes), and ``parts`` by position and group.
    """
    at = book.places(told.assets)
    if len(at) < 2:
        return {"status": "the book follows a single series; there is nothing to invert"}
    if told.weights is not None:
        return {"status": "paths of unlike weight cannot be dealt out anew"}
    assets = tuple(told.assets[k] for k in at)
    some = np.asarray(told.moves[:PATHS, : far.horizon])
    moves = some[:, :, at].sum(axis=1, dtype=np.float64)
    if (moves.std(axis=0) == 0.0).any():
        return {"status": "a series of the book never moves; it has no correlation"}
    reprice = book.repriced(assets)
    nudge = 0.1 * np.diag(moves.std(axis=0))
    slopes = (reprice(nudge) - reprice(-nudge)).sum(axis=1) / (2.0 * np.diag(nudge))
    now = score_correlation(moves)

    def dealt(target: Projected) -> Float[np.ndarray, "path asset"]:
        return rejoined(moves[:, None], target.matrix, generator=np.random.default_rng(seed))[:, 0]

    def es(pnl: Float[np.ndarray, " path"]) -> float:
        return expected_shortfall(pnl, alpha=ALPHA)

    present = nearest_correlation(now)
    as_it_is = dealt(present)
    flat = es(as_it_is @ slopes)
    if flat <= 0.0:
        return {"status": "the book loses nothing in its tail"}
    targets = {name: inverted(now, block) for name, block in _blocks(told, at, instruments).items()}
    targets[EVERYTHING] = nearest_correlation(2.0 * np.eye(len(at)) - now)
    tried = {name: es(dealt(target) @ slopes) / flat for name, target in targets.items()}
    worst = max(tried, key=lambda name: tried[name])
    then, before = (
        replace(far, pnl=reprice(some), weights=None) for some in (dealt(targets[worst]), as_it_is)
    )
    return {
        "status": "computed",
        "block": worst,
        "series": [] if worst == EVERYTHING else _members(told, at, instruments, worst),
        "es": es(then.total),
        "es_before": es(before.total),
        "ratio": es(then.total) / es(before.total),
        "distance": targets[worst].distance,
        "change": float(np.linalg.norm(targets[worst].matrix - now)),
        "tried": tried,
        "parts": [parts_of(then, by, alpha=ALPHA) for by in ("position", *then.groups)],
    }


def _blocks(
    told: ScenarioSet, at: list[int], instruments: Mapping[str, Instrument]
) -> dict[str, Bool[np.ndarray, " asset"]]:
    """Series of one kind; of a book of one kind, each series by itself."""
    kinds = [_kind(told, k, instruments) for k in at]
    names = kinds if len(set(kinds)) > 1 else [told.assets[k].instrument for k in at]
    return {name: np.array([one == name for one in names]) for name in dict.fromkeys(names)}


def _members(
    told: ScenarioSet, at: list[int], instruments: Mapping[str, Instrument], block: str
) -> list[str]:
    member = _blocks(told, at, instruments)[block]
    return [told.assets[k].instrument for k, inside in zip(at, member, strict=True) if inside]


def _kind(told: ScenarioSet, place: int, instruments: Mapping[str, Instrument]) -> str:
    """Block of a series: rates and spreads have their own, others that of their asset class."""
    asset = told.assets[place]
    if asset.kind in ("rate", "spread"):
        return asset.kind
    known = instruments.get(asset.instrument)
    return (block_of(known) or known.asset_class) if known is not None else asset.kind


def _means(outcomes: Outcomes, by: str) -> dict[str, float]:
    """Mean P&L by position or group, the largest first, whether it is a gain or a loss."""
    names = outcomes.positions if by == "position" else outcomes.groups[by]
    means = mean_parts(outcomes.pnl, names, weights=outcomes.weights)
    return dict(sorted(means.items(), key=lambda one: -abs(one[1])))


def _mean(outcomes: Outcomes) -> float:
    return float(np.average(outcomes.total, weights=outcomes.weights))
