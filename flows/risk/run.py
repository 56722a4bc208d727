"""The risk of one book: every number from one set of scenarios, and what it is held against."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

from features.sources.bundled import bundled_market
from flows.ingest import Ingested, ingest
from flows.outputs import json_bytes, write_whole
from flows.risk.answers import answers
from flows.risk.book import book_of
from flows.risk.change import ALPHA, keep
from flows.risk.proxies import with_proxies
from flows.risk.request import RiskRequest
from flows.risk.source import Source, scenarios_of
from flows.steps import Steps
from flows.terminal import Step

SCHEMA = "foreshock.risk/1"
PAGE, NUMBERS = "risk.html", "risk.json"


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
    book = book_of(found, request)

    def drawn(step: Step) -> Source:
        source = scenarios_of(request, found, book, root)
        about = source.about
        step.summary = (
            f"{about['paths']:,} paths of {about['horizon']} sessions by {about['model']}"
        )
        return source

    source = steps("scenarios", drawn)
    kept = _kept(root, request)

    def answered(step: Step) -> dict[str, Any]:
        told = answers(request, found, book, source, root=root, kept=kept)
        horizon = source.about["horizon"]
        step.summary = f"ES {ALPHA:g} over {horizon} sessions: {_shown(told['es'], told['unit'])}"
        return {"schema": SCHEMA, **told}

    told = steps("risk", answered)
    as_of = f"{found.market.as_of:%Y-%m-%d}"
    where = out or kept / as_of
    from flows.risk.page import page_of

    write_whole(where / NUMBERS, json_bytes(told))
    write_whole(where / PAGE, page_of(told).encode())
    if source.about["stress"] is None:
        keep(
            kept,
            as_of=as_of,
            holdings=book.holdings,
            horizon=source.about["horizon"],
            unit=told["unit"],
            es=told["es"],
        )
    return {**told, "page": str(where / PAGE)}


def _market(step: Step, request: RiskRequest, root: Path) -> Ingested:
    as_of = None if request.as_of is None else pd.Timestamp(request.as_of)
    found = ingest(request.data or bundled_market(root), as_of=as_of)
    step.summary = f"{len(found.verdicts.feeds)} feeds checked; to {found.market.as_of.date()}"
    return with_proxies(found, request.proxies)


def _kept(root: Path, request: RiskRequest) -> Path:
    """Directory of a book's reports."""
    return root / "risk" / _safe(request.portfolio)


def _safe(name: str) -> str:
    """A directory for a book, whatever it is called."""
    if name.replace("_", "").replace("-", "").isalnum() and len(name) <= 80:
        return name
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def _shown(amount: float, unit: str) -> str:
    return f"{amount:.2%}" if unit == "share" else f"{amount:,.0f} {unit}"
