"""The book that is asked for, and the scenarios it is put through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from features.positions import Position
from features.pricing_market import PricingMarket
from flows.ingest import Ingested
from flows.refusal import RefusedError
from flows.risk.request import RiskRequest
from flows.scenario_sets.files import ScenarioSet, read_set
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


def book_of(
    found: Ingested, request: RiskRequest
) -> tuple[dict[str, float] | None, tuple[Position, ...]]:
    """Weights of the book, or its positions, with the trades that are tried out left for later."""
    name = request.portfolio
    if name in found.market.portfolios:
        return dict(found.market.portfolios[name]), ()
    if name in found.verdicts.positions:
        if request.add:
            raise RefusedError(
                f"--add: {name} holds quantities; trades are tried out on books of weights. Copy "
                f"its file, change it, and ask for both."
            )
        return None, tuple(found.verdicts.positions[name])
    refused = [one["reason"] for one in found.verdicts.excluded() if one["series"] == name]
    known = sorted({*found.market.portfolios, *found.verdicts.positions})
    raise RefusedError(
        f"portfolio: {name} "
        + (f"was rejected: {refused[0]}" if refused else "is not in the market directory.")
        + f" There are {', '.join(known) or 'none'}."
    )


def scenarios_of(
    request: RiskRequest,
    found: Ingested,
    book: Mapping[str, float] | None,
    positions: tuple[Position, ...],
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
        told = _drawn(request, found, book, positions)
        about = {
            "model": request.model,
            "sha256": None,
            "mark": "drawn for this report, not examined",
            "as_of": f"{found.market.as_of:%Y-%m-%d}",
            "stress": None,
        }
    paths, steps = told.moves.shape[:2]
    return Source(told, {**about, "paths": paths, "horizon": steps})


def _drawn(
    request: RiskRequest,
    found: Ingested,
    book: Mapping[str, float] | None,
    positions: tuple[Position, ...],
) -> ScenarioSet:
    """Scenarios of what the book depends on, in memory."""
    from models.scenarios.chunks import chunks
    from models.scenarios.registry import fit_generator

    market = found.market
    names = list(dict.fromkeys([*(book or ()), *request.add]))
    if book is None:
        names = _underlyings(found, positions, request.base)
    if not names:
        raise RefusedError(
            f"portfolio: {request.portfolio} holds nothing that moves: its risk is zero, and there "
            f"is nothing to simulate."
        )
    try:
        model = fit_generator(request.model, market, names, as_of=market.as_of, seed=request.seed)
    except ValueError as error:
        raise RefusedError(f"scenarios: {error}") from error
    moves = [
        model.chunk(one.index, paths=one.paths, horizon=request.horizon, seed=request.seed).paths
        for one in chunks(request.paths)
    ]
    return ScenarioSet(np.concatenate(moves), model.assets)


def _underlyings(found: Ingested, positions: tuple[Position, ...], base: str) -> list[str]:
    """Every price and rate of exchange that a book of quantities depends on, and every rate."""
    listed = found.market.instruments
    spots = [name for name in factor_names(found, positions, base) if name in listed]
    rates = [name for name, one in listed.items() if one.kind in ("rate", "spread")]
    enough = found.market.close[rates].notna().sum() > 500
    return list(dict.fromkeys([*spots, *(name for name in rates if enough[name])]))


def factor_names(found: Ingested, positions: tuple[Position, ...], base: str) -> list[str]:
    """Names of everything a book of quantities depends on."""
    from models.instruments.book import priced_book

    try:
        book = priced_book(positions, pricing_of(found), base_currency=base)
    except ValueError as error:
        raise RefusedError(f"portfolio: {error}") from error
    return [one.name for one in book.factors]


def pricing_of(found: Ingested) -> PricingMarket:
    """What books of quantities are valued with."""
    if found.verdicts.pricing is None:
        raise RefusedError("portfolio: nothing was handed on to value it with. Read it again.")
    return found.verdicts.pricing
