"""The risk of one book: every number from one set of scenarios, and what it is held against."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.market import MarketData
from features.sources.bundled import bundled_market
from flows.ingest import Ingested, ingest
from flows.outputs import json_bytes, write_whole
from flows.refusal import RefusedError
from flows.risk.change import ALPHA, change_since, keep
from flows.risk.crises import crisis_losses
from flows.risk.desk import desk_view, gaps
from flows.risk.linear import linear_outcomes
from flows.risk.liquidity import liquidity_adjusted
from flows.risk.numbers import Outcomes, levels_of, loss_probability, parts_of
from flows.risk.proxies import default_proxies
from flows.risk.request import RiskRequest
from flows.risk.ripple import default_ripple
from flows.risk.set_aside import stated
from flows.risk.source import Source, book_of, factor_names, pricing_of, scenarios_of
from flows.risk.tilt import Tail, tilted
from flows.risk.worst import breaking_move, worst_revaluation, worst_scenario
from flows.scenario_sets.files import ScenarioSet
from flows.steps import Steps
from flows.terminal import Step
from models.measures import expected_shortfall

if TYPE_CHECKING:
    from features.positions import Position

SCHEMA = "foreshock.risk/1"
PAGE, NUMBERS = "risk.html", "risk.json"
STRESSED = "a set under stress is compared with nothing"


def risk(
    request: RiskRequest, *, root: Path, steps: Steps, out: Path | None = None
) -> dict[str, Any]:
    """Compute everything that is told of one book.

    Parameters
    ----------
    request : RiskRequest
    root : Path
        State root; what is kept there of a book is what its next report is compared with.
    steps : Steps
    out : Path, optional
        Directory of ``risk.json`` and ``risk.html``; by default below the state root.

    Returns
    -------
    dict
        Schema ``foreshock.risk/1``; ``page`` is where the morning view is.

    Raises
    ------
    RefusedError
        If the book is unknown or was rejected, or the set cannot answer for it.
    BlockedError
        If the set is UNOFFICIAL and research was not asked for.
    """
    found = steps("ingest", lambda step: _market(step, request, root))
    market = found.market
    book, positions = book_of(found, request)

    def drawn(step: Step) -> Source:
        source = scenarios_of(request, found, book, positions, root)
        about = source.about
        step.summary = (
            f"{about['paths']:,} paths of {about['horizon']} sessions by {about['model']}"
        )
        return source

    source = steps("scenarios", drawn)
    told = steps("risk", lambda step: _numbers(step, request, found, book, positions, source, root))
    as_of = f"{market.as_of:%Y-%m-%d}"
    where = out or _kept(root, request) / as_of
    from flows.risk.page import page_of

    write_whole(where / NUMBERS, json_bytes(told))
    write_whole(where / PAGE, page_of(told).encode())
    if source.about["stress"] is None:
        keep(
            _kept(root, request),
            as_of=as_of,
            holdings=_holdings(book, positions),
            horizon=source.about["horizon"],
            unit=told["unit"],
            es=told["es"],
        )
    return {**told, "page": str(where / PAGE)}


def _market(step: Step, request: RiskRequest, root: Path) -> Ingested:
    as_of = None if request.as_of is None else pd.Timestamp(request.as_of)
    found = ingest(request.data or bundled_market(root), as_of=as_of)
    step.summary = f"{len(found.verdicts.feeds)} feeds checked; to {found.market.as_of.date()}"
    return found


def _numbers(
    step: Step,
    request: RiskRequest,
    found: Ingested,
    book: dict[str, float] | None,
    positions: tuple[Position, ...],
    source: Source,
    root: Path,
) -> dict[str, Any]:
    market, as_of = found.market, f"{found.market.as_of:%Y-%m-%d}"
    told = source.told
    horizons = sorted({1, told.moves.shape[1]})
    notes: tuple[str, ...] = ()
    outcomes: dict[int, Outcomes] = {}
    value = 1.0
    aside = _aside(found, request, positions)
    for horizon in horizons:
        if book is not None:
            outcomes[horizon] = linear_outcomes(
                book, told, horizon=horizon, instruments=market.instruments
            )
            continue
        from flows.risk.revalued import revalued

        names = factor_names(found, positions, request.base)
        priced = revalued(
            positions,
            pricing_of(found),
            told,
            horizon=horizon,
            base=request.base,
            proxies=default_proxies(told.assets, names),
        )
        outcomes[horizon], value = priced.outcomes, priced.value
        notes = (*aside, *priced.notes)
    far = outcomes[horizons[-1]]
    levels = [row for one in outcomes.values() for row in levels_of(one, request.alphas)]
    desk = desk_view(root, request.portfolio, as_of) if book is not None else _no_desk()
    es = expected_shortfall(far.total, alpha=ALPHA, weights=far.weights)
    # What happens under a stress is neither held against a forecast nor against yesterday.
    stressed = source.about["stress"] is not None
    change = (
        {"status": STRESSED}
        if stressed
        else change_since(
            _kept(root, request),
            as_of=as_of,
            holdings=_holdings(book, positions),
            horizon=far.horizon,
            unit=far.unit,
            es=es,
            es_of=lambda other: (
                _es_of(other, told, market, far.horizon) if book is not None else None
            ),
        )
    )
    between = [] if stressed else gaps(levels, desk)
    step.summary = f"ES {ALPHA:g} over {far.horizon} sessions: {_shown(es, far.unit)}"
    return {
        "schema": SCHEMA,
        "portfolio": request.portfolio,
        "as_of": as_of,
        "snapshot": market.snapshot,
        "unit": far.unit,
        "value": value if book is None else request.value,
        "scenarios": source.about,
        "levels": levels,
        "es": es,
        "loss": loss_probability(far, request.loss * (value if book is None else 1.0)),
        "parts": [
            parts_of(far, by, alpha=ALPHA) for by in ("position", *far.groups) if far.positions
        ],
        "desk": desk,
        "gaps": between,
        "hold": bool(desk.get("hold")) or any(one["state"] == "HOLD" for one in between),
        "tilt": _tilt(request, outcomes[1], between),
        "change": change,
        "crises": crisis_losses(market, book) if book is not None else [],
        "worst": (
            worst_revaluation(told, far) if book is None else worst_scenario(book, told, far)
        ),
        "reverse": _reverse(request, book, told, far),
        "liquidity": _liquidity(request, book, told, market),
        "what_if": _what_if(request, book, told, market, es, far.horizon),
        "ripple": _ripple(request, found, positions, told),
        "notes": list(notes),
        "stale": _stale(found, _holdings(book, positions)),
    }


def _ripple(
    request: RiskRequest, found: Ingested, positions: tuple[Position, ...], told: ScenarioSet
) -> dict[str, Any] | None:
    """What the default that was named would do."""
    if request.default is None:
        return None
    if not positions:
        raise RefusedError(
            f"--default: {request.portfolio} holds weights, and a default is revalued on a book "
            f"of quantities. Give it the position columns."
        )
    names = factor_names(found, positions, request.base)
    return default_ripple(
        positions,
        pricing_of(found),
        told,
        issuer=request.default,
        base=request.base,
        proxies=default_proxies(told.assets, names),
    )


def _aside(
    found: Ingested, request: RiskRequest, positions: tuple[Position, ...]
) -> tuple[str, ...]:
    """What the gate set aside of a book of quantities, in words."""
    gone = found.verdicts.set_aside.get(request.portfolio, ())
    if not gone:
        return ()
    return stated(request.portfolio, positions, gone, pricing_of(found), base=request.base)


def _no_desk() -> dict[str, Any]:
    return {"status": "the desk's session covers books of weights", "numbers": []}


def _es_of(
    holdings: Mapping[str, float], told: ScenarioSet, market: MarketData, horizon: int
) -> float | None:
    """Today's ES of other weights; None where the set lacks one of them."""
    if not set(holdings) <= {one.instrument for one in told.assets}:
        return None
    found = linear_outcomes(holdings, told, horizon=horizon, instruments=market.instruments)
    return expected_shortfall(found.total, alpha=ALPHA, weights=found.weights)


def _tilt(
    request: RiskRequest, near: Outcomes, between: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """ES once the paths are weighted to the learned tail, where that was asked for."""
    if not request.tilt:
        return None
    said = {one["measure"]: one["learned"] for one in between if one["alpha"] == ALPHA}
    if said.keys() != {"var", "es"}:
        return {"status": f"the desk has no learned VaR and ES at {ALPHA:g} for this book"}
    pooled = tilted(near.total, Tail(ALPHA, said["var"], said["es"]), weights=near.weights)
    moved = Outcomes(near.horizon, near.pnl, near.positions, near.groups, pooled.weights, near.unit)
    return {
        "status": "computed",
        "relative_entropy": pooled.relative_entropy,
        "effective_paths": pooled.effective_paths,
        "levels": levels_of(moved, request.alphas),
        "parts": parts_of(moved, "position", alpha=ALPHA),
    }


def _reverse(
    request: RiskRequest, book: dict[str, float] | None, told: ScenarioSet, far: Outcomes
) -> dict[str, Any]:
    if book is None:
        return {"status": "computed for books of weights"}
    return breaking_move(book, told, far, loss=request.loss)


def _liquidity(
    request: RiskRequest, book: dict[str, float] | None, told: ScenarioSet, market: MarketData
) -> dict[str, Any]:
    if book is None:
        return {"status": "computed for books of weights"}
    if request.value is None:
        return {"status": "the book's value is not known; pass --value"}
    return liquidity_adjusted(book, told, market, value=request.value, alphas=request.alphas)


def _what_if(
    request: RiskRequest,
    book: dict[str, float] | None,
    told: ScenarioSet,
    market: MarketData,
    es: float,
    horizon: int,
) -> dict[str, Any] | None:
    """ES after trades that are only tried out."""
    if not request.add or book is None:
        return None
    after = {
        name: book.get(name, 0.0) + request.add.get(name, 0.0) for name in {**book, **request.add}
    }
    if unknown := sorted(set(request.add) - set(market.instruments)):
        raise RefusedError(
            f"--add: {', '.join(unknown)} is not in the market, or did not pass the gate. "
            f"`foreshock validate` says which."
        )
    found = linear_outcomes(after, told, horizon=horizon, instruments=market.instruments)
    then = expected_shortfall(found.total, alpha=ALPHA, weights=found.weights)
    return {"trades": dict(request.add), "es_before": es, "es_after": then, "change": then - es}


def _stale(found: Ingested, holdings: Mapping[str, float]) -> list[str]:
    """What of the book's own prices is not of today, in words."""
    told: list[str] = []
    close = found.market.close
    for name in holdings:
        if name in close.columns and (last := close[name].last_valid_index()) is not None:
            expected = found.market.sessions[name]
            missed = int((expected > last).sum())
            if missed:
                told.append(f"{name}: last close {last.date()}, {missed} sessions ago")
    rules = {"stale", "stopped"}
    told += [
        one.message
        for one in found.verdicts.findings
        if one.rule in rules and one.series in holdings
    ]
    return told


def _kept(root: Path, request: RiskRequest) -> Path:
    """Directory of a book's reports."""
    return root / "risk" / _safe(request.portfolio)


def _holdings(
    book: Mapping[str, float] | None, positions: tuple[Position, ...]
) -> Mapping[str, float]:
    """Weights, or quantities."""
    return book if book is not None else {one.instrument: one.quantity for one in positions}


def _safe(name: str) -> str:
    """A directory for a book, whatever it is called."""
    if name.replace("_", "").replace("-", "").isalnum() and len(name) <= 80:
        return name
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def _shown(amount: float, unit: str) -> str:
    return f"{amount:.2%}" if unit == "share" else f"{amount:,.0f} {unit}"
