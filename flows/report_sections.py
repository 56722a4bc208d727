"""What each section of the report shows, picked from the evidence and ordered for reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from flows.settings import BAR, LEARNED, LEGACY
from flows.wording import ANSWERS, MODELS
from validation.crises import ALL, CATALOGUE

Entry = Mapping[str, Any]
Key = tuple[str | None, str, float, str]

LONGEST_LIST, SHORT_LIST = 60, 10
"""Feeds listed at most; features listed at least."""


def by_key(entries: Iterable[Entry]) -> dict[Key, Entry]:
    """Entries of the shortest horizon by (portfolio, model, alpha, window)."""
    every = list(entries)
    shortest = min((entry["horizon"] for entry in every), default=1)
    return {
        (entry.get("portfolio"), entry["model"], float(entry["alpha"]), entry["window"]): entry
        for entry in every
        if entry["horizon"] == shortest
    }


def versus_bar(evidence: Entry) -> dict[Key, Entry]:
    """Comparisons with the bar, by the same key; there the portfolio is None."""
    return by_key(entry for entry in evidence["comparisons"] if entry["baseline"] == BAR)


def in_reading_order(models: Iterable[str]) -> list[str]:
    """Models from legacy to learned; those that are not ours last."""
    judged = set(models)
    return [*(name for name in MODELS if name in judged), *sorted(judged - MODELS.keys())]


def forecast_books(forecasts: pd.DataFrame, feeds: Entry) -> list[str]:
    """Books that were forecast, in the gate's order; every series where there is no book."""
    forecast = set(forecasts["portfolio"].unique())
    books = [book["book"] for book in feeds["books"] if book["book"] in forecast]
    return books or sorted(forecast)


def speaking_portfolio(evidence: Entry, portfolios: Sequence[str]) -> str:
    """The one judged in most crises, so that one name tells of them all; ties go to the first."""
    crises = {window.name for window in CATALOGUE}
    judged = Counter(
        portfolio
        for portfolio, window in {
            (entry["portfolio"], entry["window"]) for entry in evidence["groups"]
        }
        if window in crises
    )
    return max(portfolios, key=lambda name: judged[name])


def crisis_rows(
    evidence: Entry, *, models: Sequence[str], alpha: float, books: Sequence[str]
) -> list[dict[str, Any]]:
    """The crises covered, each with one row a model: the first book that reaches it, and all."""
    groups, pooled = by_key(evidence["groups"]), by_key(evidence["pooled"])
    versus = versus_bar(evidence)
    crises: list[dict[str, Any]] = []
    for window in CATALOGUE:
        reaching = (name for name in books if (name, models[-1], alpha, window.name) in groups)
        book = next(reaching, None)
        rows = [
            {
                "model": model,
                "book": groups.get((book, model, alpha, window.name)),
                "pooled": pooled.get((None, model, alpha, window.name)),
                "versus": versus.get((None, model, alpha, window.name)),
            }
            for model in models
        ]
        if any(row["pooled"] for row in rows):
            crises.append({"window": window, "book": book, "rows": rows})
    return crises


def next_session(
    forecasts: pd.DataFrame, books: Sequence[str], *, models: Sequence[str], alpha: float
) -> dict[str, Any]:
    """VaR and ES of the session to come by book and model, and the books that ended before."""
    wanted = forecasts["portfolio"].isin(books) & forecasts["model"].isin(models)
    rows = forecasts[wanted & (forecasts["alpha"] == alpha)]
    today = forecasts["origin"].max()
    upcoming: list[dict[str, Any]] = []
    ended: dict[str, pd.Timestamp] = {}
    for book in books:
        held = rows[rows["portfolio"] == book]
        last = held[held["origin"] == held["origin"].max()].set_index("model")
        if last.empty:
            continue
        target = last["target"].iloc[0]
        if target <= today:
            ended[book] = target
            continue
        risk = last[["var", "es"]].to_dict(orient="index")
        upcoming.append(
            {"book": book, "origin": last["origin"].iloc[0], "target": target, "risk": risk}
        )
    return {"rows": upcoming, "ended": ended}


def against_bar(evidence: Entry) -> list[dict[str, Any]]:
    """Every model against the bar over all targets, by level."""
    versus = versus_bar(evidence)
    return [
        {"model": model, "levels": _by_level(versus, model, ALL)}
        for model in in_reading_order(model for _, model, *_ in versus)
    ]


def in_each_crisis(evidence: Entry, *, model: str) -> list[dict[str, Any]]:
    """One model against the bar in each crisis, by level."""
    versus = versus_bar(evidence)
    rows = [
        {"window": window, "levels": _by_level(versus, model, window.name)} for window in CATALOGUE
    ]
    return [row for row in rows if row["levels"]]


def by_class(evidence: Entry, *, model: str) -> list[tuple[str, dict[float, Entry]]]:
    """One model against the bar in each asset class over all targets, by level."""
    levels = {
        alpha: entry["difference_by_class"]
        for alpha, entry in _by_level(versus_bar(evidence), model, ALL).items()
        if isinstance(entry["difference_by_class"], Mapping)
    }
    classes = dict.fromkeys(name for classes in levels.values() for name in classes)
    return [
        (name, {alpha: found[name] for alpha, found in levels.items() if name in found})
        for name in classes
    ]


def _by_level(versus: Mapping[Key, Entry], model: str, window: str) -> dict[float, Entry]:
    return {
        alpha: entry
        for (_, name, alpha, where), entry in versus.items()
        if name == model and where == window
    }


def accuracy_rows(entries: Sequence[Entry]) -> dict[str, Any]:
    """Share of cells passed, by scope: the legacy, the bar, what was learned, and the ceiling."""
    shown = {LEGACY, BAR, *LEARNED}
    models = in_reading_order({entry["model"] for entry in entries} & shown)
    scopes = list(dict.fromkeys(entry["scope"] for entry in entries))
    ceilings = {
        scope: [
            entry["ceiling"]
            for entry in entries
            if entry["scope"] == scope and entry["ceiling"] is not None
        ]
        for scope in scopes
    }
    return {
        "scopes": scopes,
        "rows": [
            (model, {entry["scope"]: entry for entry in entries if entry["model"] == model})
            for model in models
        ],
        "ceiling": {scope: (min(found), max(found)) for scope, found in ceilings.items() if found},
    }


def outcome_rows(
    evidence: Entry, *, models: Sequence[str], alpha: float, portfolio: str
) -> list[tuple[str, dict[str, Entry]]]:
    """Every test over all targets of one book: its outcome by model."""
    groups = by_key(evidence["groups"])
    found = {model: groups.get((portfolio, model, alpha, ALL)) for model in models}
    outcomes = {model: entry["tests"] for model, entry in found.items() if entry}
    names = dict.fromkeys(name for tests in outcomes.values() for name in tests)
    return [
        (name, {model: tests[name] for model, tests in outcomes.items() if name in tests})
        for name in names
    ]


def shadow_rows(shadow: Entry, books: Sequence[str], *, alpha: float) -> dict[str, Any]:
    """The shadow step at one level: each book, and all series added up."""
    rows = [row for row in shadow["rows"] if row["alpha"] == alpha]
    total = {
        "series": len(rows),
        "n": sum(row["n"] for row in rows),
        "expected": sum(row["expected"] for row in rows),
        "legacy": sum(row["legacy"]["exceedances"] for row in rows),
        "candidate": sum(row["candidate"]["exceedances"] for row in rows),
    }
    return {
        **shadow,
        "first": min((row["from"] for row in rows), default=None),
        "last": max((row["to"] for row in rows), default=None),
        "rows": [row for row in rows if row["portfolio"] in books],
        "total": total,
    }


def drift_rows(drift: Entry) -> dict[str, Any]:
    """The drift step with the features beyond their threshold, or nearest to it, first."""
    rows = sorted(drift["rows"], key=lambda row: row["value"] / row["threshold"], reverse=True)
    drifted = sum(bool(row["drifted"]) for row in rows)
    listed = max(drifted, SHORT_LIST)
    return {**drift, "rows": rows[:listed], "measured": len(rows), "drifted": drifted}


def gate_answers(feeds: Entry) -> dict[str, Any]:
    """Feed verdicts worst first, counts by answer, and what was refused as a whole."""
    severity = list(ANSWERS)
    counts = Counter(feed["answer"] for feed in feeds["feeds"])
    flawed = [feed for feed in feeds["feeds"] if feed["answer"] != "A"]
    flawed.sort(key=lambda feed: severity.index(feed["answer"]))
    return {
        "counts": [(letter, counts[letter]) for letter in severity if counts[letter]],
        "rejected": counts["R"],
        "flawed": flawed[:LONGEST_LIST],
        "unlisted": len(flawed[LONGEST_LIST:]),
        "tables": [gone for gone in feeds["excluded"] if not gone["series"]],
        "books": [book for book in feeds["books"] if book["excluded"]],
    }
