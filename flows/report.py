"""The report of a run: one HTML page, verdict first, that a risk officer can read and print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from flows import wording
from flows.settings import BAR, CLAIM, LEARNED, LEGACY
from flows.wording import ANSWERS, MODELS, model_title
from validation.crises import ALL, CATALOGUE, CrisisWindow

if TYPE_CHECKING:
    from jinja2 import Template

Entry = Mapping[str, Any]
Key = tuple[str | None, str, float, str]

_TELLING_T = 2.0
_LONGEST_LIST, _SHORT_LIST = 60, 10


def verdict_sentence(evidence: Mapping[str, Any], *, portfolio: str | None = None) -> str:
    """What the evidence says, in one line of plain words.

    Parameters
    ----------
    evidence : mapping
        As written to ``evidence.json``.
    portfolio : str, optional
        Whose exceedances speak for the first crisis covered; by default the first judged.

    Returns
    -------
    str
        E.g. ``99% ES forecasts beat GJR-FHS by 2.4% (t -4.1); COVID-19 crash, fx_book: 2
        exceedances in 50, green; legacy: 11, red.``
    """
    model, alpha = claimed_model(evidence), headline_level(evidence)
    if model is None:
        return "No learned model was judged in this run, only the legacy and statistical ones."
    groups = _by_key(evidence["groups"])
    if portfolio is None:
        portfolio = next((name for name, *_ in groups), None)
    parts = [_against_bar(_versus_bar(evidence).get((None, model, alpha, ALL)), model, alpha)]
    for crisis in CATALOGUE:
        ours = groups.get((portfolio, model, alpha, crisis.name))
        if ours is not None:
            count = ours["exceedances"]
            noun = "exceedance" if count == 1 else "exceedances"
            parts.append(
                f"{crisis.title}, {portfolio}: {count} {noun} in {ours['n']}, {ours['zone']}"
            )
            legacy = groups.get((portfolio, LEGACY, alpha, crisis.name))
            parts += [f"legacy: {legacy['exceedances']}, {legacy['zone']}"] if legacy else []
            break
    else:
        parts.append("no crisis of the catalogue is covered")
    return "; ".join(parts) + "."


def headline_level(evidence: Mapping[str, Any]) -> float:
    """Confidence level the verdict speaks of: 99% where it was forecast, else the highest."""
    levels = {float(entry["alpha"]) for entry in evidence["pooled"]}
    return 0.99 if 0.99 in levels else max(levels, default=0.99)


def claimed_model(evidence: Mapping[str, Any]) -> str | None:
    """Model the verdict speaks of: the combined one, else a learned one, else none."""
    judged = {entry["model"] for entry in evidence["pooled"]}
    return next((name for name in (CLAIM, *reversed(LEARNED)) if name in judged), None)


def render_report(
    *,
    evidence: Mapping[str, Any],
    forecasts: pd.DataFrame,
    feeds: Mapping[str, Any],
    lineage: Mapping[str, Any],
    shadow: Mapping[str, Any],
    drift: Mapping[str, Any],
) -> str:
    """One self-contained HTML page, printable, without scripts or outside resources.

    Parameters
    ----------
    evidence : mapping
        As written to ``evidence.json``.
    forecasts : DataFrame
        The forecast table of the run; unknown P&L is NaN.
    feeds : mapping
        As written to ``feeds.json``.
    lineage : mapping
        ``revision, dirty, lock, python, machine, packages`` (of `flows.provenance.Provenance`),
        ``settings`` (mapping), ``seeds`` (sequence), ``model`` (mapping with ``name``, ``version``
        and ``alias``; others are shown as they are), ``skipped`` (reason by series),
        ``configurations_seen`` (how many were judged on the years this report judges).
    shadow : mapping
        As `flows.shadow.shadow` returns it.
    drift : mapping
        As `flows.monitor.drift` returns it.

    Returns
    -------
    str
        The page. Text that comes from data is escaped.
    """
    from flows.crisis_pictures import crisis_picture

    alpha, model = headline_level(evidence), claimed_model(evidence) or BAR
    shortest = forecasts[forecasts["horizon"] == forecasts["horizon"].min()]
    present = set(shortest["model"].unique())
    models = [name for name in dict.fromkeys((LEGACY, BAR, model)) if name in present]
    books = _books(shortest, feeds)
    crises = _crises(evidence, models=models, alpha=alpha, portfolio=books[0])
    for crisis in crises:
        crisis["picture"] = crisis_picture(
            shortest,
            first=pd.Timestamp(crisis["window"].first),
            last=pd.Timestamp(crisis["window"].last),
            portfolio=books[0],
            alpha=alpha,
            legacy=(LEGACY, model_title(LEGACY)),
            model=(model, model_title(model)),
        )
    return _template().render(
        evidence=evidence,
        feeds=feeds,
        lineage=lineage,
        shadow=_shadow(shadow, books, alpha=alpha),
        drift=_drift(drift),
        verdict=verdict_sentence(evidence, portfolio=books[0]),
        alpha=alpha,
        alphas=sorted({float(entry["alpha"]) for entry in evidence["pooled"]}),
        model=model,
        models=models,
        book=books[0],
        crises=crises,
        upcoming=_upcoming(shortest, books, models=models, alpha=alpha),
        headline=_headline(evidence),
        by_crisis=_by_crisis(evidence, model=model),
        accuracy=_tail_accuracy(evidence["tail_accuracy"]),
        examined=_examined(evidence, models=models, alpha=alpha, portfolio=books[0]),
        gate=_gate(feeds),
        uncovered=[crisis for crisis in CATALOGUE if crisis.name in evidence["not_covered"]],
        first=shortest["target"].min(),
        last=shortest.loc[shortest["pnl"].notna(), "target"].max(),
        rows=len(shortest),
        unrealised=int(shortest["pnl"].isna().sum()),
        series=shortest["portfolio"].nunique(),
    )


def _against_bar(found: Entry | None, model: str, alpha: float) -> str:
    """First part of the verdict: what the FZ0 comparison says, with what certainty."""
    what, bar = f"{wording.level(alpha)} ES forecasts", model_title(BAR)
    if found is None or found["relative"] is None or found["t_hac"] is None:
        return f"{what} of {model_title(model)} could not be compared with {bar}"
    gain, t = -100 * found["relative"], found["t_hac"]
    figures = f"{abs(gain):.1f}% (t {t:.1f})"
    if abs(t) < _TELLING_T:
        side = "better" if gain > 0 else "worse"
        return f"{what} cannot be told from {bar}: {figures} {side}"
    return f"{what} {'beat' if gain > 0 else 'are worse than'} {bar} by {figures}"


def _by_key(entries: Iterable[Entry]) -> dict[Key, Entry]:
    """Entries of the shortest horizon by (portfolio, model, alpha, window)."""
    every = list(entries)
    shortest = min((entry["horizon"] for entry in every), default=1)
    return {
        (entry.get("portfolio"), entry["model"], float(entry["alpha"]), entry["window"]): entry
        for entry in every
        if entry["horizon"] == shortest
    }


def _versus_bar(evidence: Mapping[str, Any]) -> dict[Key, Entry]:
    return _by_key(entry for entry in evidence["comparisons"] if entry["baseline"] == BAR)


def _books(forecasts: pd.DataFrame, feeds: Mapping[str, Any]) -> list[str]:
    """Books that were forecast; every series where there is no book."""
    forecast = set(forecasts["portfolio"].unique())
    books = [book["book"] for book in feeds["books"] if book["book"] in forecast]
    return books or sorted(forecast)


def _crises(
    evidence: Mapping[str, Any], *, models: Sequence[str], alpha: float, portfolio: str
) -> list[dict[str, Any]]:
    """The crises covered, each with one row per model: one book, and all series pooled."""
    groups, pooled = _by_key(evidence["groups"]), _by_key(evidence["pooled"])
    versus = _versus_bar(evidence)
    crises: list[dict[str, Any]] = []
    for window in CATALOGUE:
        rows = [
            {
                "model": model,
                "book": groups.get((portfolio, model, alpha, window.name)),
                "pooled": pooled.get((None, model, alpha, window.name)),
                "versus": versus.get((None, model, alpha, window.name)),
            }
            for model in models
        ]
        if any(row["pooled"] for row in rows):
            crises.append({"window": window, "rows": rows})
    return crises


def _upcoming(
    forecasts: pd.DataFrame, books: Sequence[str], *, models: Sequence[str], alpha: float
) -> list[dict[str, Any]]:
    """The forecast from each book's last origin: VaR and ES by model."""
    wanted = forecasts["portfolio"].isin(books) & forecasts["model"].isin(models)
    rows = forecasts[wanted & (forecasts["alpha"] == alpha)]
    latest: list[dict[str, Any]] = []
    for book in books:
        held = rows[rows["portfolio"] == book]
        last = held[held["origin"] == held["origin"].max()].set_index("model")
        if len(last):
            latest.append(
                {
                    "book": book,
                    "origin": last["origin"].iloc[0],
                    "target": last["target"].iloc[0],
                    "risk": last[["var", "es"]].to_dict(orient="index"),
                }
            )
    return latest


def _headline(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every model against the bar over all targets, one row a model, by level."""
    versus = _versus_bar(evidence)
    judged = {model for _, model, *_ in versus}
    ordered = [*(name for name in MODELS if name in judged), *sorted(judged - MODELS.keys())]
    return [
        {
            "model": model,
            "levels": {
                alpha: entry
                for (_, name, alpha, window), entry in versus.items()
                if name == model and window == ALL
            },
        }
        for model in ordered
    ]


def _by_crisis(evidence: Mapping[str, Any], *, model: str) -> list[dict[str, Any]]:
    """The claimed model against the bar in each crisis, by level."""
    versus = _versus_bar(evidence)
    rows: list[dict[str, Any]] = []
    for window in CATALOGUE:
        levels = {
            alpha: entry
            for (_, name, alpha, where), entry in versus.items()
            if name == model and where == window.name
        }
        if levels:
            rows.append({"window": window, "levels": levels})
    return rows


def _tail_accuracy(entries: Sequence[Entry]) -> dict[str, Any]:
    """Share of cells passed by model and scope, with the ceiling of a perfect model."""
    scopes = list(dict.fromkeys(entry["scope"] for entry in entries))
    models = list(dict.fromkeys(entry["model"] for entry in entries))
    return {
        "scopes": scopes,
        "rows": [
            (model, {entry["scope"]: entry for entry in entries if entry["model"] == model})
            for model in models
        ],
    }


def _examined(
    evidence: Mapping[str, Any], *, models: Sequence[str], alpha: float, portfolio: str
) -> list[tuple[str, dict[str, Entry]]]:
    """Every test over all targets of one book: its outcome by model."""
    groups = _by_key(evidence["groups"])
    found = {model: groups.get((portfolio, model, alpha, ALL)) for model in models}
    outcomes = {model: entry["tests"] for model, entry in found.items() if entry}
    names = dict.fromkeys(name for tests in outcomes.values() for name in tests)
    return [
        (name, {model: tests[name] for model, tests in outcomes.items() if name in tests})
        for name in names
    ]


def _shadow(shadow: Mapping[str, Any], books: Sequence[str], *, alpha: float) -> dict[str, Any]:
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


def _drift(drift: Mapping[str, Any]) -> dict[str, Any]:
    """The drift step with the features nearest to their threshold first, or beyond it."""
    rows = sorted(drift["rows"], key=lambda row: row["value"] / row["threshold"], reverse=True)
    drifted = sum(bool(row["drifted"]) for row in rows)
    listed = max(drifted, _SHORT_LIST)
    return {**drift, "rows": rows[:listed], "measured": len(rows), "drifted": drifted}


def _gate(feeds: Mapping[str, Any]) -> dict[str, Any]:
    """Feed verdicts worst first, counts by answer, and what was refused as a whole."""
    severity = list(ANSWERS)
    counts = Counter(feed["answer"] for feed in feeds["feeds"])
    flawed = [feed for feed in feeds["feeds"] if feed["answer"] != "A"]
    flawed.sort(key=lambda feed: severity.index(feed["answer"]))
    return {
        "counts": [(letter, counts[letter]) for letter in severity if counts[letter]],
        "rejected": counts["R"],
        "flawed": flawed[:_LONGEST_LIST],
        "unlisted": len(flawed[_LONGEST_LIST:]),
        "tables": [gone for gone in feeds["excluded"] if not gone["series"]],
        "books": [book for book in feeds["books"] if book["answer"] == "R"],
    }


def _reach(window: CrisisWindow) -> str:
    return f"{window.first} to {window.last}"


def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "decimal": wording.decimal,
        "signed": wording.signed,
        "percent": wording.percent,
        "signed_percent": wording.signed_percent,
        "level": wording.level,
        "p_value": wording.p_value,
        "day": wording.day,
        "title": model_title,
        "test": wording.test_title,
        "answer": ANSWERS.__getitem__,
        "reach": _reach,
    }
    return environment.get_template("report.html.j2")
