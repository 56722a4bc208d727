"""The `ablation` command: every row trained from every seed, judged, and put into one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.panel import Panel
from flows.ablating.figures import SCHEMA, Judged, table_of
from flows.ablating.kept import NUMBERS, PAGE, ablation_directory, ablation_key
from flows.ablating.variants import ALONE, Asked, Variant, seeded, variants_of
from flows.ablating.zero_shot import zero_shot
from flows.backtest import Statistical, candidates_of, learned_settings
from flows.outputs import json_bytes, publish, staging, write_whole
from flows.plan import Plan
from flows.processes import processes, release
from flows.provenance import Provenance, provenance
from flows.refusal import RefusedError
from flows.settings import BAR, Settings, canonical_digest, refuse_longer
from flows.steps import Steps, ingested, prepared, record_of
from flows.table import assemble, block
from flows.terminal import Step
from flows.tracking import complete, register
from flows.train import baselines
from flows.units import UnitStore
from models.base import TailForecast
from validation.crises import not_covered
from validation.forecasts import check_forecasts
from validation.head_to_head import comparisons
from validation.panels import judged_panels

if TYPE_CHECKING:
    from flows.ingest import Ingested
    from models.tail.walk_forward import LearnedSettings

Forecasts = Mapping[str, Mapping[str, TailForecast]]


def ablate(
    settings: Settings, asked: Asked, *, root: Path, steps: Steps, out: Path | None = None
) -> dict[str, Any]:
    """Train and judge the rows of the table; what a killed ablation has finished is found again.

    Flags of the desk teach nothing here. Every row and seed is logged as a configuration that has
    seen the years it was judged on.

    Parameters
    ----------
    settings : Settings
        Market, dates, levels and the first seed; its models are those of ``asked``.
    asked : Asked
    root : Path
        State root; the table is kept there for the reports of versions of the same request.
    steps : Steps
    out : Path, optional
        Directory for a copy.

    Returns
    -------
    dict
        Of schema ``foreshock.ablation/1``, see `flows.ablating.figures.table_of` for its ``rows``.

    Raises
    ------
    RefusedError
        If something asked for is not there, or the market is too short to learn from.
    """
    refuse_longer(settings, job="ablation")
    found = ingested(steps, settings, root)
    settings = settings.model_copy(update={"models": (BAR, *asked.models)})
    plan, panel = prepared(steps, found, settings)
    if panel is None:
        raise RefusedError("models: an ablation needs a learned one. Leave --models out.")
    variants = variants_of(learned_settings(settings), asked, panel)
    seeds = range(settings.seed, settings.seed + asked.seeds)
    with UnitStore(root / "units.db") as units:
        statistical = baselines(steps, plan, settings, units)
        judged = list(_judged(steps, plan, panel, settings, asked, variants, statistical, units))
    made = provenance()
    key = ablation_key(settings, found.market, plan)
    told = {
        "schema": SCHEMA,
        "key": key,
        "as_of": f"{found.market.as_of:%Y-%m-%d}",
        "snapshot": found.market.snapshot,
        "revision": made.revision,
        "dirty": made.dirty,
        "baseline": BAR,
        "claim": asked.claim,
        "ran": {
            "start": f"{plan.start:%Y-%m-%d}",
            "end": f"{plan.end:%Y-%m-%d}",
            "series": len(plan.judged),
            "alphas": list(settings.alphas),
            "seeds": list(seeds),
            "years_served": asked.every,
            "rows": list(dict.fromkeys(one.variant for one in judged)),
            "runs": len({one.settings for one in variants}) * asked.seeds,
        },
        "not_ran": _not_ran(asked, variants),
        "not_covered": not_covered(_targets(plan)),
        "rows": table_of(judged),
    }
    steps("log", lambda step: _logged(step, judged, found, plan, settings, asked, made, root))
    where = _written(told, root, out)
    return told | {"page": str(where / PAGE), "numbers": str(where / NUMBERS)}


def _judged(
    steps: Steps,
    plan: Plan,
    panel: Panel,
    settings: Settings,
    asked: Asked,
    variants: Sequence[Variant],
    statistical: Statistical,
    units: UnitStore,
) -> Iterator[Judged]:
    """Every row from every seed; the default of a seed is what its other rows are held against."""
    from models.tail.walk_forward import Refits, forecast_learned

    candidates = candidates_of(plan, settings, statistical)
    classes = {history.name: history.asset_class for history in plan.judged}
    bars: Forecasts = {name: {BAR: base[BAR]} for name, base in statistical.base.items()}
    bar = forecasts_of(plan, settings, bars, BAR, BAR)

    def trained(step: Step, one: LearnedSettings, seed: int) -> Forecasts:
        before = len(units)
        try:
            learned = forecast_learned(
                candidates,
                panel,
                alphas=settings.alphas,
                first_year=plan.start.year,
                models=asked.models,
                settings=seeded(one, seed),
                store=units,
                jobs=processes(len(candidates), worth=8),
                on_fit=step.advance,
                on_trained=release,
                unfinished=units.path.parent / "unfinished",
                refits=Refits(every=asked.every, last=False),
            )
        except ValueError as error:
            raise RefusedError(f"models: {error}") from error
        step.summary = f"{len(units) - before} new heads"
        return learned.forecasts

    for seed in range(settings.seed, settings.seed + asked.seeds):
        default = pd.DataFrame()
        for one, rows in groupby(variants, key=lambda variant: variant.settings):
            same = list(rows)
            title = f"seed {seed}: {', '.join(variant.name for variant in same)}"
            said = steps(title, lambda step, one=one, seed=seed: trained(step, one, seed))
            tables = [forecasts_of(plan, settings, said, x.model, x.name) for x in same]
            if default.empty:
                names = [variant.name for variant in same]
                default = tables[names.index(asked.claim)]
            for variant, table in zip(same, tables, strict=True):
                records = compared(
                    bar, default, table, claim=asked.claim, name=variant.name, classes=classes
                )
                yield Judged(variant.name, variant.group, seed, records)
        if seed == settings.seed and asked.foundation is not None:
            yield _zero_shot(steps, plan, settings, asked, asked.foundation, bar, default, units)


def _zero_shot(
    steps: Steps,
    plan: Plan,
    settings: Settings,
    asked: Asked,
    directory: Path,
    bar: pd.DataFrame,
    default: pd.DataFrame,
    units: UnitStore,
) -> Judged:
    """The row of a foundation model; it has no seed."""
    name = f"zero-shot {directory.name}"
    said = steps(
        name,
        lambda step: zero_shot(step, directory, plan.judged, alphas=settings.alphas, units=units),
    )
    forecasts: Forecasts = {series: {BAR: one} for series, one in said.items()}
    table = forecasts_of(plan, settings, forecasts, BAR, name)
    classes = {history.name: history.asset_class for history in plan.judged}
    records = compared(bar, default, table, claim=asked.claim, name=name, classes=classes)
    return Judged(name, ALONE, settings.seed, records)


def compared(
    bar: pd.DataFrame,
    default: pd.DataFrame,
    table: pd.DataFrame,
    *,
    claim: str,
    name: str,
    classes: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The examiner's records of one row against the bar, and against the default of its seed."""
    others = [] if name == claim else [default]
    checked = check_forecasts(pd.concat([bar, *others, table], ignore_index=True))
    last = checked.loc[checked["pnl"].notna(), "target"].max().to_datetime64()
    panels = judged_panels(checked, as_of=last)
    return [
        record
        for baseline in (BAR, *([claim] if others else []))
        for record in comparisons(panels, baseline=baseline, asset_classes=classes, seed=0, draws=0)
        if record["model"] == name
    ]


def forecasts_of(
    plan: Plan, settings: Settings, forecasts: Forecasts, model: str, name: str
) -> pd.DataFrame:
    """Forecast table of one model, under the name of its row."""
    blocks = [
        block(
            history,
            model,
            forecasts[history.name][model],
            alphas=settings.alphas,
            start=plan.start,
            end=plan.end,
            upcoming=plan.upcoming.get(history.name),
        )
        for history in plan.judged
        if history.name in forecasts
    ]
    return assemble(blocks, alphas=settings.alphas).assign(model=name)


def _targets(plan: Plan) -> pd.DatetimeIndex:
    """Dates that any series was judged on: those after an origin that was wanted."""
    days = pd.DatetimeIndex(sorted({day for one in plan.judged for day in one.dates}))
    return days[(days > plan.start) & (days <= plan.end + pd.Timedelta(days=4))]


def _not_ran(asked: Asked, variants: Sequence[Variant]) -> list[str]:
    """What a whole ablation has and this one has not, in words."""
    whole = Asked()
    left = [f"{name} was not asked for" for name in whole.models if name not in asked.models]
    left += ["combinations need combined"] if asked.claim != whole.claim else []
    left += ["only the modalities asked for were taken away"] if asked.without is not None else []
    left += ["one seed shows no spread over seeds"] if asked.seeds == 1 else []
    left += [f"heads serve {asked.every} years, the default's one"] if asked.every > 1 else []
    if asked.foundation is None:
        left += ["no zero-shot foundation model: its weights are given by --foundation"]
    if all(variant.name != "calibrated by class and regime" for variant in variants):
        left += ["no row is calibrated by regime"]
    return left


def _logged(
    step: Step,
    judged: Sequence[Judged],
    found: Ingested,
    plan: Plan,
    settings: Settings,
    asked: Asked,
    made: Provenance,
    root: Path,
) -> None:
    """One run of the experiment for each row and seed: each has seen the years it was judged on."""
    for one in judged:
        metrics = {
            f"relative_{record['alpha']:g}": record["relative"]
            for record in one.records
            if record["window"] == "all"
            and record["baseline"] == BAR
            and record["relative"] is not None
        }
        record = record_of(found, plan, settings, made, root, model="ablation", metrics=metrics)
        about = {"row": one.variant, "seed": one.seed, "years_served": asked.every}
        digest = canonical_digest([settings.digest, about])
        with staging(root / "runs") as staged:
            write_whole(staged / "logged" / "row.json", json_bytes(about))
            with register(root, replace(record, settings_digest=digest)) as version:
                complete(root, version, staged / "logged")
    step.summary = f"{len(judged)} configurations counted"


def _written(told: Mapping[str, Any], root: Path, out: Path | None) -> Path:
    """Write the table and its page where reports look, and where it was asked for."""
    from flows.ablating.page import page_of

    where = ablation_directory(root, str(told["key"]))
    page = page_of(told).encode()
    for directory in (where, *([out.absolute()] if out is not None else [])):
        with staging(directory.parent) as staged:
            write_whole(staged / "files" / NUMBERS, json_bytes(told))
            write_whole(staged / "files" / PAGE, page)
            publish(staged / "files", directory)
    return where if out is None else out.absolute()
