"""The report of a run: one HTML page, verdict first, that a risk officer can read and print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from flows import report_sections as sections
from flows import wording
from flows.ablating.page import section_of
from flows.settings import BAR, CLAIM, LEARNED, LEGACY
from flows.templates import template
from flows.wording import ANSWERS, model_title
from validation.crises import ALL, CATALOGUE, CrisisWindow
from validation.gates import reason_of, title_of_gate

if TYPE_CHECKING:
    from jinja2 import Template

_TELLING_T = 2.0
"""HAC t from which on a difference is called one in words."""


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
    groups = sections.by_key(evidence["groups"])
    if portfolio is None:
        portfolio = next((name for name, *_ in groups), None)
    compared = sections.versus_bar(evidence).get((None, model, alpha, ALL))
    parts = [_compared_with_bar(compared, model, alpha)]
    for crisis in CATALOGUE:
        ours = groups.get((portfolio, model, alpha, crisis.name))
        if ours is not None:
            legacy = groups.get((portfolio, LEGACY, alpha, crisis.name))
            count = ours["exceedances"]
            noun = "exceedance" if count == 1 else "exceedances"
            parts.append(f"{crisis.title}, {portfolio}: {count} {noun} in {ours['n']}{_zone(ours)}")
            parts += [f"legacy: {legacy['exceedances']}{_zone(legacy)}"] if legacy else []
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
    gates: Sequence[Mapping[str, Any]] = (),
    ablation: Mapping[str, Any] | None = None,
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
        ``configurations_seen`` (how many were judged on the years this report judges),
        ``banner`` (optional: what stands above the page).
    shadow : mapping
        As `flows.shadow.shadow` returns it.
    drift : mapping
        As `flows.monitor.drift` returns it.
    gates : sequence of mapping
        ``name``, ``passed``, ``value``, ``threshold`` of each; shown where there are any.
    ablation : mapping, optional
        Of the same request, as `flows.ablating.ablate.ablate` returns it; where there is none the
        page says so.

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
    books = sections.forecast_books(shortest, feeds)
    book = sections.speaking_portfolio(evidence, books)
    crises = sections.crisis_rows(evidence, models=models, alpha=alpha, books=(book, *books))
    for crisis in crises:
        crisis["picture"] = crisis_picture(
            shortest,
            first=pd.Timestamp(crisis["window"].first),
            last=pd.Timestamp(crisis["window"].last),
            portfolio=crisis["book"],
            alpha=alpha,
            legacy=(LEGACY, model_title(LEGACY)),
            model=(model, model_title(model)),
        )
    return _template().render(
        evidence=evidence,
        feeds=feeds,
        lineage=lineage,
        verdict=verdict_sentence(evidence, portfolio=book),
        alpha=alpha,
        alphas=sorted({float(entry["alpha"]) for entry in evidence["pooled"]}),
        legacy=LEGACY,
        bar=BAR,
        model=model,
        models=models,
        book=book,
        crises=crises,
        upcoming=sections.next_session(shortest, books, models=models, alpha=alpha),
        headline=sections.against_bar(evidence),
        by_crisis=sections.in_each_crisis(evidence, model=model),
        by_class=sections.by_class(evidence, model=model),
        accuracy=sections.accuracy_rows(evidence["tail_accuracy"]),
        examined=sections.outcome_rows(evidence, models=models, alpha=alpha, portfolio=book),
        answers=sections.gate_answers(feeds),
        gates=gates,
        ablation=None if ablation is None else section_of(ablation),
        shadow=sections.shadow_rows(shadow, books, alpha=alpha),
        drift=sections.drift_rows(drift),
        uncovered=[crisis for crisis in CATALOGUE if crisis.name in evidence["not_covered"]],
        partly=[crisis for crisis in evidence.get("crises", ()) if crisis["covered"] == "part"],
        first=shortest["target"].min(),
        last=shortest.loc[shortest["pnl"].notna(), "target"].max(),
        rows=len(shortest),
        unrealised=int(shortest["pnl"].isna().sum()),
        series=shortest["portfolio"].nunique(),
    )


def _compared_with_bar(found: Mapping[str, Any] | None, model: str, alpha: float) -> str:
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


def _zone(entry: Mapping[str, Any]) -> str:
    return f", {entry['zone']}" if entry["zone"] else ""


def _reach(window: CrisisWindow) -> str:
    return f"{window.first} to {window.last}"


def _template() -> Template:
    return template(
        "report.html.j2",
        filters={
            "decimal": wording.decimal,
            "signed": wording.signed,
            "percent": wording.percent,
            "signed_percent": wording.signed_percent,
            "level": wording.level,
            "p_value": wording.p_value,
            "day": wording.day,
            "title": model_title,
            "test": wording.title_of_test,
            "answer": ANSWERS.__getitem__,
            "gate": title_of_gate,
            "reason": reason_of,
            "reach": _reach,
        },
    )
