"""The scenarios that a book is put through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.ingest import Ingested
from flows.refusal import RefusedError
from flows.risk.book import Book
from flows.risk.linear import Weights
from flows.risk.request import RiskRequest
from flows.risk.revalued import Quantities
from flows.scenario_sets.files import ScenarioSet, read_set
from flows.scenario_sets.stress_file import read_stress
from flows.scenario_sets.verify import stamp, usable


@dataclass(frozen=True, slots=True)
class Source:
    """Where the scenarios come from.

    Attributes
    ----------
    told : ScenarioSet
    about : dict
        Plain values: model, size, hash and mark.
    """

    told: ScenarioSet
    about: dict[str, Any]


def scenarios_of(
    request: RiskRequest,
    found: Ingested,
    book: Book,
    root: Path,
) -> Source:
    """The set that was named, checked before it is opened, or one drawn for the book.

    Raises
    ------
    RefusedError
        If the set is damaged or knows what came after the as-of, or nothing can be drawn.
    BlockedError
        If it is UNOFFICIAL and research was not asked for.
    """
    if request.scenarios is not None:
        checked = usable(request.scenarios, root=root, research=request.research)
        predicate = checked.manifest["predicate"]
        told = read_set(request.scenarios)
        until = predicate["model"].get("train_until")
        if until is not None and until > f"{found.market.as_of:%Y-%m-%d}":
            raise RefusedError(
                f"{request.scenarios}: was trained to {until}, after the as-of "
                f"{found.market.as_of:%Y-%m-%d}. Make a set as of that day."
            )
        about = {
            "model": predicate["model"]["name"],
            "sha256": checked.manifest["sha256"],
            "mark": stamp(checked),
            "as_of": until,
            "stress": predicate["sampling"].get("stress"),
        }
    else:
        told = _drawn(request, found, book)
        about = {
            "model": request.model,
            "sha256": None,
            "mark": "drawn for this report, not examined",
            "as_of": f"{found.market.as_of:%Y-%m-%d}",
            "stress": None,
        }
    paths, steps = told.moves.shape[:2]
    return Source(told, {**about, "paths": paths, "horizon": steps})


def _drawn(request: RiskRequest, found: Ingested, book: Book) -> ScenarioSet:
    """Scenarios of what the book depends on, in memory."""
    from models.scenarios.chunks import chunks
    from models.scenarios.registry import fit_generator

    market = found.market
    names = list(book.weights) if isinstance(book, Weights) else _underlyings(found, book)
    names = list(dict.fromkeys([*names, *_asked(request, found)]))
    if not names:  # a book of nothing is told on something, and makes nothing of it
        names = [next(name for name, one in market.instruments.items() if one.holdable)]
    try:
        model = fit_generator(request.model, market, names, as_of=market.as_of, seed=request.seed)
    except ValueError as error:
        raise RefusedError(f"scenarios: {error}") from error
    moves = [
        model.chunk(one.index, paths=one.paths, horizon=request.horizon, seed=request.seed).paths
        for one in chunks(request.paths)
    ]
    return ScenarioSet(np.concatenate(moves), model.assets)


def _asked(request: RiskRequest, found: Ingested) -> list[str]:
    """Series that a trade or a stress names; one that is not listed is refused where it is used."""
    names = list(request.add)
    if request.stress is not None:
        stress = read_stress(request.stress)
        names += [*stress.shocks, *((stress.correlation and stress.correlation.invert) or ())]
    return [name for name in names if name in found.market.instruments]


def _underlyings(found: Ingested, book: Quantities) -> list[str]:
    """Every price and rate of exchange that a book of quantities depends on, and every rate."""
    listed = found.market.instruments
    # What follows something else needs no scenario, and may be too young for one.
    moved = book.pricing.proxies
    spots = [name for name in book.factor_names if name in listed and name not in moved]
    rates = [name for name, one in listed.items() if one.kind in ("rate", "spread")]
    enough = found.market.close[rates].notna().sum() > 500
    stated = [one.source for one in book.pricing.proxies.values() if one.source in listed]
    return list(dict.fromkeys([*spots, *(name for name in rates if enough[name]), *stated]))
