"""Every answer about one book, from one set of scenarios, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from features.sources.bundled import bundled_market
from flows.ingest import Ingested
from flows.refusal import RefusedError
from flows.risk.book import Book
from flows.risk.change import ALPHA, change_since
from flows.risk.counterfactuals import inverted_correlations, under_stress
from flows.risk.crises import crises_of
from flows.risk.desk import desk_view, gaps
from flows.risk.explained import carried, explained_since
from flows.risk.getting_out import quantities_liquidity
from flows.risk.herding import herding_of
from flows.risk.learned import learned_view
from flows.risk.linear import Weights
from flows.risk.liquidity import liquidity_adjusted
from flows.risk.numbers import Outcomes, levels_of, loss_probability, parts_of
from flows.risk.regulatory import regulatory_of
from flows.risk.request import RiskRequest
from flows.risk.revalued import Quantities
from flows.risk.ripple import default_ripple
from flows.risk.source import Source
from flows.risk.stale import stale
from flows.risk.tilt import Tail, tilted
from flows.risk.what_if import what_if
from flows.risk.worst import breaking_move, worst_scenario
from flows.scenario_sets.files import ScenarioSet
from flows.scenario_sets.stress_file import read_stress
from models.measures import expected_shortfall

STRESSED = "a set under stress is compared with nothing"
OF_QUANTITIES = "told of books of quantities"


def answers(
    request: RiskRequest,
    found: Ingested,
    book: Book,
    source: Source,
    *,
    root: Path,
    kept: Path,
) -> dict[str, Any]:
    """Everything that is told of a book.

    Parameters
    ----------
    request : RiskRequest
    found : Ingested
    book : Book
    source : Source
        The scenarios.
    root : Path
        State root.
    kept : Path
        Directory of the book's earlier reports.

    Raises
    ------
    RefusedError
        If the set cannot answer for the book, or something asked for is not there.
    """
    market, told = found.market, source.told
    as_of = f"{market.as_of:%Y-%m-%d}"
    outcomes = {
        horizon: book.outcomes(told, horizon=horizon)
        for horizon in sorted({1, told.moves.shape[1]})
    }
    near, far = outcomes[1], outcomes[told.moves.shape[1]]
    levels = [row for one in outcomes.values() for row in levels_of(one, request.alphas)]
    es = _es(far)
    # What happens under a stress is neither held against a forecast nor against yesterday.
    stressed = source.about["stress"] is not None
    desk = _desk(request, found, book, root, as_of)
    between = [] if stressed else gaps(levels, desk)
    return {
        "portfolio": request.portfolio,
        "as_of": as_of,
        "snapshot": market.snapshot,
        "unit": far.unit,
        "value": request.value if isinstance(book, Weights) else book.value,
        "scenarios": source.about,
        "levels": levels,
        "es": es,
        "loss": loss_probability(far, request.loss * book.size),
        "parts": [
            parts_of(far, by, alpha=ALPHA) for by in ("position", *far.groups) if far.positions
        ],
        "desk": desk,
        "gaps": between,
        "hold": bool(desk.get("hold")) or any(one["state"] == "HOLD" for one in between),
        "tilt": _tilt(request, near, between, desk),
        "change": ({"status": STRESSED} if stressed else _change(kept, as_of, book, told, far, es)),
        "explained": _explained(request, found, book, root),
        "carry": (
            carried(book, market, horizon=far.horizon)
            if isinstance(book, Quantities)
            else {"status": OF_QUANTITIES}
        ),
        "crises": crises_of(market, book),
        "worst": worst_scenario(book, told, far),
        "reverse": breaking_move(book, told, far, loss=request.loss * book.size),
        "inverted": inverted_correlations(book, told, far, market.instruments, seed=request.seed),
        "stress": (
            None
            if request.stress is None
            else under_stress(book, told, far, read_stress(request.stress), seed=request.seed)
        ),
        "liquidity": _liquidity(request, found, book, told, near),
        "what_if": what_if(book, told, far, request.add),
        "ripple": _ripple(request, book, told),
        "herding": herding_of(request, book, told, market),
        "regulatory": regulatory_of(
            request, found, book, told, request.data or bundled_market(root)
        ),
        "zero_risk": _zero_risk(found, request.portfolio),
        "excluded": list(book.aside) if isinstance(book, Quantities) else [],
        "notes": list(book.notes(told.assets)) if isinstance(book, Quantities) else [],
        "stale": stale(
            found,
            book.weights if isinstance(book, Weights) else None,
            book.held if isinstance(book, Quantities) else (),
            base=request.base,
        ),
    }


def _zero_risk(found: Ingested, name: str) -> bool:
    """Whether the gate found that a book holds nothing."""
    books = found.verdicts.books
    return bool(books.loc[books["book"] == name, "zero_risk"].any())


def _es(outcomes: Outcomes) -> float:
    return expected_shortfall(outcomes.total, alpha=ALPHA, weights=outcomes.weights)


def _desk(
    request: RiskRequest, found: Ingested, book: Book, root: Path, as_of: str
) -> dict[str, Any]:
    """What the desk's model says of the book."""
    recorded = desk_view(root, request.portfolio, as_of)
    if isinstance(book, Weights):
        return recorded
    return learned_view(
        book,
        found.market,
        root,
        portfolio=request.portfolio,
        alphas=request.alphas,
        recorded=recorded,
    )


def _change(
    kept: Path,
    as_of: str,
    book: Book,
    told: ScenarioSet,
    far: Outcomes,
    es: float,
) -> dict[str, Any]:
    """What became of the number since the last report."""
    return change_since(
        kept,
        as_of=as_of,
        holdings=book.holdings,
        horizon=far.horizon,
        unit=far.unit,
        es=es,
        es_of=lambda other: _es_of(other, book, told, far.horizon),
    )


def _es_of(
    holdings: Mapping[str, float], book: Book, told: ScenarioSet, horizon: int
) -> float | None:
    """Today's ES of other holdings; None where the set, or the book, cannot tell."""
    if isinstance(book, Weights):
        if not set(holdings) <= {one.instrument for one in told.assets}:
            return None
        return _es(replace(book, weights=holdings).outcomes(told, horizon=horizon))
    known = {one.instrument: one for one in book.held}
    if not set(holdings) <= set(known):
        return None  # a position that is gone has taken its terms with it
    then = tuple(replace(known[name], quantity=size) for name, size in holdings.items())
    return _es(book.of(then).outcomes(told, horizon=horizon))


def _tilt(
    request: RiskRequest,
    near: Outcomes,
    between: Sequence[Mapping[str, Any]],
    desk: Mapping[str, Any],
) -> dict[str, Any] | None:
    """ES once the paths are weighted to the learned tail, where that was asked for."""
    if not request.tilt:
        return None
    said = {one["measure"]: one["learned"] for one in between if one["alpha"] == ALPHA}
    if said.keys() != {"var", "es"}:
        reason = f"the desk has no learned VaR and ES at {ALPHA:g} for this book"
        return {"status": f"{reason}: {desk['status']}"}
    pooled = tilted(near.total, Tail(ALPHA, said["var"], said["es"]), weights=near.weights)
    moved = replace(near, weights=pooled.weights)
    return {
        "status": "computed",
        "relative_entropy": pooled.relative_entropy,
        "effective_paths": pooled.effective_paths,
        "levels": levels_of(moved, request.alphas),
        "parts": parts_of(moved, "position", alpha=ALPHA),
    }


def _explained(request: RiskRequest, found: Ingested, book: Book, root: Path) -> dict[str, Any]:
    """Why today's positions made what they made."""
    if isinstance(book, Weights):
        return {"status": OF_QUANTITIES}
    since = None if request.since is None else pd.Timestamp(request.since)
    return explained_since(book, found.market, request.data or bundled_market(root), since)


def _liquidity(
    request: RiskRequest,
    found: Ingested,
    book: Book,
    told: ScenarioSet,
    near: Outcomes,
) -> dict[str, Any]:
    if isinstance(book, Quantities):
        return quantities_liquidity(book, told, near, found.market, alphas=request.alphas)
    if request.value is None:
        return {"status": "the book's value is not known; pass --value"}
    return liquidity_adjusted(
        book.weights, told, found.market, value=request.value, alphas=request.alphas
    )


def _ripple(request: RiskRequest, book: Book, told: ScenarioSet) -> dict[str, Any] | None:
    """What the default that was named would do."""
    if request.default is None:
        return None
    if not isinstance(book, Quantities):
        raise RefusedError(
            f"--default: {request.portfolio} holds weights, and a default is revalued on a book "
            f"of quantities. Give it the position columns."
        )
    return default_ripple(
        book.held,
        book.pricing,
        told,
        issuer=request.default,
        base=request.base,
        proxies=book.proxies_among(told.assets),
    )
